"""Settings and helpers of the backend's tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from ei_runner_core import Network
from ei_runner_onnx.backend import OnnxBackend
from ei_runner_onnx.session import OnnxSession

settings.register_profile("ei_runner", deadline=None, derandomize=True, database=None)
settings.load_profile("ei_runner")

MODELS = Path(__file__).parent / "models"
DEADLINE = 120.0

Opener = Callable[..., OnnxSession]


@pytest.fixture
def model_bytes() -> Callable[[str], bytes]:
    """The content of one of the models beside the tests."""
    return lambda name: (MODELS / f"{name}.onnx").read_bytes()


@pytest.fixture
def model_path() -> Callable[[str], Path]:
    """Where one of the models beside the tests is."""
    return lambda name: MODELS / f"{name}.onnx"


@pytest.fixture
def open_network() -> Iterator[Opener]:
    """Opens a model by name, or from its content, and closes it after the test."""
    opened: list[OnnxSession] = []

    def opener(source: str | bytes, **options: Any) -> OnnxSession:
        if isinstance(source, bytes):
            network = Network("network.onnx", ".onnx", content=source)
        else:
            path = MODELS / f"{source}.onnx"
            network = Network(path.name, ".onnx", path=path)
        opened.append(OnnxBackend().open(network, options))
        return opened[-1]

    yield opener
    for session in opened:
        session.close()


@pytest.fixture
def run_script(tmp_path: Path) -> Callable[..., str]:
    """Runs Python code in a process of its own, and gives what it prints."""

    def runner(code: str, *arguments: object) -> str:
        finished = subprocess.run(
            [sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        assert finished.returncode == 0, f"exit {finished.returncode}: {finished.stderr[-2000:]}"
        return finished.stdout

    return runner
