"""Which options are for networks of which format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ei_runner_core import InvalidInputError

__all__ = ["check_formats"]

# Options that mean something for one format only; the others are for both.
_FORMATS = {
    "delegate": ".tflite",
    "delegate_options": ".tflite",
    "backend_path": ".onnx",
    "context_cache": ".onnx",
    "graph_optimization": ".onnx",
    "htp_arch": ".onnx",
    "profiling": ".onnx",
    "profiling_file": ".onnx",
    "provider_options": ".onnx",
    "self_check": ".onnx",
    "soc_model": ".onnx",
    "vtcm_mb": ".onnx",
}


def check_formats(options: Mapping[str, Any], suffix: str) -> None:
    """Refuse options that are for networks of the other format.

    Raises:
        InvalidInputError: one of them is.
    """
    for name, value in options.items():
        wanted = _FORMATS.get(name, suffix)
        if value is not None and wanted != suffix:
            raise InvalidInputError(
                f"the option {name!r} of qnn is for {wanted} networks, this one is {suffix}; leave "
                f"it out, or pass the {wanted} form of the network"
            )
