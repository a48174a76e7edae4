"""Finding the execution providers that were asked for.

Those of the classic kind are part of the ONNX Runtime that is installed. The others come in
libraries of their own and offer devices once their library is registered.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ei_runner_core import InvalidInputError

from .libraries import find_library, register_library
from .provider_options import ProviderOption
from .runtime import load_runtime

__all__ = ["CPU", "Provider", "find_providers"]

CPU = "CPUExecutionProvider"

_SUFFIX = "executionprovider"
_OTHER_NAMES = {"directml": "dml", "trt": "tensorrt"}
_INSTALL = {
    "CUDAExecutionProvider": "onnxruntime-gpu",
    "TensorrtExecutionProvider": "onnxruntime-gpu",
    "DmlExecutionProvider": "onnxruntime-directml",
    "MIGraphXExecutionProvider": "onnxruntime-migraphx",
    "CANNExecutionProvider": "onnxruntime-cann",
    "OpenVINOExecutionProvider": "onnxruntime-ep-openvino",
    "QNNExecutionProvider": "onnxruntime-qnn",
    "WebGpuExecutionProvider": "onnxruntime-ep-webgpu",
}
_BEST_FIRST = ("npu", "gpu", "cpu")
_LOG = logging.getLogger("ei_runner_onnx")


@dataclass(frozen=True)
class Provider:
    """A provider that is available. ``device`` is None for one of the classic kind."""

    name: str
    options: dict[str, str] = field(default_factory=dict)
    device: Any = None


def find_providers(asked: Sequence[ProviderOption]) -> tuple[Provider, ...]:
    """The providers that were asked for, without the CPU, which is always there.

    Raises:
        InvalidInputError: one is not available here, or its library is none.
    """
    found = tuple(map(_find, asked))
    return tuple(provider for provider in found if provider.name != CPU)


def _find(asked: ProviderOption) -> Provider:
    name = _full_name(asked.name)
    if name == CPU:
        return Provider(CPU)
    library = asked.library
    # A registered library makes its provider count as available, like one of the classic kind.
    if library is None and not _devices(name):
        if name in load_runtime().get_available_providers():
            return Provider(name, dict(asked.options))
        library = find_library(name)
        if library is None:
            raise InvalidInputError(_not_available(asked.name, name))
    if library is not None:
        register_library(name, library)
    return Provider(name, dict(asked.options), _choose_device(name, asked))


def _full_name(name: str) -> str:
    """``cuda`` stands for ``CUDAExecutionProvider``."""
    runtime = load_runtime()
    wanted = name.lower().removesuffix(_SUFFIX)
    wanted = _OTHER_NAMES.get(wanted, wanted)
    known = [*(device.ep_name for device in runtime.get_ep_devices()), *runtime.get_all_providers()]
    return next((full for full in known if full.lower().removesuffix(_SUFFIX) == wanted), name)


def _devices(name: str) -> list[Any]:
    return [device for device in load_runtime().get_ep_devices() if device.ep_name == name]


def _kind(device: Any) -> str:
    return str(device.device.type.name).lower()


def _choose_device(name: str, asked: ProviderOption) -> Any:
    devices = _devices(name)
    if not devices:
        raise InvalidInputError(
            f"the provider {name} finds no device that it can use on this machine; take another "
            f"one of: {_available()}"
        )
    kinds = [asked.device] if asked.device else _BEST_FIRST
    chosen = [device for kind in kinds for device in devices if _kind(device) == kind]
    if not chosen:
        raise InvalidInputError(
            f"the provider {name} has no device of the kind {asked.device!r} here, only "
            f"{_listed(map(_kind, devices))}"
        )
    _LOG.debug("%s uses a device of the kind %s", name, _kind(chosen[0]))
    return chosen[0]


def _not_available(asked: str, name: str) -> str:
    package = _INSTALL.get(name)
    hint = f"install it with: pip install {package}" if package else "name its library in 'library'"
    return f"the provider {asked!r} is not available; available are {_available()}; {hint}"


def _available() -> str:
    runtime = load_runtime()
    names = [*runtime.get_available_providers(), *(d.ep_name for d in runtime.get_ep_devices())]
    return _listed(names)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))
