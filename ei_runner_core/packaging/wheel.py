"""From a project in a folder to a wheel."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from .._text import one_line
from ..errors import BuildError, DeadlineError, EdgeImpulseError, InvalidInputError
from .identity import Identity
from .project import write_project

__all__ = ["write_wheel"]

DEADLINE_SECONDS = 600.0
# One time for all files, so that the same model gives the same bytes; zips know no earlier one.
FIRST_DAY_OF_ZIP = "315532800"
_BUILD = "import sys; from flit_core.buildapi import build_wheel; build_wheel(sys.argv[1])"


def write_wheel(
    identity: Identity,
    folder: str | os.PathLike[str],
    title: str,
    fill: Callable[[Path], None],
    *,
    force: bool = False,
) -> Path:
    """Write the wheel of a model. It appears whole or not at all.

    The same files give the same bytes.

    Args:
        identity: of the package. A wheel for one platform takes the distribution ``wheel``.
        folder: where the wheel goes; it is made if it is not there.
        title: what the model is called, for people.
        fill: writes the model into the folder of the package, which is given to it.
        force: whether a wheel of that name, version and platform may be replaced.

    Returns:
        The path of the wheel.

    Raises:
        InvalidInputError: the wheel is there already, or it cannot be written.
        BuildError: the wheel could not be built.
        DeadlineError: building it took too long.
    """
    try:
        target = Path(folder, identity.wheel_name)
        if os.path.lexists(target) and not force:
            raise InvalidInputError(
                f"{target} is there already; choose another version, or replace it with force "
                "(--force)"
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=target.parent, prefix=".ei-runner-") as scratch:
            project = Path(scratch, "project")
            write_project(project, identity, title, fill)
            _build(project, Path(scratch, "dist"), identity).replace(target)
    except (OSError, ValueError) as error:  # a full disk, a NUL byte in the name of the folder
        if isinstance(error, EdgeImpulseError):
            raise
        raise InvalidInputError(f"cannot write the wheel into {folder}: {error}") from error
    return target


def _build(project: Path, folder: Path, identity: Identity) -> Path:
    """Build the wheel of a project, in processes of their own as build tools want it."""
    folder.mkdir()
    _run(["-c", _BUILD, str(folder.absolute())], project, "flit_core", "flit-core")
    (wheel,) = folder.glob("*.whl")
    if identity.platform != "any":
        tag = ["-m", "wheel", "tags", "--platform-tag", identity.platform, "--remove"]
        _run([*tag, str(wheel.absolute())], project, "wheel", "wheel")
        (wheel,) = folder.glob("*.whl")
    wheel.chmod(0o644)  # before version 4 flit_core lets nobody else read it
    return wheel


def _run(arguments: list[str], project: Path, tool: str, distribution: str) -> None:
    try:
        run = subprocess.run(  # noqa: S603 - this Python, and nothing of a user in the command
            [sys.executable, *arguments],
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
            f"the wheel could not be built: {one_line(lines[-1])}; {tool} builds it, see that "
            f"it is sound with: pip install -U {distribution}"
        )
