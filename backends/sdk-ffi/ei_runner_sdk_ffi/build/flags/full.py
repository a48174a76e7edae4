"""What an SDK that is to use full TensorFlow Lite is compiled with, wherever that runs."""

from __future__ import annotations

from .library_folder import c_library
from .parts import SHIM, Context, Part

__all__ = ["full", "shim"]


def shim(context: Context) -> Part:
    """Headers of ours, in front of all others.

    A callback and the C library of TensorFlow Lite both come with headers that stand in for those
    of TensorFlow Lite: the few classes of it that the SDK uses, of the full one or of Micro.
    """
    define = _engine_define(context)
    stand_in = SHIM / "tensorflow"
    # Before 2023 the SDK names the headers of the full one without the first folder.
    kind = "micro" if _is_in_place_of_micro(context) else "tensorflow-lite"
    folders = (f"-I{stand_in}", f"-I{stand_in / kind}") if define else ()
    return Part(includes=(f"-I{SHIM}", *folders), defines=(define,) if define else ())


def _engine_define(context: Context) -> str:
    """The define for an engine that headers of ours stand for, if it is one."""
    if context.is_linked:
        return "-DEI_RUNNER_TFLITE_C=1" if c_library(context) else ""
    return "" if context.is_compiled else "-DEI_RUNNER_NETWORK_CALLBACK=1"


def _is_in_place_of_micro(context: Context) -> bool:
    """Whether the SDK takes the engine for TensorFlow Lite Micro, not for the full one.

    It quantises images in another way for that, and that is what an export does on its own. Who
    sets ``USE_FULL_TFLITE`` gets what the SDK does with it. Float networks see no difference.
    """
    is_ours = bool(_engine_define(context))
    return is_ours and context.export.quantizes_for_micro and not context.options.use_full_tflite


def full(context: Context) -> Part | None:
    """The define, and the custom kernels that the SDK adds to TensorFlow Lite's own."""
    if context.is_compiled or _is_in_place_of_micro(context):
        return None
    return Part(
        defines=("-DEI_CLASSIFIER_USE_FULL_TFLITE=1",),
        candidates=(
            "edge-impulse-sdk/tensorflow/lite/kernels/custom/*",
            # Where it was before 2024.
            "edge-impulse-sdk/tensorflow/lite/kernels/tree_ensemble_classifier.*",
            "edge-impulse-sdk/tensorflow/lite/kernels/kernel_util*",
        ),
    )
