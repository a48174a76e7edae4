"""What an export's engine needs that the options do not ask for."""

from __future__ import annotations

from ..targets import named_boards
from .demands import asked_engines
from .parts import Context, Part

__all__ = ["hints"]

_TIDL = ("target_tda4vm", "target_am62a", "target_am68a", "target_am68pa")
_FLAGS = {
    "TENSORRT": ("target_jetson_nano", "target_jetson", "target_jetson_orin"),
    "DRPAI": ("target_renesas_rzv2l", "use_tvm"),
    "TFLITE_TIDL": _TIDL,
    "ONNX_TIDL": _TIDL,
    "AKIDA": ("use_akida",),
    "MEMRYX": ("use_memryx",),
    "ETHOS_LINUX": ("use_ethos",),
}


def hints(context: Context) -> Part | None:
    """A note where an export is made for a vendor's engine and no flag of that engine is on."""
    flags = _FLAGS.get(context.export.engine, ())
    given = {*named_boards(context.options), *asked_engines(context.options)}
    if not flags or given & set(flags):
        return None
    names = " or ".join(flag.upper() for flag in flags)
    return Part(notes=(f"the export is made for {context.export.engine}, which needs {names}",))
