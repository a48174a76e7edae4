"""The option ``providers``: which execution providers are asked for, and with what options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct, field

from .library_paths import is_text, read_library_path

__all__ = ["ProviderOption", "read_providers", "text_mapping"]

_KEYS = {"name", "options", "device", "library"}
_DEVICES = ("cpu", "gpu", "npu")


class ProviderOption(Struct, frozen=True):
    """An execution provider as the user names it.

    ``device`` is the kind of device to take, for providers that offer several. ``library`` is the
    file that holds the provider; None looks for it where it is usually installed.
    """

    name: str
    options: Mapping[str, str] = field(default_factory=dict)
    device: str = ""
    library: Path | None = None


def read_providers(value: object) -> tuple[ProviderOption, ...]:
    """Read the option.

    Raises:
        ValueError: the value is wrong; the message is what is expected.
        InvalidInputError: a library is not there.
    """
    if isinstance(value, (str, Mapping)):
        value = [value]
    if not isinstance(value, Sequence) or isinstance(value, bytes) or not value:
        raise ValueError("the name of a provider, or a list of names")
    return tuple(map(_provider, value))


def text_mapping(value: object, expected: str) -> dict[str, str]:
    """Names and values as ONNX Runtime takes them: text, booleans as 0 and 1.

    Raises:
        ValueError: with ``expected``.
    """
    if not isinstance(value, Mapping):
        raise ValueError(expected)
    return {_text(name, expected): _text(entry, expected) for name, entry in value.items()}


def _provider(value: object) -> ProviderOption:
    if isinstance(value, str):
        return ProviderOption(_name(value))
    if not isinstance(value, Mapping) or not {"name"} <= set(value) <= _KEYS:
        raise ValueError(
            'a name, or {"name": ..., "options": {...}, "device": ..., "library": ...}'
        )
    options = text_mapping(value.get("options") or {}, "the options of a provider as a mapping")
    device, library = value.get("device"), value.get("library")
    if device is not None and device not in _DEVICES:
        raise ValueError(f"one of {', '.join(_DEVICES)} as device")
    return ProviderOption(
        _name(value["name"]), options, device or "", None if library is None else _library(library)
    )


def _name(value: object) -> str:
    if not isinstance(value, str) or not value.isidentifier():
        raise ValueError("names of providers such as cuda or CUDAExecutionProvider")
    return value


def _library(value: object) -> Path:
    return read_library_path(
        value,
        "library of a provider",
        "the option 'providers' of onnx takes files such as libonnxruntime_providers_qnn.so; leave "
        "'library' out to have it looked for",
    )


def _text(value: object, expected: str) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, (str, int, float, Path)) and is_text(value):
        return str(value)
    raise ValueError(expected)
