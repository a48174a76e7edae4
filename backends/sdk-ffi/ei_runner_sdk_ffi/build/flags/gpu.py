"""The GPU delegate of full TensorFlow Lite."""

from __future__ import annotations

from .parts import Context, Part

__all__ = ["gpu"]


def gpu(context: Context) -> Part | None:
    """The define; the delegate has to be a part of the linked TensorFlow Lite."""
    if not context.options.ei_classifier_use_gpu_delegates:
        return None
    return Part(
        defines=("-DEI_CLASSIFIER_USE_GPU_DELEGATES=1",),
        notes=("the linked TensorFlow Lite has to contain its GPU delegate",),
    )
