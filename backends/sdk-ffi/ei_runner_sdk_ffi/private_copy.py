"""Copies of a library that belong to one model alone.

The loader of the system hands out the same library, with the same globals, for the same file, and
even for another file of the same name while the first one is loaded. So each model gets a copy of
its own, under a name that was never used before in this process.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["private_copy"]

_numbers = itertools.count()


@contextmanager
def private_copy(content: bytes, name: str) -> Iterator[str]:
    """A path at which the content can be loaded as a library; nothing is left of it afterwards.

    Args:
        content: the bytes of the library.
        name: shown by debuggers and profilers.

    Raises:
        OSError: there is no room for it.
    """
    if sys.platform == "linux":
        yield from _in_memory(content, name)
    else:
        yield from _on_disk(content, name)


def _in_memory(content: bytes, name: str) -> Iterator[str]:
    descriptor = os.memfd_create(name[:200], os.MFD_CLOEXEC)
    try:
        _write(descriptor, content)
        yield f"/proc/self/fd{_never_used()}{descriptor}"
    finally:
        os.close(descriptor)


def _on_disk(content: bytes, name: str) -> Iterator[str]:
    import tempfile

    with tempfile.NamedTemporaryFile(prefix=f"{name[:50]}-", suffix=".dylib") as file:
        _write(file.fileno(), content)
        yield file.name


def _write(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _never_used() -> str:
    """A way to write "/" that makes another name of the same path: the loader compares texts."""
    return "".join("/" if bit == "0" else "/./" for bit in f"{next(_numbers):b}") + "/"
