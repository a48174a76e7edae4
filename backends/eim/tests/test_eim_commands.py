"""The command ``ei-runner eim``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ei_runner_core.demos import demo


@pytest.fixture
def cli(tmp_path, plain_environment):
    def run(*arguments: object) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "ei_runner_core", "eim", *map(str, arguments)],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    return run


def test_the_command_is_listed_with_its_parts(cli):
    code, out, _ = cli("--help")
    assert code == 0
    assert "serve" in out
    assert "package" in out


def test_a_target_is_needed(cli):
    for arguments in (["model"], ["model", "stdin", "--print-info"]):
        code, _, errors = cli("serve", *arguments)
        assert code == 2
        assert "give the path of a socket, stdin or --print-info" in errors


@pytest.mark.parametrize("option", ["num_threads", "=2"])
def test_an_option_needs_a_name_and_a_value(cli, option):
    code, _, errors = cli("serve", demo("digits").model(), "stdin", "-o", option)
    assert code == 2
    assert f"--option '{option}' is not KEY=VALUE, such as num_threads=2" in errors


def test_options_reach_the_backend(demo_path, cli):
    code, _, errors = cli("serve", demo_path("digits"), "--print-info", "-o", "nonsense=[1]")
    assert code == 2
    assert "has no option 'nonsense'" in errors


def test_an_impulse_is_chosen_of_exports_only(cli):
    code, _, errors = cli("serve", demo("digits").model(), "stdin", "--impulse", "2")
    assert code == 2
    assert "is no C++ export with several impulses: leave impulse=2 out" in errors


def test_a_model_that_is_not_there_is_one_line(cli):
    for arguments in (["serve", "nothing", "stdin"], ["package", "nothing", "-o", "a.eim"]):
        code, out, errors = cli(*arguments)
        assert code == 2
        assert "ei-runner: error: there is no model at nothing" in errors
        assert errors.count("\n") == 1
        assert len(out.splitlines()) <= 1  # the banner


def test_a_served_model_describes_itself(demo_path, cli):
    code, out, _ = cli("serve", demo_path("motion"), "--print-info", "--no-shared-memory")
    assert code == 0
    described = json.loads(out.partition("\n")[2])
    assert described["id"] == 1
    assert described["model_parameters"]["axis_count"] == 6
    assert described["features_shm_error"] == "shared memory is switched off"


def test_a_packaged_model_is_named(demo_path, cli, tmp_path):
    model = demo_path("digits")
    code, out, _ = cli("package", model, "-o", "out.eim", "--option", "num_threads=1")
    assert (code, out) == (0, "out.eim\n")
    code, _, errors = cli("package", model, "-o", "out.eim")
    assert code == 2
    assert "out.eim exists already" in errors
    assert cli("package", model, "-o", "out.eim", "--force")[0] == 0
    assert os.access(Path(tmp_path, "out.eim"), os.X_OK)
