"""What an SDK that is to use full TensorFlow Lite is compiled with, wherever that runs."""

from __future__ import annotations

from .library_folder import c_library
from .parts import SHIM, Context, Part

__all__ = ["full", "shim"]


def shim(context: Context) -> Part:
    """Headers of ours, in front of all others.

    A callback and the C library of TensorFlow Lite both come with headers that stand in for those
    of TensorFlow Lite: the few classes of it that the SDK uses.
    """
    define = ""
    if context.is_linked:
        define = "-DEI_RUNNER_TFLITE_C=1" if c_library(context) else ""
    elif not context.is_compiled:
        define = "-DEI_RUNNER_NETWORK_CALLBACK=1"
    stand_in = SHIM / "tensorflow"
    # Before 2023 the SDK names the headers without the first folder.
    folders = (f"-I{stand_in}", f"-I{stand_in / 'tensorflow-lite'}") if define else ()
    return Part(includes=(f"-I{SHIM}", *folders), defines=(define,) if define else ())


def full(context: Context) -> Part | None:
    """The define, and the custom kernels that the SDK adds to TensorFlow Lite's own."""
    if context.is_compiled:
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
