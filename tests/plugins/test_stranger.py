"""A third-party backend, installed by pip as a user would, next to broken plugins."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from dense_models import expected_scores, write_bundle
from fake_distributions import DENSE, add_distribution, backend_code

pytest.importorskip("hatchling", reason="pip needs the build backend of the stranger's project")

WINDOW = [0.5, -1.0, 2.0, 0.25, 0.0, -3.0]
HOOK = "from ei_runner_core import hookimpl\n@hookimpl\ndef {}(): {}"
BROKEN = {
    "fails-to-import": "import no_such_module_at_all",
    "misspelt-hook": HOOK.format("ei_runner_backend", "return []"),
    "raising-hook": HOOK.format("ei_runner_backends", "raise RuntimeError('no licence')"),
    "wrong-api": backend_code("wrong-api", [".dense"], api=99),
    "same-name": backend_code("twin", [".dense"]),
    "same-name-too": backend_code("twin", [".dense"]),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """Where pip installed the stranger's backend, and broken plugins beside it."""
    folder = tmp_path_factory.mktemp("stranger")
    source = shutil.copytree(DENSE, folder / "source")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--target", str(folder / "site"), str(source)]
    subprocess.run(command, check=True, timeout=300, stdin=subprocess.DEVNULL)
    for name, code in BROKEN.items():
        add_distribution(folder / "site", name, code)
    return folder / "site"


@pytest.fixture
def ei_runner(site):
    """Run the command line with the site on its path."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("EI_")}
    environment["PYTHONPATH"] = os.pathsep.join([str(site), *filter(None, sys.path)])

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ei_runner_core", *arguments],
            env=environment | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def rows(answer) -> list[dict]:
    document = json.loads(answer.stdout)
    return document if isinstance(document, list) else document["plugins"]


def test_the_stranger_is_found_with_its_version(ei_runner):
    answer = ei_runner("backends", "--json")
    assert answer.returncode == 0, answer.stderr
    [dense] = [r for r in rows(answer) if r["name"] == "dense" and r["kind"] == "backend"]
    assert dense["status"] == "ok"
    assert dense["distribution"] == "ei-runner-dense"
    assert dense["version"] == "0.3.1"


@pytest.mark.parametrize(
    ("name", "status", "reason"),
    [
        ("fails-to-import", "failed", "ModuleNotFoundError"),
        ("misspelt-hook", "failed", "there is no hook 'ei_runner_backend'"),
        ("raising-hook", "failed", "RuntimeError: no licence"),
        ("wrong-api", "incompatible", "version 99 of the plugin contract"),
        ("same-name", "conflict", "also offered by same-name-too"),
    ],
)
def test_each_broken_plugin_is_listed_with_its_reason(ei_runner, name, status, reason):
    found = [r for r in rows(ei_runner("backends", "--json")) if r["distribution"] == name]
    assert [(r["status"], reason in r["reason"]) for r in found] == [(status, True)]


def test_the_stranger_is_selected_and_runs(ei_runner, tmp_path):
    bundle = write_bundle(tmp_path / "bundle")
    features = ",".join(map(str, WINDOW))
    answer = ei_runner("run", "-m", str(bundle), "--features", features, "--json")
    assert answer.returncode == 0, answer.stderr
    line = json.loads(answer.stdout)
    assert line["backend"] == "dense"
    scores = list(line["result"]["classification"].values())
    np.testing.assert_allclose(scores, expected_scores(np.array(WINDOW)), rtol=1e-5)


def test_the_stranger_can_be_asked_for_by_name_or_blocked(ei_runner, tmp_path):
    bundle = write_bundle(tmp_path / "bundle")
    arguments = ["run", "-m", str(bundle), "--features", ",".join(map(str, WINDOW))]
    assert ei_runner(*arguments, "--backend", "dense").returncode == 0
    assert ei_runner(*arguments, EI_BACKEND="dense").returncode == 0
    blocked = ei_runner(*arguments, "--backend", "dense", EI_RUNNER_DISABLE="dense")
    assert blocked.returncode == 2
    assert "blocked by EI_RUNNER_DISABLE=dense" in blocked.stderr


def test_a_command_of_a_plugin_is_listed_and_runs(ei_runner):
    assert "dense-hello" in ei_runner("--help").stdout
    answer = ei_runner("dense-hello")
    assert (answer.returncode, answer.stdout) == (0, "hello from dense\n")
