"""Signal processing: from a raw window to the features that a network takes.

The blocks compute in float32, in the order of operations of the Edge Impulse C++ SDK, so that a
model gets the numbers that it was trained on. A *plan* (what :func:`create` returns) keeps tables
and buffers from call to call; use it from one thread at a time.

Names are imported when they are first used: listing the blocks loads no NumPy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .factory import create, extract
    from .quantization import Dequantizer, Quantizer, dequantize, quantize
    from .quantized_image import QuantizedImage, quantize_image
    from .scaling import ImageScaler, normalize, scale_image

__all__ = [
    "Dequantizer",
    "ImageScaler",
    "QuantizedImage",
    "Quantizer",
    "create",
    "dequantize",
    "extract",
    "normalize",
    "quantize",
    "quantize_image",
    "scale_image",
]

_HOME = {
    "Dequantizer": "quantization",
    "ImageScaler": "scaling",
    "QuantizedImage": "quantized_image",
    "Quantizer": "quantization",
    "create": "factory",
    "dequantize": "quantization",
    "extract": "factory",
    "normalize": "scaling",
    "quantize": "quantization",
    "quantize_image": "quantized_image",
    "scale_image": "scaling",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
