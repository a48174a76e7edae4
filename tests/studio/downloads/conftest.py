from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from studio_exports import LIBRARY, PROGRAM

from ei_runner_core._http import Retries
from ei_runner_core.studio import downloading
from ei_runner_core.testing.studio import LocalProject, LocalStudio

KEY = "ei_" + "5ec2e7" * 10
VARIABLES = (
    "EI_API_KEY", "EI_BACKEND", "EI_ENGINE", "EI_HOST", "EI_MODEL", "EI_PROJECT_ID",
    "EI_RUNNER_DISABLE", "EI_RUNNER_OFFLINE", "EI_RUNNER_PLUGINS", "EDGE_IMPULSE_STUDIO_HOST",
    "USE_FULL_TFLITE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy",
    "all_proxy",
)  # fmt: skip


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalStudio]:
    """A local Studio that this process uses, with an empty cache and little patience."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EI_RUNNER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(downloading, "_RETRIES", Retries(base=0.01))
    monkeypatch.setattr(downloading, "_FEW_RETRIES", Retries(attempts=4, base=0.01))
    before = set(threading.enumerate())
    with LocalStudio() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server
    assert set(threading.enumerate()) <= before


@pytest.fixture(autouse=True, scope="module")
def nothing_leaks() -> Iterator[None]:
    """What was not closed warns, and warnings are errors."""
    yield
    gc.collect()


@pytest.fixture
def project(studio: LocalStudio, monkeypatch: pytest.MonkeyPatch) -> LocalProject:
    """A project with builds for all forms, which the environment names."""
    added = studio.add_project(api_key=KEY)
    added.builds["zip"] = LIBRARY
    added.builds["runner-linux-x86_64"] = PROGRAM
    monkeypatch.setenv("EI_PROJECT_ID", str(added.id))
    monkeypatch.setenv("EI_API_KEY", KEY)
    return added


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Where the models are kept."""
    return tmp_path / "cache" / "models"


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start Python code, or with a list the program, as a process; none is left behind."""
    started = []

    def run(code: str | list[str]) -> subprocess.Popen[str]:
        arguments = ["-c", code] if isinstance(code, str) else ["-m", "ei_runner_core", *code]
        process = subprocess.Popen(
            [sys.executable, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )  # fmt: skip
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()
