"""External delegates: shared libraries that take over operators of a network."""

from __future__ import annotations

import ctypes
from typing import Any

from ei_runner_core import InvalidInputError
from ei_runner_core.authoring.native_files import explain_loading

from .options import DelegateOption
from .runtime import Runtime

__all__ = ["load_delegate"]

_ENTRY_POINTS = ("tflite_plugin_create_delegate", "tflite_plugin_destroy_delegate")


def load_delegate(runtime: Runtime, option: DelegateOption) -> Any:
    """Load a delegate and hand it its options.

    Raises:
        InvalidInputError: the file is not a delegate, or the delegate refuses its options.
    """
    _check_library(option)
    try:
        return runtime.load_delegate(str(option.path), dict(option.options))
    except ValueError as error:
        raise InvalidInputError(_refusal(option, error)) from error


def _check_library(option: DelegateOption) -> None:
    """Try what the runtime does next: when that fails, it leaves a half-made object behind."""
    try:
        library = ctypes.PyDLL(str(option.path))
    except OSError as error:
        hint = explain_loading(str(error))
        raise InvalidInputError(
            f"the delegate {option.path} cannot be loaded: {error}{hint and '; '}{hint}"
        ) from error
    missing = [name for name in _ENTRY_POINTS if not hasattr(library, name)]
    if missing:
        raise InvalidInputError(
            f"{option.path} is not a delegate for TensorFlow Lite: it lacks {', '.join(missing)}"
        )


def _refusal(option: DelegateOption, error: ValueError) -> str:
    """The delegate's own message, which the runtime puts behind a line of its own."""
    message = " ".join(str(error).partition("\n")[2].split()) or "it does not say why"
    given = ", ".join(f"{name}={value}" for name, value in option.options.items()) or "none"
    return (
        f"the delegate {option.path} refuses to start: {message} (options given: {given}); "
        "see its documentation for the options that it takes"
    )
