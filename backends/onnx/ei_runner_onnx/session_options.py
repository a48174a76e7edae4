"""How ONNX Runtime is set up for one network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ei_runner_core import InvalidInputError

from .failures import reason, shortened
from .network_file import NetworkFile
from .options import Options
from .placement import placement_config
from .providers import CPU, Provider
from .runtime import engine_errors, load_runtime, log_severity
from .shapes import fixed_symbols

__all__ = ["session_options"]

_LEVELS = {
    "none": "ORT_DISABLE_ALL",
    "basic": "ORT_ENABLE_BASIC",
    "extended": "ORT_ENABLE_EXTENDED",
    "all": "ORT_ENABLE_ALL",
}
_SMALL = 1 << 20
_ANY_NUMBER = 0

_CONFIG = {
    # What is no ONNX file is refused, not read as ONNX Runtime's own format, which is not checked.
    "session.load_model_format": "ONNX",
    # Threads that wait for work sleep: a model does not keep the CPU busy between two calls.
    "session.intra_op.allow_spinning": "0",
}


def session_options(
    file: NetworkFile, options: Options, providers: Sequence[Provider], size: int
) -> Any:
    """Put together ONNX Runtime's ``SessionOptions``.

    Args:
        file: what is known of the network.
        options: what the user wants.
        providers: those to run on; the CPU is always added behind them.
        size: of the network file in bytes.

    Raises:
        InvalidInputError: an option does not suit the network or ONNX Runtime.
    """
    runtime = load_runtime()
    settings = runtime.SessionOptions()
    settings.log_severity_level = log_severity()
    settings.graph_optimization_level = getattr(
        runtime.GraphOptimizationLevel, _LEVELS[options.optimization]
    )
    settings.intra_op_num_threads = options.num_threads or _threads(file, size)
    config = _CONFIG | (placement_config(allow_cpu=options.allow_cpu) if providers else {})
    for name, text in (config | dict(options.session_options)).items():
        _configure(settings, name, text)
    if file.input_shapes:
        for symbol, value in fixed_symbols(file.input_shapes, options.input_shapes).items():
            settings.add_free_dimension_override_by_name(symbol, value)
    for library in options.custom_ops:
        _add_custom_ops(settings, library)
    for provider in providers or (Provider(CPU),):
        _add_provider(settings, provider)
    return settings


def _threads(file: NetworkFile, size: int) -> int:
    """More than one thread makes small networks slower; large ones get one for each core."""
    return 1 if size < _SMALL and not file.external_data else _ANY_NUMBER


def _configure(settings: Any, name: str, text: str) -> None:
    try:
        settings.add_session_config_entry(name, text)
    except engine_errors() as error:
        given = shortened(f"{name}={text}")
        raise InvalidInputError(
            f"the option 'session_options' of onnx has {given}, which ONNX Runtime refuses: "
            f"{reason(error)}"
        ) from error


def _add_custom_ops(settings: Any, library: Path) -> None:
    try:
        settings.register_custom_ops_library(str(library))
    except engine_errors() as error:
        raise InvalidInputError(
            f"{library} is not a library of custom operators for ONNX Runtime: {reason(error)}; "
            "the option 'custom_ops' of onnx takes those that have the function RegisterCustomOps"
        ) from error


def _add_provider(settings: Any, provider: Provider) -> None:
    try:
        if provider.device is None:
            settings.add_provider(provider.name, provider.options)
        else:
            settings.add_provider_for_devices([provider.device], provider.options)
    except engine_errors() as error:
        given = ", ".join(f"{name}={value}" for name, value in provider.options.items())
        raise InvalidInputError(
            f"the provider {provider.name} does not start: {reason(error)} (options given: "
            f"{shortened(given) or 'none'}); see its documentation for what it needs"
        ) from error
