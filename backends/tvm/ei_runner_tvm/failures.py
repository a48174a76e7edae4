"""What TVM raises, and what it means."""

from __future__ import annotations

import re
from types import ModuleType

from ei_runner_core.authoring import one_line

__all__ = ["engine_errors", "missing_function"]

_MISSING = re.compile(r"Cannot find (?:PackedFunc|function) (\S+)")


def engine_errors(ffi: ModuleType) -> tuple[type[Exception], ...]:
    """The exceptions that calls of TVM raise: builtin ones and those that it registers."""
    own = (kind for kind in ffi.core.ERROR_NAME_TO_TYPE.values() if issubclass(kind, Exception))
    return (RuntimeError, ValueError, TypeError, AttributeError, MemoryError, BufferError, *own)


def missing_function(error: Exception) -> str:
    """The function that a runtime lacks, if that is what an error says."""
    found = _MISSING.search(one_line(error))
    return found[1].strip("'\",") if found else ""
