"""Runs networks on Qualcomm's accelerators with QNN, for ei-runner.

Installing the distribution is enough: ei-runner finds it by its entry point and opens models with
it. What can be called is :func:`quantize_model`, which makes of a float ONNX model what QNN runs in
whole numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .quantizing import QuantizedModel, quantize_model

__all__ = ["QuantizedModel", "quantize_model"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import quantizing  # on first use: plugins are listed without it

    return getattr(quantizing, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
