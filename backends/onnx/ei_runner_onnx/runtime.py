"""ONNX Runtime, imported once, told to be quiet and to report to nobody."""

from __future__ import annotations

import logging
import os
from functools import cache
from importlib import import_module
from types import ModuleType

from ei_runner_core import BackendUnavailableError

__all__ = ["engine_errors", "load_runtime", "log_severity"]

_FATAL, _VERBOSE = 4, 0
_LOG = logging.getLogger("ei_runner_onnx")


def log_severity() -> int:
    """From which severity on ONNX Runtime prints to standard error.

    Whatever matters is raised as an error; the rest is for those who debug.
    """
    return _VERBOSE if _LOG.isEnabledFor(logging.DEBUG) else _FATAL


@cache
def load_runtime() -> ModuleType:
    """Import ONNX Runtime.

    Raises:
        BackendUnavailableError: it is not installed, or does not work here.
    """
    # Its telemetry starts a thread, without which a forked child never gets through its exit.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        runtime = import_module("onnxruntime")
        runtime.set_default_logger_severity(log_severity())
    except (ImportError, AttributeError) as error:  # two wheels of it mixed up lack attributes
        raise BackendUnavailableError(
            f"ONNX Runtime cannot be imported ({error}); install it anew with: "
            "pip install --force-reinstall onnxruntime"
        ) from error
    return runtime


@cache
def engine_errors() -> tuple[type[Exception], ...]:
    """What ONNX Runtime raises when something fails inside it: its own errors share no base."""
    state = import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    own = [
        kind
        for kind in vars(state).values()
        if isinstance(kind, type) and issubclass(kind, Exception)
    ]
    return (RuntimeError, ValueError, MemoryError, *own)
