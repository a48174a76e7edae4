"""Print the jobs of the workflow, taken from tox, as the JSON that GitHub's matrix reads.

Each environment of tox's default list is one job. A factor such as ``py312`` names its Python; an
environment without one runs on ``DEFAULT_PYTHON``.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys

DEFAULT_PYTHON = "3.12"


def jobs(environments: list[str]) -> list[dict[str, str]]:
    """One job for each environment: its name and the Python to set up."""
    return [{"env": name, "python": _python(name)} for name in environments]


def _python(environment: str) -> str:
    factor = re.match(r"py3(\d+)(-|$)", environment)
    return f"3.{factor[1]}" if factor else DEFAULT_PYTHON


def _default_environments() -> list[str]:
    command = [sys.executable, "-m", "tox", "list", "--no-desc", "-q"]
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
    return listing.split()


if __name__ == "__main__":
    names = _default_environments()
    if not names:
        sys.exit("tox lists no environment: is tox.ini in the working directory?")
    print(json.dumps(jobs(names)))  # noqa: T201
