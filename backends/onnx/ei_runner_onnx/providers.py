"""Finding the execution providers that were asked for.

Those of the classic kind are part of the ONNX Runtime that is installed. The others come in
libraries of their own and offer devices once their library is registered.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from ei_runner_core import InvalidInputError

from .failures import shortened
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
_REPLACING = {"onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-migraphx", "onnxruntime-cann"}
_LIBRARY = re.compile(r"onnxruntime_providers_(\w+)\.")
_BEST_FIRST = ("npu", "gpu", "cpu")
_LOG = logging.getLogger("ei_runner_onnx")


class Provider(Struct, frozen=True):
    """A provider that is available. ``device`` is None for one of the classic kind."""

    name: str
    options: dict[str, str] = field(default_factory=dict)
    device: Any = None


def find_providers(asked: Sequence[ProviderOption]) -> tuple[Provider, ...]:
    """The providers that were asked for, without the CPU, which is always there.

    Raises:
        InvalidInputError: one is not available here, or its library is none.
    """
    names = [_full_name(provider.name) for provider in asked]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise InvalidInputError(
            f"the option 'providers' of onnx names {shortened(twice[0])} twice, expected each "
            "provider once"
        )
    found = map(_find, names, asked)
    return tuple(provider for provider in found if provider.name != CPU)


def _find(name: str, asked: ProviderOption) -> Provider:
    if name == CPU:
        _check_cpu(asked)
        return Provider(CPU)
    library = asked.library
    # A registered library makes its provider count as available, like one of the classic kind.
    if library is None and not _devices(name):
        if name in load_runtime().get_available_providers():
            _check_classic(name, asked)
            return Provider(name, dict(asked.options))
        library = find_library(name)
        if library is None:
            raise InvalidInputError(_not_available(asked.name, name))
    if library is not None:
        _check_library(name, library)
        register_library(name, library)
    return Provider(name, dict(asked.options), _choose_device(name, asked, library))


def _check_cpu(asked: ProviderOption) -> None:
    ignored = [key for key in ("options", "library") if getattr(asked, key)]
    if asked.device not in ("", "cpu"):
        ignored.append("device")
    if ignored:
        raise InvalidInputError(
            f"the provider {CPU} got {', '.join(ignored)} in the option 'providers' of onnx, "
            "expected its name alone; the options 'num_threads' and 'session_options' set it up"
        )


def _check_classic(name: str, asked: ProviderOption) -> None:
    if asked.device:
        raise InvalidInputError(
            f"the provider {name} is part of ONNX Runtime and takes no 'device' (got "
            f"{asked.device!r}); choose one in its 'options'"
        )


def _check_library(name: str, library: Path) -> None:
    """Libraries give their devices any name that they are registered with, also a wrong one."""
    match = _LIBRARY.search(library.name)
    holds = _full_name(match[1]) if match else name
    if holds != name and holds in load_runtime().get_all_providers():
        raise InvalidInputError(
            f"{shortened(str(library))} holds the provider {holds}, not {shortened(name)}; name "
            "it so, or give the other's library"
        )


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


def _choose_device(name: str, asked: ProviderOption, library: Path | None) -> Any:
    devices = _devices(name)
    if not devices:
        offered = _listed(_offered_by(library)) if library else ""
        hint = f"its library holds {offered}" if offered else f"available are {_available()}"
        raise InvalidInputError(
            f"the provider {shortened(name)} finds no device that it can use on this machine; "
            f"{hint}: ask for another name"
        )
    kinds = [asked.device] if asked.device else _BEST_FIRST
    chosen = [device for kind in kinds for device in devices if _kind(device) == kind]
    if not chosen:
        raise InvalidInputError(
            f"the provider {shortened(name)} has no device of the kind {asked.device!r} here, only "
            f"{_listed(map(_kind, devices))}"
        )
    _LOG.debug("%s uses a device of the kind %s", name, _kind(chosen[0]))
    return chosen[0]


def _offered_by(library: Path) -> list[str]:
    """The names of the providers that a library brings, where it does not take any name."""
    devices = load_runtime().get_ep_devices()
    return [d.ep_name for d in devices if d.ep_metadata.get("library_path") == str(library)]


def _not_available(asked: str, name: str) -> str:
    package = _INSTALL.get(name)
    hint = f"install it with: pip install {package}" if package else "name its library in 'library'"
    if package in _REPLACING:
        hint = f"replace ONNX Runtime: pip uninstall onnxruntime, then pip install {package}"
    return (
        f"the provider {shortened(repr(asked))} is not available; available are {_available()}; "
        f"{hint}"
    )


def _available() -> str:
    runtime = load_runtime()
    names = [*runtime.get_available_providers(), *(d.ep_name for d in runtime.get_ep_devices())]
    return _listed(names)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))
