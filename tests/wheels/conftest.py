"""The tests of the files that are released, which take minutes and download engines.

They run only where that is asked for: in the tox environment ``wheels``, or with
``EI_RUNNER_DIST=FOLDER`` on what was built into a folder before.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from built_distributions import PROJECTS, python

FOLDER_VARIABLE = "EI_RUNNER_DIST"
WANTED = FOLDER_VARIABLE in os.environ or os.environ.get("TOX_ENV_NAME") == "wheels"


@pytest.fixture(scope="session", autouse=True)
def opt_in() -> None:
    """Skip everything here unless it was asked for."""
    if not WANTED:
        pytest.skip(f"run by tox run -e wheels, or with {FOLDER_VARIABLE}=FOLDER")


@pytest.fixture(scope="session")
def dist(opt_in: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the sdist and the wheel of every distribution."""
    if given := os.environ.get(FOLDER_VARIABLE):
        return Path(given).absolute()
    folder = tmp_path_factory.mktemp("dist")
    for project in PROJECTS:
        python("build", "--no-isolation", "--sdist", "--wheel", "--outdir", folder, project.folder,
               cwd=folder)  # fmt: skip
    return folder


@pytest.fixture(scope="session")
def index(opt_in: None, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skip where pip reaches no index, for what comes from others."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "hatchling"]
    folder = tmp_path_factory.mktemp("probe")
    probe = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    if probe.returncode:
        pytest.skip(f"pip reaches no index: {probe.stderr.strip().splitlines()[-1]}")
