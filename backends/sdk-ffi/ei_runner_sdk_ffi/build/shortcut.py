"""The way past reading, planning and probing compilers, for an export that is as it was built."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ei_runner_core.authoring import installed_tensor_backends

from .cache import Cache
from .fingerprint import digest_text, now, scan, settled
from .libraries import find_library
from .options import BuildOptions

__all__ = ["Ready", "is_ready", "ready_library"]

_SHIM = Path(__file__).parents[1] / "shim"
_LINKED = "linked"
_WITHOUT_EFFECT = ("build_timeout", "force_rebuild", "jobs")


@dataclass(frozen=True)
class Ready:
    """A library that can be loaded, and what runs its networks: see ``BuildPlan.network``."""

    path: Path
    network: str


def is_ready(path: Path, options: BuildOptions) -> bool:
    """Whether an export that is as it was, built with these options, needs no compiler."""
    cache = Cache.find()
    return _as_it_was(cache, cache.recall(_memo(path, options))) is not None


def ready_library(path: Path, options: BuildOptions) -> Ready:
    """Find the library of an export, or build it.

    An export that is as it was, built with the same options, needs no compiler: its library is
    found without looking for one.

    Raises:
        EdgeImpulseError: as :func:`ei_runner_sdk_ffi.build.exports.build_export`.
    """
    cache = Cache.find()
    memo = _memo(path, options)
    if not options.force_rebuild and (ready := _as_it_was(cache, cache.recall(memo))):
        return ready
    from .exports import build_export

    moment = now()
    built = build_export(path, options)
    export, network = built.plan.export, built.plan.network
    # A linked engine may be replaced without a trace in the export.
    if network != _LINKED and settled(export.stamps.files.values(), moment):
        answer = {
            "folders": {prefix: str(folder) for prefix, folder in export.folders.items()},
            "stamps": export.stamps.digest(),
            "key": built.library.path.parent.name,
            "network": network,
            "chosen_from": None if export.is_eon else list(installed_tensor_backends()),
        }
        cache.remember(memo, answer)
    return Ready(built.library.path, network)


def _as_it_was(cache: Cache, memo: Any) -> Ready | None:
    if not isinstance(memo, dict):
        return None
    try:
        folders = {prefix: Path(folder) for prefix, folder in memo["folders"].items()}
        is_same = memo["chosen_from"] in (None, list(installed_tensor_backends()))
        is_same = is_same and scan(folders).digest() == memo["stamps"]
        key, network = str(memo["key"]), str(memo["network"])
    except Exception:  # noqa: BLE001 - a memo may be damaged, and an export gone, in any way
        return None
    found = find_library(cache, key, time.monotonic()) if is_same else None
    return Ready(found.path, network) if found else None


def _memo(path: Path, options: BuildOptions) -> str:
    """The memo of an answer, named after all that it depends on but the files of the export."""
    about = os.uname()
    libraries = options.ei_tflite_dir or Path("tflite").absolute()
    parts = (
        str(path.absolute()),
        _stamp_of_zip(path),
        repr(sorted((n, v) for n, v in asdict(options).items() if n not in _WITHOUT_EFFECT)),
        repr(sorted(os.listdir(libraries)) if libraries.is_dir() else None),  # noqa: PTH208
        scan({"shim": _SHIM}).digest(),
        about.sysname,
        about.machine,
    )
    return f"ready-{digest_text(*parts)}"


def _stamp_of_zip(path: Path) -> str:
    if path.is_dir():
        return ""
    about = path.stat()
    return repr((about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino))
