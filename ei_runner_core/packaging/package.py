"""From a model to a wheel that installs it."""

from __future__ import annotations

import os
from pathlib import Path

from ..contract import ModelSource
from ..errors import UnsupportedModelError
from ..impulse import Impulse
from ..locate import locate
from .completeness import check_it_opens
from .identity import extra_requirement, identify
from .impulse_files import check_files, write_files
from .wheel import write_wheel

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
        backend: the backend of ei-runner that shall be installed with it (``"tvm-runtime"`` is tvm
            without its compiler); ``None`` leaves the choice to whoever installs it.
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
    identity = identify(name, version, [extra_requirement(backend)])
    source = locate(model)
    impulse = _impulse_of(source)

    def fill(package: Path) -> None:
        check_files(source, impulse)
        write_files(package, source, impulse)
        check_it_opens(package, source.path)

    title = impulse.name or impulse.project.name
    return write_wheel(identity, folder, title, fill, force=force)


def _impulse_of(source: ModelSource) -> Impulse:
    if source.impulse is None:
        hint = (
            "; make a wheel of it with: ei-runner build --wheel NAME"
            if source.kind in ("cpp-export", "library")
            else ""
        )
        raise UnsupportedModelError(
            f"{source.path} is of the kind {source.kind!r}, which cannot be packaged; expected a "
            f"bundle (a folder or zip with impulse.json) or a network file{hint}"
        )
    return source.impulse
