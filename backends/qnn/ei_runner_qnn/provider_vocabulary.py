"""The further options of the execution provider for QNN, which have no option of their own here.

The provider ignores names that it does not know, and takes wrong values for its defaults, so
nothing gets there that has not been read here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ei_runner_core import InvalidInputError
from ei_runner_onnx.failures import shortened
from ei_runner_onnx.library_paths import is_text

__all__ = ["read_provider_options"]

Reader = Callable[[object], str]

# What an option of the backend stands for; two places for one setting would contradict each other.
_OWN = {
    "backend_type": "backend_type",
    "backend_path": "backend_path",
    "htp_performance_mode": "performance_mode",
    "soc_model": "soc_model",
    "htp_arch": "htp_arch",
    "vtcm_mb": "vtcm_mb",
    "enable_htp_fp16_precision": "precision",
    "htp_graph_finalization_optimization_mode": "graph_optimization",
    "device_id": "device_id",
    "profiling_level": "profiling",
    "profiling_file_path": "profiling_file",
}


def read_provider_options(value: object) -> dict[str, str]:
    """The option ``provider_options``, as the provider wants to hear it.

    Raises:
        ValueError: it is no mapping; the message is what is expected.
        InvalidInputError: the provider has no such option, or does not take the value.
    """
    if not isinstance(value, Mapping):
        raise ValueError("a mapping from names to values")
    return {str(name): _read(str(name), entry) for name, entry in value.items()}


def _read(name: str, value: Any) -> str:
    if name in _OWN:
        raise InvalidInputError(
            f"the option 'provider_options' of qnn has {name}, for which there is the option "
            f"{_OWN[name]!r}; use that"
        )
    if name not in _READERS:
        raise InvalidInputError(
            f"the execution provider for QNN has no option {shortened(repr(name))}; "
            f"'provider_options' of qnn takes {', '.join(_READERS)}"
        )
    try:
        return _READERS[name](value)
    except ValueError as error:
        raise InvalidInputError(
            f"the option 'provider_options' of qnn has {name}={shortened(repr(value))}, expected "
            f"{error}"
        ) from None


def _flag(value: object) -> str:
    if value not in (True, False, "0", "1"):
        raise ValueError("true, false, 0 or 1")
    return str(int(value))


def _number(most: int) -> Reader:
    def read(value: object) -> str:
        text = str(value)
        if not text.isdecimal() or not text.isascii() or int(text) > most:
            raise ValueError(f"a number from 0 to {most}")
        return text

    return read


def _word(*words: str) -> Reader:
    def read(value: object) -> str:
        if value not in words:
            raise ValueError(" or ".join(map(repr, words)))
        return str(value)

    return read


def _text(value: object) -> str:
    if not isinstance(value, (str, Path)) or not is_text(value):
        raise ValueError("text")
    return str(value)


def _op_packages(value: object) -> str:
    text = _text(value)
    for package in text.split(","):
        parts = package.split(":")
        if len(parts) not in (3, 4) or not all(parts) or not Path(parts[1]).is_file():
            raise ValueError("OPERATOR:LIBRARY:FUNCTION[:TARGET], with a library that is there")
    return text


def _folder(value: object) -> str:
    if not Path(_text(value)).expanduser().is_dir():
        raise ValueError("a folder that is there")
    return str(Path(str(value)).expanduser().absolute())


_READERS: dict[str, Reader] = {
    "disable_file_mapped_weights": _flag,
    "dump_json_qnn_graph": _flag,
    "enable_block_quant_weight_optimization": _flag,
    "enable_framework_op_trace": _flag,
    "enable_htp_fp16_clamp_overflow": _flag,
    "enable_htp_shared_memory_allocator": _flag,
    "enable_htp_spill_fill_buffer": _flag,
    "extended_udma": _flag,
    "framework_op_trace_dir": _folder,
    "htp_bf16_enable": _flag,
    "json_qnn_graph_dir": _folder,
    "num_graph_prepare_threads": _number(1024),
    "offload_graph_io_quantization": _flag,
    "op_packages": _op_packages,
    "qnn_context_priority": _word("low", "normal", "normal_high", "high"),
    "rpc_control_latency": _number(1_000_000),
    "skip_backend_op_validation": _flag,
    "skip_qnn_version_check": _flag,
}
