"""The way past reading, planning and probing compilers, for an export that is as it was built."""

from __future__ import annotations

import os
import time
from pathlib import Path
from zlib import crc32

from msgspec import Struct
from msgspec.structs import asdict

from ei_runner_core import BuildError
from ei_runner_core.authoring import installed_tensor_backends

from .cache import Cache
from .fingerprint import Stamp, now, scan, settled
from .libraries import find_library
from .options import BuildOptions

__all__ = ["Ready", "is_ready", "ready_library"]

_BUILD = Path(__file__).parent
_SHIM = _BUILD.parent / "shim"
_LINKED = "linked"
_WITHOUT_EFFECT = ("build_timeout", "force_rebuild", "jobs")


class Ready(Struct, frozen=True):
    """A library that can be loaded, and what runs its networks: see ``BuildPlan.network``."""

    path: Path
    network: str


class _Memo(Struct):
    """What was built of an export, and everything that this depends on.

    ``folders`` and ``stamps`` are those of its files, ``chosen_from`` the tensor backends that
    there were to run its network, None where only its own code can.
    """

    about: str
    folders: dict[str, str]
    stamps: dict[str, Stamp]
    chosen_from: tuple[str, ...] | None
    key: str
    network: str


def is_ready(path: Path, options: BuildOptions) -> bool:
    """Whether an export that is as it was, built with these options, needs no compiler."""
    return _as_it_was(Cache.find(), _about(path, options)) is not None


def ready_library(path: Path, options: BuildOptions) -> Ready:
    """Find the library of an export, or build it.

    An export that is as it was, built with the same options, needs no compiler: its library is
    found without looking for one.

    Raises:
        EdgeImpulseError: as :func:`ei_runner_sdk_ffi.build.exports.build_export`.
    """
    cache = Cache.find()
    about = _about(path, options)
    if not options.force_rebuild and (ready := _as_it_was(cache, about)):
        return ready
    from .exports import build_export

    moment = now()
    built = build_export(path, options)
    export, network = built.plan.export, built.plan.network
    # A linked engine may be replaced without a trace in the export.
    if network != _LINKED and settled(export.stamps.files.values(), moment):
        memo = _Memo(
            about=about,
            folders={prefix: str(folder) for prefix, folder in export.folders.items()},
            stamps=dict(export.stamps.files),
            chosen_from=None if export.is_eon else installed_tensor_backends(),
            key=built.library.path.parent.name,
            network=network,
        )
        cache.remember(_name_of_memo(about), memo)
    return Ready(built.library.path, network)


def _as_it_was(cache: Cache, about: str) -> Ready | None:
    memo = cache.recall(_name_of_memo(about), _Memo)
    if memo is None or memo.about != about:
        return None
    if memo.chosen_from not in (None, installed_tensor_backends()):
        return None
    try:
        found = scan({prefix: Path(folder) for prefix, folder in memo.folders.items()})
    except (BuildError, OSError):  # the export has gone; looking closer tells
        return None
    is_same = found.files == memo.stamps
    library = find_library(cache, memo.key, time.monotonic()) if is_same else None
    return Ready(library.path, memo.network) if library else None


def _about(path: Path, options: BuildOptions) -> str:
    """All that an answer depends on but the files of the export."""
    system = os.uname()
    libraries = options.ei_tflite_dir or Path("tflite").absolute()
    parts = (
        str(path.absolute()),
        _stamp_of_zip(path),
        sorted((n, v) for n, v in asdict(options).items() if n not in _WITHOUT_EFFECT),
        sorted(os.listdir(libraries)) if libraries.is_dir() else None,  # noqa: PTH208
        _stamps_of_the_build(),
        system.sysname,
        system.machine,
    )
    return repr(parts)


def _stamps_of_the_build() -> list[tuple[str, Stamp]]:
    """Of the shim and of the code that builds: another version of it may build another library."""
    files = scan({"shim": _SHIM, "build": _BUILD}).files
    return sorted((name, stamp) for name, stamp in files.items() if not name.endswith(".pyc"))


def _name_of_memo(about: str) -> str:
    return f"ready-{crc32(about.encode()):08x}"


def _stamp_of_zip(path: Path) -> str:
    if path.is_dir():
        return ""
    about = path.stat()
    return repr((about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino))
