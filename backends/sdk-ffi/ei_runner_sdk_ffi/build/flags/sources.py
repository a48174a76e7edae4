"""The C++ SDK's signal processing, which every library takes what it needs of."""

from __future__ import annotations

from .parts import Part

__all__ = ["SOURCES"]

_CMSIS = (
    "TransformFunctions",
    "CommonTables",
    "BasicMathFunctions",
    "ComplexMathFunctions",
    "FastMathFunctions",
    "SupportFunctions",
    "MatrixFunctions",
    "StatisticsFunctions",
)

# The SDK's ``porting`` stays out: those functions are the shim's.
SOURCES = Part(
    candidates=(
        *(f"edge-impulse-sdk/CMSIS/DSP/Source/{group}/*" for group in _CMSIS),
        "edge-impulse-sdk/dsp/*",
        "edge-impulse-sdk/dsp/dct/*",
        "edge-impulse-sdk/dsp/image/*",
        "edge-impulse-sdk/dsp/kissfft/*",
        "edge-impulse-sdk/classifier/*",
    )
)
