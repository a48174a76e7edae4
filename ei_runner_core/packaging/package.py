"""From a model to a wheel that installs it."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from ..contract import ModelSource
from ..errors import EdgeImpulseError, InvalidInputError, UnsupportedModelError
from ..impulse import Impulse
from ..locate import locate
from .completeness import check_it_opens
from .identity import Identity, identify
from .project import check_files, write_project
from .wheel import build_wheel

__all__ = ["package_model"]


def package_model(
    model: str | os.PathLike[str],
    name: str,
    *,
    version: str = "1.0",
    backend: str | None = None,
    folder: str | os.PathLike[str] = ".",
    force: bool = False,
) -> Path:
    """Make a wheel of a model. Where it is installed, ``EdgeImpulseModel(name)`` opens the model.

    Only ``impulse.json`` and the files that it names go in. The same model gives the same bytes.
    Where a backend for it is installed, the copy is opened to see that nothing is missing.

    Args:
        model: path of a bundle (folder or zip) or a network file.
        name: of the model and of the distribution that brings it.
        version: of the distribution.
        backend: the backend of ei-runner that shall be installed with it; ``None`` leaves the
            choice to whoever installs it.
        folder: where the wheel goes; it is made if it is not there.
        force: whether a wheel of that name and version may be replaced.

    Returns:
        The path of the wheel.

    Raises:
        ModelNotFoundError: there is no model, or a file of it is missing.
        ModelFormatError: the model is damaged.
        UnsupportedModelError: it is of a kind that cannot be packaged, or needs more files than its
            networks.
        InvalidInputError: the name, the version or the backend cannot be used, the wheel is there
            already, or it cannot be written.
        BuildError: the wheel could not be built.
        DeadlineError: building it took too long.
    """
    identity = identify(name, version, backend)
    source = locate(model)
    impulse = _impulse_of(source)
    try:
        check_files(source, impulse)
        target = Path(folder, identity.wheel_name)
        if os.path.lexists(target) and not force:
            raise InvalidInputError(
                f"{target} is there already; choose another version, or replace it with force "
                "(--force)"
            )
        _write(target, source, impulse, identity)
    except (OSError, ValueError) as error:  # a full disk, a NUL byte in the name of the folder
        if isinstance(error, EdgeImpulseError):
            raise
        raise InvalidInputError(f"cannot write the wheel into {folder}: {error}") from error
    return target


def _impulse_of(source: ModelSource) -> Impulse:
    if source.impulse is None:
        raise UnsupportedModelError(
            f"{source.path} is of the kind {source.kind!r}, which cannot be packaged; expected a "
            "bundle (a folder or zip with impulse.json) or a network file"
        )
    return source.impulse


def _write(target: Path, source: ModelSource, impulse: Impulse, identity: Identity) -> None:
    """Build beside the target, so that it appears whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent, prefix=".ei-runner-") as scratch:
        project = Path(scratch, "project")
        write_project(project, source, impulse, identity)
        check_it_opens(project / identity.package, source.path)
        build_wheel(project, Path(scratch, "dist")).replace(target)
