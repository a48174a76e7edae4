"""What a process holds: files, threads and memory, as Linux counts them."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from pathlib import Path

import pytest

__all__ = ["assert_nothing_leaks"]

_PROCESS = Path("/proc/self")
_WARM_UP, _CYCLES = 10, 40
_LARGEST_GROWTH = 4 << 20


def assert_nothing_leaks(cycle: Callable[[], None]) -> None:
    """Do something many times; afterwards the process holds what it held before.

    Open files and threads must be as many as before, and the memory may grow by 4 MiB, for caches.
    The test is skipped where there is no ``/proc``.
    """
    if not (_PROCESS / "statm").exists():
        pytest.skip("needs /proc to count what a process holds")
    for _ in range(_WARM_UP):
        cycle()
    gc.collect()
    before, memory = _counts(), _memory()
    for _ in range(_CYCLES):
        cycle()
    gc.collect()
    files, threads = _counts()
    assert files <= before[0], f"{files - before[0]} open files are left of {_CYCLES} cycles"
    assert threads <= before[1], f"{threads - before[1]} threads are left of {_CYCLES} cycles"
    growth = _memory() - memory
    assert growth < _LARGEST_GROWTH, f"the memory grew by {growth} bytes in {_CYCLES} cycles"


def _counts() -> tuple[int, int]:
    return len(list((_PROCESS / "fd").iterdir())), len(list((_PROCESS / "task").iterdir()))


def _memory() -> int:
    pages = int((_PROCESS / "statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
