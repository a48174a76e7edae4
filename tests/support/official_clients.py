"""Official clients of Edge Impulse, each in an environment of its own.

They run only where that is asked for: in the tox environment ``official-client``, or with a
variable that names a Python which has the client.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

__all__ = ["ask_client", "find_client"]


def find_client(variable: str, folder: Path, *packages: Sequence[str]) -> Path:
    """A Python that has the client: the one that the variable names, or a new one in the folder.

    Each of the ``packages`` is what one call of pip installs.
    """
    if given := os.environ.get(variable):
        return Path(given)
    if os.environ.get("TOX_ENV_NAME") != "official-client":
        pytest.skip(f"run by tox run -e official-client, or with {variable}=PYTHON")
    python = _make_environment(folder)
    for package in packages:
        _install(python, *package)
    return python


def ask_client(python: Path, script: Path, question: Any) -> Any:
    """What a script prints that gets a question; both are JSON."""
    variables = {name: value for name, value in os.environ.items() if name[:6] != "PYTHON"}
    client = subprocess.run(
        [python, "-W", "error", script],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        timeout=120,
        env=variables,
    )
    assert client.returncode == 0, client.stderr
    assert client.stderr == ""
    return json.loads(client.stdout)


def _make_environment(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=300)
    return folder / "bin" / "python"


def _install(python: Path, *what: str) -> None:
    command = [str(python), "-m", "pip", "install", "--quiet", *what]
    pip = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if pip.returncode == 0:
        return
    problem = f"{what[-1]} cannot be had: {(pip.stderr.strip().splitlines() or ['no reason'])[-1]}"
    if "network" in os.environ.get("EI_RUNNER_REQUIRE", "").split(","):
        pytest.fail(f"{problem}, and EI_RUNNER_REQUIRE names network", pytrace=False)
    pytest.skip(problem)
