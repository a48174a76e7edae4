"""Libraries that hold execution providers: where they are, and registering them once."""

from __future__ import annotations

import threading
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from ei_runner_core import InvalidInputError

from .failures import reason, shortened
from .runtime import engine_errors, load_runtime

__all__ = ["find_library", "register_library"]

_PACKAGES = {
    "CUDAExecutionProvider": "onnxruntime_ep_cuda",
    "OpenVINOExecutionProvider": "onnxruntime_ep_openvino",
    "QNNExecutionProvider": "onnxruntime_qnn",
    "WebGpuExecutionProvider": "onnxruntime_ep_webgpu",
}
# What a process has loaded stays loaded, and ONNX Runtime refuses to load it again.
_registered: dict[str, Path] = {}
_lock = threading.Lock()


def find_library(provider: str) -> Path | None:
    """The library of a provider, if a package that brings it is installed.

    Raises:
        InvalidInputError: the package is installed and broken.
    """
    package = _PACKAGES.get(provider)
    if package is None or find_spec(package) is None:
        return None
    try:
        return Path(import_module(package).get_library_path()).resolve()
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        raise InvalidInputError(
            f"the package {package} does not tell where the library of {provider} is: "
            f"{reason(error)}; install it anew"
        ) from error


def register_library(provider: str, library: Path) -> None:
    """Load the library of a provider into ONNX Runtime, for this process.

    Raises:
        InvalidInputError: it cannot be loaded, holds no provider, or another library was loaded
            for this provider before.
    """
    with _lock:
        earlier = _registered.get(provider)
        if earlier is not None and earlier != library:
            raise InvalidInputError(
                f"the provider {shortened(provider)} was loaded from {shortened(str(earlier))} in "
                f"this process, it cannot be loaded from {shortened(str(library))} too; start "
                "another process"
            )
        if earlier is None:
            _load(provider, library)
            _registered[provider] = library


def _load(provider: str, library: Path) -> None:
    try:
        load_runtime().register_execution_provider_library(provider, str(library))
    except engine_errors() as error:
        raise InvalidInputError(
            f"{shortened(str(library))} cannot be used as the execution provider "
            f"{shortened(provider)}: {reason(error)}; name a library that was made for "
            f"this version of ONNX Runtime ({load_runtime().__version__})"
        ) from error
