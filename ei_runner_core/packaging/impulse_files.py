"""The files of an impulse that a package holds: ``impulse.json`` and its networks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ..contract import ModelSource, Network
from ..errors import UnsupportedModelError
from ..impulse import Impulse, dump_impulse
from ..impulse.bundle import IMPULSE_FILE

__all__ = ["check_files", "write_files"]

MAX_FILE_BYTES = 2_000_000_000
_CODE = (".py", ".pyc", ".pyo")
_UNPORTABLE = frozenset('<>:"|?*')


def check_files(source: ModelSource, impulse: Impulse) -> None:
    """See that everything that the model needs can be put into a package, on every system.

    Raises:
        UnsupportedModelError: a file is too large, or its name will not do.
    """
    taken = {IMPULSE_FILE: ""}
    for name, network in _files(source, impulse):
        path = str(PurePosixPath(name))
        is_clash = taken.setdefault(path.lower(), path) != path
        if is_clash or _is_code(path) or not _UNPORTABLE.isdisjoint(path):
            raise UnsupportedModelError(
                f"a package cannot hold a network that is called {name!r}: it is a module to "
                "Python, differs from another file only in its case, or is no file name on some "
                f"systems; rename the file, also in {IMPULSE_FILE}"
            )
        if (size := _size(network)) > MAX_FILE_BYTES:
            raise UnsupportedModelError(
                f"{name} has {size} bytes, the file of a package has at most {MAX_FILE_BYTES}; "
                "share the model as a bundle instead"
            )


def write_files(folder: Path, source: ModelSource, impulse: Impulse) -> None:
    """Write only ``impulse.json`` and the files that it names."""
    (folder / IMPULSE_FILE).write_text(dump_impulse(impulse), encoding="utf-8", newline="\n")
    for name, network in _files(source, impulse):
        target = folder / PurePosixPath(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy(network, target)


def _is_code(path: str) -> bool:
    return path.lower().endswith(_CODE) or "__pycache__" in path.split("/")


def _files(source: ModelSource, impulse: Impulse) -> Iterator[tuple[str, Network]]:
    """The name of each network's file inside the model, and the file itself."""
    for block in impulse.networks:
        yield from zip(block.files, source.networks[block.id], strict=True)


def _size(network: Network) -> int:
    return len(network.content or b"") if network.path is None else network.path.stat().st_size


def _copy(network: Network, target: Path) -> None:
    if network.path is None:
        target.write_bytes(network.read())
    else:
        shutil.copyfile(network.path, target)
