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
from ei_runner_core.testing.cases import NetworkCase, golden_cases
from ei_runner_tvm.backend import TvmBackend
from ei_runner_tvm.session import TvmSession

settings.register_profile("ei_runner", deadline=None, derandomize=True, database=None)
settings.load_profile("ei_runner")

DEADLINE = 120.0

Opener = Callable[..., TvmSession]


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache for these tests alone: what they compile is compiled once for all of them."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("tvm_cache")
        patch.setenv("EI_RUNNER_CACHE", str(folder))
        patch.delenv("TVM_HOME", raising=False)
        yield folder


@pytest.fixture(scope="session")
def dense() -> NetworkCase:
    """A float network with one layer, and its right answers."""
    return next(case for case in golden_cases([".onnx"]) if case.name == "dense")


@pytest.fixture(scope="session")
def compiled(own_cache: Path, dense: NetworkCase) -> bytes:
    """That network, compiled for every machine of this kind."""
    return TvmBackend().compile(dense.network, {}).read()


@pytest.fixture
def compiled_path(compiled: bytes, tmp_path: Path) -> Path:
    """The compiled network in a file."""
    path = tmp_path / "dense.tvm"
    path.write_bytes(compiled)
    return path


@pytest.fixture
def open_compiled() -> Iterator[Opener]:
    """Opens the content of a compiled network, and closes it after the test."""
    opened: list[TvmSession] = []

    def opener(content: bytes, **options: Any) -> TvmSession:
        network = Network("network.tvm", ".tvm", content=content)
        opened.append(TvmBackend().open(network, options))
        return opened[-1]

    yield opener
    for session in opened:
        session.close()


@pytest.fixture
def run_script(tmp_path: Path) -> Callable[..., str]:
    """Runs Python code in a process of its own, and gives what it prints."""

    def runner(code: str, *arguments: object, **variables: str) -> str:
        paths = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        finished = subprocess.run(
            [sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
            env={**os.environ, **paths, **variables},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        assert finished.returncode == 0, f"exit {finished.returncode}: {finished.stderr[-2000:]}"
        return finished.stdout

    return runner
