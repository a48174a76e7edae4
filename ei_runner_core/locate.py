"""Where a model comes from, and what kind of thing it is.

An explicit path wins over ``EI_MODEL``, which wins over the project in Studio that
``EI_PROJECT_ID`` and ``EI_API_KEY`` name, which wins over the folder ``model`` in the working
directory. In place of a path the first two take the name of a model that is installed as a package.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ._libraries import LIBRARY_SUFFIXES, library_source
from ._network_formats import NETWORK_FORMATS
from .contract import ModelSource, Network
from .errors import (
    EdgeImpulseError,
    InvalidInputError,
    ModelFormatError,
    ModelNotFoundError,
)

if TYPE_CHECKING:
    import zipfile

__all__ = ["is_in_studio", "locate", "network_source"]
MODEL_VARIABLE = "EI_MODEL"
STUDIO_VARIABLES = ("EI_PROJECT_ID", "EI_API_KEY")
DROP_ZONE = Path("model")
_BUNDLE_MARK = "impulse.json"
_EXPORT_MARK = "model_metadata.h"
_EXECUTABLE_MAGIC = (
    b"\x7fELF",
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
)
_NETWORK_BLOCK_ID = 1
_ACCEPTED = (
    "a bundle (a folder or zip with impulse.json), a C++ library export, a built library (.so or "
    ".dylib), an .eim file or a network such as a .tflite file"
)


def locate(
    source: str | os.PathLike[str] | ModelSource | None = None, backend: str | None = None
) -> ModelSource:
    """Find a model and tell what it is.

    Args:
        source: a path, or (as a ``str``) the name of an installed model; a path that exists wins.
            ``None`` looks at ``EI_MODEL``, then asks Studio if ``EI_PROJECT_ID`` and
            ``EI_API_KEY`` (or a login) are there, then looks into ``./model``. What was found
            already is given back.
        backend: the backend that shall run it, if one is asked for: Studio builds what it opens.

    Raises:
        ModelNotFoundError: there is nothing at the path, or no model anywhere.
        ModelFormatError: what is there is not a model, or is damaged.
        PluginError: several distributions bring a model of that name.
        EdgeImpulseError: as of :func:`ei_runner_core.studio.download`, where Studio is asked.
    """
    if isinstance(source, ModelSource):
        return source
    if source is None:
        from_environment = os.environ.get(MODEL_VARIABLE)
        if from_environment:
            return _locate(lambda o: _find(from_environment, o), f" (from {MODEL_VARIABLE})")
        if is_in_studio():
            return _locate(
                lambda origin: _identify(_from_studio(backend), origin), " (from Studio)"
            )
        return _locate(lambda origin: _identify(_drop_zone(), origin), " (from ./model)")
    return _locate(lambda origin: _find(source, origin), "")


def _locate(find: Callable[[str], ModelSource], origin: str) -> ModelSource:
    try:
        return find(origin)
    except EdgeImpulseError:
        raise
    except (OSError, ValueError, RuntimeError) as error:
        # too long, not searchable, a NUL byte, the home of an unknown user, a loop of links
        raise ModelNotFoundError(f"cannot read the model{origin}: {error}") from error


def _find(source: str | os.PathLike[str], origin: str) -> ModelSource:
    path = _path(source)
    if isinstance(source, str) and not os.path.lexists(path):
        from ._model_packages import is_model_name

        if is_model_name(source):
            return _find_installed(source, origin)
    return _identify(path, origin)


def _find_installed(name: str, origin: str) -> ModelSource:
    from ._model_packages import model_packages, only_package

    packages = model_packages()
    package = only_package(name, packages)
    if package is None:
        installed = ", ".join(dict.fromkeys(package.name for package in packages)) or "none"
        raise ModelNotFoundError(
            f"there is no model at {name}{origin}, and no installed model of that name (installed: "
            f"{installed}); expected {_ACCEPTED}"
        )
    try:
        return _locate(lambda origin: _identify(package.folder(), origin), "")
    except (ModelNotFoundError, ModelFormatError) as error:
        raise type(error)(
            f"the installed model {package.name!r} of {package.origin} is broken: {error}; "
            "reinstall it, or ask who made it"
        ) from error


def _path(source: str | os.PathLike[str]) -> Path:
    try:
        path = Path(source)
    except TypeError:
        raise InvalidInputError(
            f"a model is named by a path, got {type(source).__name__}; pass a str or a Path"
        ) from None
    return path.expanduser()


def is_in_studio() -> bool:
    """Whether the model that is used when none is named is that of a project in Studio."""
    if os.environ.get(MODEL_VARIABLE):
        return False
    project, key = map(_variable, STUDIO_VARIABLES)
    if not project or key:
        return bool(project)
    from .studio.environment import is_logged_in

    return is_logged_in()


def _variable(name: str) -> str:
    return os.environ.get(name, "").strip()


def _from_studio(backend: str | None) -> Path:
    from .studio.environment import download_named

    return download_named(backend)


def _drop_zone() -> Path:
    """The folder ``./model``, if there is a model in it; a project cannot be asked by now."""
    project = _variable(STUDIO_VARIABLES[0])
    if DROP_ZONE.is_dir() and _holds_model(DROP_ZONE):
        if project:
            _warn_without_key(project)
        return DROP_ZONE
    if project:
        raise ModelNotFoundError(_without_key(project))
    from .studio.environment import can_log_in

    in_studio = (
        f"set {STUDIO_VARIABLES[0]} to use your login for Studio (or: ei-runner download)"
        if can_log_in()
        else f"set {' and '.join(STUDIO_VARIABLES)}"
    )
    raise ModelNotFoundError(
        f"no model was given: pass a path (-m on the command line), set {MODEL_VARIABLE}, "
        f"{in_studio}, or put an exported model into ./model; to see a model at work: "
        "ei-runner demo"
    )


def _without_key(project: str) -> str:
    return (
        f"{STUDIO_VARIABLES[0]} is {project[:80]!r}, but there is no API key: set "
        f"{STUDIO_VARIABLES[1]} or run ei-runner login"
    )


@cache
def _warn_without_key(project: str) -> None:
    """Say once a process that it is not the model of the project which runs."""
    import logging

    text = "%s; the model in ./%s is used instead"
    logging.getLogger(__name__).warning(text, _without_key(project), DROP_ZONE)


def _holds_model(folder: Path) -> bool:
    return _is_model_folder(folder) or any(_models_in(folder)) or any(_libraries_in(folder))


def _only_model_in(folder: Path, origin: str) -> Path:
    """The one model that lies in a folder which is none itself."""
    found = sorted(_models_in(folder)) or sorted(_libraries_in(folder))
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(path.name for path in found)
        raise ModelNotFoundError(
            f"the folder {folder}{origin} holds {len(found)} models ({names}); name one of them"
        )
    raise ModelFormatError(
        f"the folder {folder}{origin} holds neither {_BUNDLE_MARK} nor model-parameters/"
        f"{_EXPORT_MARK}, nor one model; expected {_ACCEPTED}"
    )


def _models_in(folder: Path) -> Iterable[Path]:
    for path in folder.iterdir():
        if _is_model_folder(path) or path.suffix.lower() in (".zip", ".eim", *NETWORK_FORMATS):
            yield path


def _libraries_in(folder: Path) -> Iterable[Path]:
    """Built libraries count where there is no other model, which may need libraries itself.

    What a built library needs is called ``lib...`` and may lie beside it.
    """
    found = [path for path in folder.iterdir() if path.suffix.lower() in LIBRARY_SUFFIXES]
    return [path for path in found if not path.name.startswith("lib")] or found


def _is_model_folder(path: Path) -> bool:
    return (path / _BUNDLE_MARK).is_file() or any(
        (path / folder / "model-parameters" / _EXPORT_MARK).is_file() for folder in ("", "src")
    )


def _identify(path: Path, origin: str) -> ModelSource:
    if path.name == _BUNDLE_MARK and path.is_file():
        path = path.parent
    if path.is_dir():
        return _identify_folder(path, origin)
    if path.is_socket():
        return ModelSource(path, "eim")  # of an .eim that runs already
    head = _first_bytes(path, origin)
    if not head:
        raise ModelFormatError(f"the model {path}{origin} is an empty file")
    return _identify_file(path, head)


def _first_bytes(path: Path, origin: str) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # reading a pipe or a device may never end
            raise ModelFormatError(f"{path}{origin} is not a regular file; expected {_ACCEPTED}")
        with path.open("rb") as file:
            return file.read(8)
    except FileNotFoundError:
        raise ModelNotFoundError(
            f"there is no model at {path}{origin}; expected {_ACCEPTED}"
        ) from None


def _identify_folder(path: Path, origin: str) -> ModelSource:
    if (path / _BUNDLE_MARK).is_file():
        return _read_bundle(path)
    if _is_model_folder(path):
        return ModelSource(path, "cpp-export")
    return _identify(_only_model_in(path, origin), origin)


def _identify_file(path: Path, head: bytes) -> ModelSource:
    if path.suffix.lower() in LIBRARY_SUFFIXES:
        return library_source(path)
    if path.suffix.lower() == ".eim" or head.startswith(_EXECUTABLE_MAGIC):
        return ModelSource(path, "eim")
    # other suffixes keep their meaning: the files of some network formats are zips themselves
    if path.suffix.lower() == ".zip" or (not path.suffix and head.startswith(b"PK")):
        return _identify_archive(path)
    if not path.suffix:
        raise ModelFormatError(f"cannot tell what {path} is; expected {_ACCEPTED}")
    return network_source(Network(str(path), path.suffix.lower(), path=path))


def _identify_archive(path: Path) -> ModelSource:
    from ._archives import open_archive

    with open_archive(path) as archive:
        if _is_export(archive):
            return ModelSource(path, "cpp-export")
    return _read_bundle(path)


def _read_bundle(path: Path) -> ModelSource:
    from .impulse import read_bundle

    return read_bundle(path)


def _is_export(archive: zipfile.ZipFile) -> bool:
    names = archive.namelist()
    return _BUNDLE_MARK not in names and any(
        name.endswith(f"model-parameters/{_EXPORT_MARK}") for name in names
    )


def network_source(network: Network) -> ModelSource:
    """A network without an impulse: a freeform model with one learn block."""
    path = network.path or Path(network.name)
    from .impulse import FreeformInput, Impulse, NetworkBlock

    block = NetworkBlock(id=_NETWORK_BLOCK_ID, files=(path.name,))
    impulse = Impulse(name=path.stem, input=FreeformInput(), learn=(block,))
    return ModelSource(path, "network", impulse, {block.id: (network,)})
