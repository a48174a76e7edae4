"""Which flags ask for an engine, and which of them only work with full TensorFlow Lite linked."""

from __future__ import annotations

from ..options import BuildOptions
from ..targets import named_boards

__all__ = ["ENGINE_FLAGS", "asked_engines", "demands_of_full", "needs_linked"]

ENGINE_FLAGS = (
    "use_tvm",
    "use_onnx",
    "use_qualcomm_qnn",
    "use_ethos",
    "use_akida",
    "use_memryx",
)
_FULL_BOARDS = (
    "target_renesas_rzv2l",
    "target_renesas_rzg2l",
    "target_tda4vm",
    "target_jetson",
    "target_jetson_orin",
)
_FULL_FLAGS = (
    "use_qualcomm_qnn",
    "use_akida",
    "use_memryx",
    "link_tflite_flex_library",
    "ei_classifier_use_gpu_delegates",
)


def asked_engines(options: BuildOptions) -> tuple[str, ...]:
    """The flags of vendors' engines that are on."""
    return tuple(flag for flag in ENGINE_FLAGS if getattr(options, flag))


def demands_of_full(options: BuildOptions) -> tuple[str, ...]:
    """The flags and boards that are on and need full TensorFlow Lite."""
    boards = named_boards(options)
    needs_it = not options.use_onnx and not set(boards).isdisjoint(_FULL_BOARDS)
    flags = tuple(flag for flag in _FULL_FLAGS if getattr(options, flag))
    return (*flags, boards[0]) if needs_it else flags


def needs_linked(options: BuildOptions) -> bool:
    """Whether only a linked TensorFlow Lite with its C++ interface does."""
    return bool(demands_of_full(options) or asked_engines(options))
