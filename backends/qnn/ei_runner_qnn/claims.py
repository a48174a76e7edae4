"""What a process can have of QNN but once.

Its libraries register their operators where all copies of them look: a second copy, that of an SDK
beside that of a wheel, ends the process when it is loaded. The chip that a network is compiled for
is the one that all later networks are compiled for, whatever they ask for. And its threads are not
in a forked child, which would wait for them for ever.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path

from ei_runner_core import BackendUnavailableError, EdgeImpulseError, InvalidInputError

__all__ = ["claim", "claim_chip", "claim_process", "release"]

_CALLERS_OF_LIBFFI = ("_ctypes", "_cffi_backend")
# What a process has loaded stays loaded.
_libraries: dict[str, Path] = {}
_chips: list[int | None] = []
_processes: list[int] = []
_lock = threading.Lock()


def claim(path: Path, fault: type[EdgeImpulseError]) -> None:
    """Note that a library is going to be loaded; raise ``fault`` if a copy of it is in use."""
    _bind_callers_of_libffi()
    path = path.resolve()
    with _lock:
        other = _libraries.setdefault(path.name, path)
    if other != path:
        raise fault(
            f"this process uses {path.name} of {other.parent}, and cannot use that of "
            f"{path.parent} too; start another process for it"
        )


@cache
def _bind_callers_of_libffi() -> None:
    """Qualcomm's libraries show a libffi of their own to all that is loaded behind them.

    What is loaded before keeps the one that it was built with.
    """
    for module in _CALLERS_OF_LIBFFI:
        with suppress(ImportError):  # cffi need not be there
            import_module(module)


def release(path: Path) -> None:
    """Take back what was claimed of a library that could not be loaded after all."""
    with _lock:
        _libraries.pop(path.resolve().name, None)


def claim_chip(soc_model: int | None) -> None:
    """Note for which chip networks are compiled in this process.

    Raises:
        InvalidInputError: they were compiled for another one before.
    """
    with _lock:
        if not _chips:
            _chips.append(soc_model)
        (first,) = _chips
    if first != soc_model:
        before, now = (f"soc_model={soc}" if soc else "no soc_model" for soc in (first, soc_model))
        raise InvalidInputError(
            f"this process runs networks on QNN with {before}, and cannot run others with {now}; "
            "open all with the same, or start another process"
        )


def claim_process() -> None:
    """Note that this process uses QNN.

    Raises:
        BackendUnavailableError: it was forked from one that does.
    """
    with _lock:
        if not _processes:
            _processes.append(os.getpid())
        (first,) = _processes
    if first != os.getpid():
        raise BackendUnavailableError(
            "QNN was used by the process that this one was forked from, and works in that one "
            "only; open models in one of them, or start processes with the method 'spawn'"
        )
