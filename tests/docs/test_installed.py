"""What importing the package costs, and that the tests see what users get."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {
    "PIL", "ai_edge_litert", "click", "flit_core", "msgspec", "numpy", "onnxruntime", "packaging",
    "pluggy", "pytest", "requests", "rich", "scipy", "tflite_runtime", "tree_sitter",
    "tree_sitter_cpp",
}  # fmt: skip


def loaded_by(statement: str) -> set[str]:
    code = f"{statement}; import json, sys; print(json.dumps([*sys.modules]))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    return {name.partition(".")[0] for name in json.loads(run.stdout)}


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert not loaded_by("import ei_runner_core") & HEAVY


def test_importing_the_model_loads_no_numpy_and_no_engine() -> None:
    assert not loaded_by("from ei_runner_core import EdgeImpulseModel") & (HEAVY - {"msgspec"})


def test_looking_for_plugins_loads_no_engine() -> None:
    loaded = loaded_by("from ei_runner_core.plugins import registry; registry()")
    assert not loaded & {"ai_edge_litert", "tflite_runtime", "onnxruntime", "requests"}


@pytest.mark.skipif("TOX_ENV_NAME" not in os.environ, reason="only tox installs from wheels")
def test_the_distributions_were_installed_from_wheels() -> None:
    installed = [
        distribution
        for distribution in importlib.metadata.distributions()
        if (distribution.name or "").startswith("ei-runner")
    ]
    assert installed
    for distribution in installed:
        origin = json.loads(distribution.read_text("direct_url.json") or "{}")
        assert not origin.get("dir_info", {}).get("editable"), distribution.name
        for file in distribution.files or ():
            assert ROOT / "ei_runner_core" not in Path(str(file.locate())).resolve().parents


@pytest.mark.skipif(
    "TOX_ENV_NAME" not in os.environ or sys.version_info < (3, 11),
    reason="only tox installs from wheels, and Python 3.10 knows no safe path",
)
def test_the_tests_import_what_was_installed() -> None:
    import ei_runner_core

    assert Path(ei_runner_core.__file__).is_relative_to(sys.prefix)
