"""Akida, imported on first use."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from ei_runner_core import BackendUnavailableError

__all__ = ["ENGINE_ERRORS", "akida"]

ENGINE_ERRORS = (RuntimeError, ValueError, IndexError, MemoryError)
"""What it raises when something fails inside it: the exceptions of C++, as Python has them."""


@cache
def akida() -> Any:
    """The module ``akida``.

    Raises:
        BackendUnavailableError: it is not installed, or does not work here.
    """
    try:
        return import_module("akida")
    except ImportError as error:
        raise BackendUnavailableError(
            f"Akida cannot be imported ({error}); it has wheels for Python 3.10 to 3.12: there, "
            "pip install akida"
        ) from error
