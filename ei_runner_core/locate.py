"""Where a model comes from, and what kind of thing it is.

An explicit path wins over ``EI_MODEL``, which wins over the folder ``model`` in the working
directory.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable
from pathlib import Path

from .contract import ModelSource, Network
from .errors import ModelFormatError, ModelNotFoundError
from .impulse import FreeformInput, Impulse, NetworkBlock, read_bundle
from .impulse.bundle import IMPULSE_FILE, open_archive

__all__ = ["locate"]

MODEL_VARIABLE = "EI_MODEL"
DROP_ZONE = Path("model")
_EXPORT_MARK = "model_metadata.h"
_EXECUTABLE_MAGIC = (
    b"\x7fELF",
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
)
_NETWORK_BLOCK_ID = 1
_ACCEPTED = (
    "a bundle (a folder or zip with impulse.json), a C++ library export, an .eim file or a "
    "network such as a .tflite file"
)


def locate(source: str | os.PathLike[str] | None = None) -> ModelSource:
    """Find a model and tell what it is.

    Args:
        source: a path; ``None`` looks at ``EI_MODEL`` and then into ``./model``.

    Raises:
        ModelNotFoundError: there is nothing at the path, or no model anywhere.
        ModelFormatError: what is there is not a model, or is damaged.
    """
    if source is not None:
        return _identify(Path(source).expanduser(), "")
    if from_environment := os.environ.get(MODEL_VARIABLE):
        hint = f" (from {MODEL_VARIABLE})"
        return _identify(Path(from_environment).expanduser(), hint)
    return _identify(_drop_zone(), " (from ./model)")


def _drop_zone() -> Path:
    """The one model in ``./model``: the folder itself is one, or one lies in it."""
    if _is_model_folder(DROP_ZONE):
        return DROP_ZONE
    found = sorted(_models_in(DROP_ZONE)) if DROP_ZONE.is_dir() else []
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(path.name for path in found)
        raise ModelNotFoundError(
            f"./model holds {len(found)} models ({names}); name one of them, or leave only one"
        )
    raise ModelNotFoundError(
        f"no model was given: pass a path (-m on the command line), set {MODEL_VARIABLE}, or put "
        "an exported model into ./model; to see a model at work: ei-runner demo"
    )


def _models_in(folder: Path) -> Iterable[Path]:
    for path in folder.iterdir():
        if _is_model_folder(path) or path.suffix.lower() in (".zip", ".eim", ".tflite", ".onnx"):
            yield path


def _is_model_folder(path: Path) -> bool:
    return (path / IMPULSE_FILE).is_file() or any(
        (path / folder / "model-parameters" / _EXPORT_MARK).is_file() for folder in ("", "src")
    )


def _identify(path: Path, origin: str) -> ModelSource:
    if _is_folder(path):
        return _identify_folder(path, origin)
    head = _first_bytes(path, origin)
    if not head:
        raise ModelFormatError(f"the model {path}{origin} is an empty file")
    return _identify_file(path, head)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except ValueError:  # a NUL byte in the path
        return False


def _first_bytes(path: Path, origin: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(8)
    except FileNotFoundError:
        raise ModelNotFoundError(
            f"there is no model at {path}{origin}; expected {_ACCEPTED}"
        ) from None
    except (OSError, ValueError) as error:
        raise ModelNotFoundError(f"cannot read the model {path}{origin}: {error}") from error


def _identify_folder(path: Path, origin: str) -> ModelSource:
    if (path / IMPULSE_FILE).is_file():
        return read_bundle(path)
    if _is_model_folder(path):
        return ModelSource(path, "cpp-export")
    raise ModelFormatError(
        f"the folder {path}{origin} holds neither {IMPULSE_FILE} nor model-parameters/"
        f"{_EXPORT_MARK}; expected {_ACCEPTED}"
    )


def _identify_file(path: Path, head: bytes) -> ModelSource:
    if path.suffix.lower() == ".eim" or head.startswith(_EXECUTABLE_MAGIC):
        return ModelSource(path, "eim")
    # other suffixes keep their meaning: the files of some network formats are zips themselves
    if path.suffix.lower() == ".zip" or (not path.suffix and head.startswith(b"PK")):
        return _identify_archive(path)
    if not path.suffix:
        raise ModelFormatError(f"cannot tell what {path} is; expected {_ACCEPTED}")
    return _bare_network(path)


def _identify_archive(path: Path) -> ModelSource:
    with open_archive(path) as archive:
        if _is_export(archive):
            return ModelSource(path, "cpp-export")
    return read_bundle(path)


def _is_export(archive: zipfile.ZipFile) -> bool:
    names = archive.namelist()
    return IMPULSE_FILE not in names and any(
        name.endswith(f"model-parameters/{_EXPORT_MARK}") for name in names
    )


def _bare_network(path: Path) -> ModelSource:
    """A network without an impulse: a freeform model with one learn block."""
    block = NetworkBlock(id=_NETWORK_BLOCK_ID, files=(path.name,))
    impulse = Impulse(name=path.stem, input=FreeformInput(), learn=(block,))
    network = Network(str(path), path.suffix.lower(), path=path)
    return ModelSource(path, "network", impulse, {block.id: (network,)})
