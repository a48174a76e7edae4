"""TensorFlow Lite Micro, and EON, which calls its kernels."""

from __future__ import annotations

from .parts import Context, Part

__all__ = ["micro"]


def micro(context: Context) -> Part | None:
    """Micro's sources, of which the link takes the kernels that the network uses."""
    if not context.is_compiled:
        return None
    return Part(
        defines=("-DTF_LITE_DISABLE_X86_NEON=1",),
        candidates=(
            "edge-impulse-sdk/tensorflow/lite/c/*",
            "edge-impulse-sdk/tensorflow/lite/kernels/*",
            "edge-impulse-sdk/tensorflow/lite/kernels/custom/*",
            "edge-impulse-sdk/tensorflow/lite/kernels/internal/*",
            "edge-impulse-sdk/tensorflow/lite/micro/*",
            "edge-impulse-sdk/tensorflow/lite/micro/kernels/*",
            "edge-impulse-sdk/tensorflow/lite/micro/memory_planner/*",
            "edge-impulse-sdk/tensorflow/lite/core/api/*",
        ),
    )
