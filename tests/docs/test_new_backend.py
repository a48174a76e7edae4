"""The skeleton of a backend plugin is the tutorial's package, and passes its tests."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fake_distributions import make_installed

SCRIPT = Path(__file__).parents[2] / "docs" / "new_backend.py"


@pytest.fixture(scope="module")
def new_backend():
    spec = importlib.util.spec_from_file_location("new_backend", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_skeleton_of_another_name_passes_its_tests(new_backend, tmp_path):
    project = new_backend.write_skeleton("my-engine2", tmp_path)
    make_installed(project)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("EI_")}
    environment["PYTHONPATH"] = os.pathsep.join([str(project), *filter(None, sys.path)])
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(project)]
    run = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert " failed" not in run.stdout
    assert int(run.stdout.rpartition(" passed")[0].split()[-1]) > 30


def test_nothing_of_the_tutorials_name_is_left(new_backend):
    text = "".join(f"{path}\n{content}" for path, content in new_backend.skeleton("my-engine"))
    words = text.replace("dense layer", "").lower()
    assert "dense" not in words


def test_under_the_tutorials_name_it_is_the_tutorials_package(new_backend):
    page = new_backend.TUTORIAL.read_text(encoding="utf-8")
    files = {str(path): content for path, content in new_backend.skeleton("dense")}
    assert len(files) == 5
    for path, content in files.items():
        assert not content or f"<!-- file: {path} -->" in page
        assert content in page


@pytest.mark.parametrize("name", ["", "Dense", "my engine", "../x", "3d", "a--b", "a_b", "-a"])
def test_a_name_that_no_plugin_can_have_is_refused(new_backend, name, tmp_path):
    with pytest.raises(SystemExit, match="is no name for a backend"):
        new_backend.write_skeleton(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten(new_backend, tmp_path):
    project = new_backend.write_skeleton("mine", tmp_path)
    (project / "pyproject.toml").write_text("changed")
    with pytest.raises(SystemExit, match="is there already"):
        new_backend.write_skeleton("mine", tmp_path)
    assert (project / "pyproject.toml").read_text() == "changed"
