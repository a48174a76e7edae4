"""From the file that Studio sent to a model that can be opened: checked, unpacked, converted."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from .._optional import need
from ..authoring.archives import unpack
from ..authoring.native_files import Content, Damaged, describe, read_native_file
from ..errors import EdgeImpulseError, ModelFormatError
from .cache import remove

__all__ = ["check_bundles_can_be_made", "stage"]

_ZIP = b"PK\x03\x04"
_MACHINES = {"x86_64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64", "armv7": "arm"}
_PROGRAMS = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"#!")


def check_bundles_can_be_made() -> None:
    """Look for what reads C++ exports, before Studio builds one in vain.

    Raises:
        BackendUnavailableError: it is not installed.
    """
    for module in ("tree_sitter", "tree_sitter_cpp"):
        need(module, "making a bundle of a C++ library", "tensor")


def stage(file: Path, form: str, folder: Path, what: str, target: str = "") -> str:
    """Make a model of a downloaded file.

    Args:
        file: what Studio sent; it is moved or left.
        form: ``"library"``, ``"eim"`` or ``"bundle"``.
        folder: a new folder for the model.
        what: the name of the build, for messages.
        target: what it was built for; a program has to be for that machine.

    Returns:
        The path of the model below the folder.

    Raises:
        ModelFormatError: the file is damaged, not safe to unpack, or something else.
        BackendUnavailableError: what is needed to make a bundle is missing.
        UnsupportedModelError: a bundle cannot hold this model.
        OSError: there is no room.
    """
    remove(folder)
    folder.mkdir(parents=True)
    try:
        return _program(file, folder, target) if form == "eim" else _library(file, form, folder)
    except ModelFormatError as error:
        raise ModelFormatError(
            f"what Studio sent for {what} cannot be used: {_without_place(str(error), file)}; "
            "try again, or build it anew with refresh=True (--refresh)"
        ) from None


def _program(file: Path, folder: Path, target: str) -> str:
    head = _head(file)
    if not head.startswith(_PROGRAMS):
        raise ModelFormatError(f"it is no program ({_about(file, head)})")
    _check_machine(file, target)
    model = file.rename(folder / "model.eim")
    model.chmod(0o755)
    return model.name


def _check_machine(file: Path, target: str) -> None:
    """See that a program is for the machine of its target, as far as its head tells."""
    found = None
    with file.open("rb") as opened, suppress(Damaged):  # which the backend tells better
        found = read_native_file(Content(opened))
    wanted = next((name for mark, name in _MACHINES.items() if mark in target), None)
    if found is not None and wanted is not None and wanted not in found.machines:
        raise ModelFormatError(
            f"it is a program for {describe(found.system, found.machines)}, not for {target}"
        )


def _library(file: Path, form: str, folder: Path) -> str:
    from ..locate import locate

    head = _head(file)
    if head != _ZIP:
        raise ModelFormatError(f"it is no zip ({_about(file, head)})")
    library = folder / "library"
    unpack(file, library)
    try:
        found = locate(library)
    except (EdgeImpulseError, RecursionError):
        found = None
    if found is None or found.kind != "cpp-export":
        raise ModelFormatError("it is no C++ library: model-parameters/model_metadata.h is missing")
    if form == "library":
        return found.path.relative_to(folder).as_posix()
    return _bundle(found.path, folder)


def _bundle(library: Path, folder: Path) -> str:
    from ..packaging import make_bundle

    check_bundles_can_be_made()
    bundle = make_bundle(library, folder / "bundle")
    remove(folder / "library")
    return bundle.name


def _head(file: Path) -> bytes:
    with file.open("rb") as content:
        return content.read(4)


def _about(file: Path, head: bytes) -> str:
    size = file.stat().st_size
    return f"{size} bytes, beginning with {head!r}" if size else "it is empty"


def _without_place(text: str, file: Path) -> str:
    return text.replace(f"{file}: ", "").replace(f"{file} ", "it ")
