"""From a project in a folder to a wheel."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from .._text import one_line
from ..errors import BuildError, DeadlineError

__all__ = ["build_wheel"]

DEADLINE_SECONDS = 600.0
# One time for all files, so that the same model gives the same bytes; zips know no earlier one.
FIRST_DAY_OF_ZIP = "315532800"
_CALL = "import sys; from flit_core.buildapi import build_wheel; build_wheel(sys.argv[1])"


def build_wheel(project: Path, folder: Path) -> Path:
    """Build the wheel of a project, in a process of its own as build tools want it.

    Raises:
        BuildError: the build failed.
        DeadlineError: it did not end in time.
    """
    folder.mkdir()
    try:
        run = subprocess.run(  # noqa: S603 - this Python, and nothing of a user in the command
            [sys.executable, "-c", _CALL, str(folder.absolute())],
            cwd=project,
            env=os.environ | {"SOURCE_DATE_EPOCH": FIRST_DAY_OF_ZIP},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=DEADLINE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DeadlineError(
            f"the wheel was not built within {DEADLINE_SECONDS:.0f} s; try again on a machine "
            "with less to do"
        ) from None
    if run.returncode:
        lines = run.stderr.decode(errors="replace").strip().splitlines() or ["no reason was given"]
        raise BuildError(
            f"the wheel could not be built: {one_line(lines[-1])}; flit_core builds it, see that "
            "it is sound with: pip install -U flit-core"
        )
    (wheel,) = folder.glob("*.whl")
    wheel.chmod(0o644)  # before version 4 flit_core lets nobody else read it
    return wheel
