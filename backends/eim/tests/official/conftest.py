"""The official Python client, in an environment of its own.

The tests run only where that is asked for: in the tox environment ``official-client``, or with
``EI_RUNNER_OFFICIAL_CLIENT=PYTHON``, a Python that has the package.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

VARIABLE = "EI_RUNNER_OFFICIAL_CLIENT"
PACKAGE = "edge-impulse-linux==1.2.2"
NEEDS = "numpy"  # the runner alone; the package names libraries for audio and cameras too


@pytest.fixture(scope="session")
def client_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has the official client, and not ei-runner."""
    if given := os.environ.get(VARIABLE):
        return Path(given)
    if os.environ.get("TOX_ENV_NAME") != "official-client":
        pytest.skip(f"run by tox run -e official-client, or with {VARIABLE}=PYTHON")
    python = make_environment(tmp_path_factory.mktemp("client"))
    install(python, "--no-deps", PACKAGE)
    install(python, NEEDS)
    return python


def make_environment(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=300)
    return folder / "bin" / "python"


def install(python: Path, *what: str) -> None:
    command = [str(python), "-m", "pip", "install", "--quiet", *what]
    pip = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if pip.returncode == 0:
        return
    problem = f"{what[-1]} cannot be had: {(pip.stderr.strip().splitlines() or ['no reason'])[-1]}"
    if "network" in os.environ.get("EI_RUNNER_REQUIRE", "").split(","):
        pytest.fail(f"{problem}, and EI_RUNNER_REQUIRE names network", pytrace=False)
    pytest.skip(problem)
