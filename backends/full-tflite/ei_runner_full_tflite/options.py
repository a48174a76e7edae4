"""The options of the backend: checked once, before anything is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, cast, get_args

from ei_runner_core import InvalidInputError
from ei_runner_core.authoring import read_input_shapes, read_options, read_thread_count

__all__ = ["DelegateOption", "Options"]

Kernels = Literal["optimized", "reference", "micro"]


@dataclass(frozen=True)
class DelegateOption:
    """An external delegate: a shared library and what to tell it, as text."""

    path: Path
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Options:
    """How a network is opened.

    ``num_threads``: threads of the kernels; None leaves it to the runtime, which takes one.
    ``delegates``: external delegates, asked in this order.
    ``allow_cpu``: whether the CPU may run what the delegates do not take.
    ``default_delegates``: whether XNNPACK is used; "auto" uses it unless it fails on the model.
    ``kernels``: "optimized"; "reference" for those that compute as TensorFlow Lite Micro does, slow
    and without XNNPACK, and the same to the last bit for most int8 networks; or "micro" for the
    fastest that round as Micro does: those of a float network are optimised ones.
    ``signature``: the name of the signature to run; None runs the main graph.
    ``input_shapes``: for networks with dynamic dimensions, the shapes of inputs by name.
    """

    num_threads: int | None = None
    delegates: tuple[DelegateOption, ...] = ()
    allow_cpu: bool = True
    default_delegates: bool | Literal["auto"] = "auto"
    kernels: Kernels = "optimized"
    signature: str | None = None
    input_shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> Options:
        """Check what the user passed; None stands for the default of every option.

        Raises:
            InvalidInputError: an option is unknown or has a wrong value.
        """
        parsed = cls(**read_options("full-tflite", options, _READERS))
        if parsed.kernels != "optimized" and parsed.default_delegates is True:
            raise InvalidInputError(
                f"the options kernels={parsed.kernels!r} and default_delegates=True of full-tflite "
                "exclude each other: XNNPACK does not round as these kernels; drop one of them"
            )
        return parsed if parsed.allow_cpu else parsed._without_cpu()

    def _without_cpu(self) -> Options:
        """XNNPACK, which runs on the CPU, is left out."""
        if not self.delegates:
            raise InvalidInputError(
                "the option allow_cpu=False of full-tflite needs delegates that run the network: "
                "name them in the option 'delegates'"
            )
        for name in ("default_delegates", "signature"):
            if (value := getattr(self, name)) not in ("auto", False, None):
                raise InvalidInputError(
                    f"the options allow_cpu=False and {name}={value!r} of full-tflite exclude each "
                    "other; drop one of them"
                )
        return replace(self, default_delegates=False)


def _allow_cpu(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _default_delegates(value: object) -> bool | Literal["auto"]:
    if value == "auto":
        return "auto"
    if not isinstance(value, bool):
        raise ValueError('"auto", true or false')
    return value


def _kernels(value: object) -> Kernels:
    for known in get_args(Kernels):
        if value == known:
            return cast("Kernels", known)
    raise ValueError('"optimized", "reference" or "micro"')


def _signature(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("the name of a signature")
    return value


def _delegates(value: object) -> tuple[DelegateOption, ...]:
    if isinstance(value, (str, Path, Mapping)):
        value = [value]
    if not isinstance(value, Sequence):
        raise ValueError("a list of paths of shared libraries")
    return tuple(map(_delegate, value))


def _delegate(value: object) -> DelegateOption:
    if isinstance(value, (str, Path)):
        return DelegateOption(_library(value))
    if not isinstance(value, Mapping) or not {"path"} <= set(value) <= {"path", "options"}:
        raise ValueError('a path, or {"path": ..., "options": {...}}')
    return DelegateOption(_library(value["path"]), _delegate_options(value.get("options") or {}))


def _library(value: object) -> Path:
    """A file, or a bare name such as ``libedgetpu.so.1`` that the system's loader looks up."""
    if not isinstance(value, (str, Path)) or not str(value) or "\0" in str(value):
        raise ValueError("the path of a shared library")
    path = Path(value).expanduser()
    if path.is_file():
        return path.absolute()
    if path.exists() or path.name != str(value):
        raise InvalidInputError(
            f"there is no delegate at {path}; the option 'delegates' of full-tflite takes the "
            "paths of shared libraries"
        )
    return path


def _delegate_options(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise ValueError("the options of a delegate as a mapping")
    return {_text(name): _text(setting) for name, setting in value.items()}


def _text(value: object) -> str:
    """What a delegate is told: delegates read booleans as the numbers 0 and 1."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, (str, int, float)) and "\0" not in str(value):
        return str(value)
    raise ValueError("names and values that are text, numbers or booleans")


_READERS: dict[str, Callable[[Any], Any]] = {
    "num_threads": read_thread_count,
    "delegates": _delegates,
    "allow_cpu": _allow_cpu,
    "default_delegates": _default_delegates,
    "kernels": _kernels,
    "signature": _signature,
    "input_shapes": read_input_shapes,
}
