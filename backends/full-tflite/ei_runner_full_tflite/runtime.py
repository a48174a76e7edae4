"""The TensorFlow Lite runtime that is installed: LiteRT, or else tflite-runtime."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from ei_runner_core import BackendUnavailableError

__all__ = ["Runtime", "load_runtime"]

_MODULES = {
    "ai-edge-litert": "ai_edge_litert.interpreter",
    "tflite-runtime": "tflite_runtime.interpreter",
}


@dataclass(frozen=True)
class Runtime:
    """The parts of a runtime that the backend uses; both runtimes have them alike.

    ``interpreter`` is the class of that name, ``load_delegate`` the function, ``plain_resolver``
    the choice of kernels without XNNPACK, ``reference_resolver`` that of the reference kernels.
    """

    name: str
    interpreter: Any
    load_delegate: Any
    plain_resolver: Any
    reference_resolver: Any


@cache
def load_runtime() -> Runtime:
    """Import the runtime, once.

    Raises:
        BackendUnavailableError: none is installed, or the one that is does not work here.
    """
    problems = []
    for name, module_name in _MODULES.items():
        try:
            module = import_module(module_name)
        except ImportError as error:
            problems.append(f"{name}: {error}")
            continue
        if name == "tflite-runtime":
            _require_old_numpy()
        resolvers = module.OpResolverType
        return Runtime(
            name,
            module.Interpreter,
            module.load_delegate,
            resolvers.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            resolvers.BUILTIN_REF,
        )
    raise BackendUnavailableError(
        f"no TensorFlow Lite runtime can be imported ({'; '.join(problems)}); "
        "install one with: pip install 'ei-runner[full-tflite]'"
    )


def _require_old_numpy() -> None:
    """The last tflite-runtime was built against NumPy 1 and fails at the first model with 2."""
    import numpy as np

    if int(np.__version__.partition(".")[0]) >= 2:
        raise BackendUnavailableError(
            f"tflite-runtime does not work with NumPy {np.__version__}; "
            "install an older one with: pip install 'numpy<2'"
        )
