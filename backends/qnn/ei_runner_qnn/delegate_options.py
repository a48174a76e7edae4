"""The options for ``.tflite`` networks: checked once, before anything is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ei_runner_core import InvalidInputError
from ei_runner_core.authoring import read_input_shapes, read_options, read_thread_count
from ei_runner_onnx.failures import shortened
from ei_runner_onnx.library_paths import read_library_path

from .vocabulary import BACKEND_TYPES, VOCABULARY, applies

__all__ = ["DelegateOptions"]

_SHARED = ("performance_mode", "precision", "device_id")
# As the SDK of Edge Impulse runs networks on QNN; float16 is what the delegate does by itself.
_DEFAULTS = {"htp_performance_mode": "2"}


@dataclass(frozen=True)
class DelegateOptions:
    """How a ``.tflite`` network is opened.

    ``library``: the delegate; None takes that of the SDK.
    ``settings``: what the delegate is told, as it wants to hear it; ``backend_type`` is among it.
    ``allow_cpu``: whether the CPU may run what the delegate does not take.
    ``num_threads``: threads of the CPU's part.
    ``input_shapes``: for networks with dynamic dimensions, the shapes of inputs by name.
    """

    library: Path | None = None
    settings: Mapping[str, str] = field(default_factory=lambda: {"backend_type": "htp"} | _DEFAULTS)
    allow_cpu: bool = False
    num_threads: int | None = None
    input_shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> DelegateOptions:
        """Check what the user passed; None stands for the default of every option.

        Raises:
            InvalidInputError: an option is unknown, has a wrong value, or is not for the backend
                of Qualcomm that ``backend_type`` names.
        """
        given = read_options("qnn", options, _READERS)
        backend_type = given.pop("backend_type", "htp")
        native = given.pop("delegate_options", {})
        shared = {name: given.pop(name) for name in _SHARED if name in given}
        library = given.pop("delegate", None)
        return cls(library, _settings(backend_type, shared, native), **given)


def _settings(
    backend_type: str, shared: Mapping[str, object], native: Mapping[str, str]
) -> dict[str, str]:
    """All that the delegate is told, by its own names."""
    for name in native:
        if not applies(name, backend_type):
            raise InvalidInputError(
                f"the option 'delegate_options' of qnn has {name}, which is not for "
                f"backend_type={backend_type!r}; leave it out"
            )
    defaults = {name: text for name, text in _DEFAULTS.items() if applies(name, backend_type)}
    settings = {"backend_type": backend_type, **defaults, **native}
    for option, value in shared.items():
        name = _native_name(option, backend_type, native)
        settings[name] = _read(f"the option {option!r}", name, value)
    return settings


def _native_name(option: str, backend_type: str, native: Mapping[str, str]) -> str:
    """What the delegate calls an option that other networks have too."""
    name = f"{backend_type}_{option}"
    if name not in VOCABULARY:
        raise InvalidInputError(
            f"the option {option!r} of qnn is not for .tflite networks with "
            f"backend_type={backend_type!r}; leave it out"
        )
    if name in native:
        raise InvalidInputError(
            f"the option 'delegate_options' of qnn has {name}, which the option {option!r} "
            "stands for too; drop one of them"
        )
    return name


def _read(what: str, name: str, value: object) -> str:
    try:
        return VOCABULARY[name](value)
    except ValueError as error:
        raise InvalidInputError(
            f"{what} of qnn is {shortened(repr(value))} for a .tflite network, expected {error}"
        ) from None


def _backend_type(value: object) -> str:
    if value not in BACKEND_TYPES:
        names = " or ".join(map(repr, BACKEND_TYPES))
        raise ValueError(f"{names} for a .tflite network; for the CPU take the backend full-tflite")
    return str(value)


def _delegate(value: object) -> Path:
    return read_library_path(
        value,
        "delegate",
        "the option 'delegate' of qnn takes the path of libQnnTFLiteDelegate.so; leave it out to "
        "have it taken from the SDK that QNN_SDK_ROOT names",
    )


def _delegate_options(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise ValueError("a mapping from names to values")
    if unknown := [name for name in value if name not in VOCABULARY]:
        raise InvalidInputError(
            f"the delegate has no option {shortened(repr(unknown[0]))}; 'delegate_options' of qnn "
            f"takes {', '.join(VOCABULARY)}"
        )
    return {
        name: _read(f"{name} in 'delegate_options'", name, entry) for name, entry in value.items()
    }


def _allow_cpu(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _anything(value: object) -> object:
    """For what depends on another option and is read after it."""
    return value


_READERS: dict[str, Callable[[Any], Any]] = {
    "delegate": _delegate,
    "delegate_options": _delegate_options,
    "backend_type": _backend_type,
    "performance_mode": _anything,
    "precision": _anything,
    "device_id": _anything,
    "allow_cpu": _allow_cpu,
    "num_threads": read_thread_count,
    "input_shapes": read_input_shapes,
}
