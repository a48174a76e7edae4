"""cffi, and what is needed of it everywhere."""

from __future__ import annotations

from typing import Any

from ._abi import ffi as _ffi

__all__ = ["ffi", "text_of"]

ffi: Any = _ffi


def text_of(pointer: Any) -> str:
    """The text that a pointer of C points to; empty for a null pointer."""
    return ffi.string(pointer).decode("utf-8", "replace") if pointer else ""
