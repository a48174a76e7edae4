"""Qualcomm's QNN delegate of full TensorFlow Lite."""

from __future__ import annotations

from .parts import Context, Need, Part

__all__ = ["FOLDERS", "qnn"]

FOLDERS = {
    "linux-aarch64": "lib/aarch64-ubuntu-gcc9.4",
    "linux-x86_64": "lib/x86_64-linux-clang",
}


def qnn(context: Context) -> Part | None:
    """Headers and delegate below ``QNN_SDK_ROOT``."""
    root = context.options.qnn_sdk_root
    if not context.options.use_qualcomm_qnn or root is None:
        return None
    folder = root / FOLDERS[context.target.name]
    return Part(
        defines=("-DEI_CLASSIFIER_USE_QNN_DELEGATES",),
        includes=(f"-I{root / 'include'}", f"-I{context.sdk}"),
        link=(f"-L{folder}", "-lQnnTFLiteDelegate"),
        needs=(
            Need(
                folder / "libQnnTFLiteDelegate.so",
                "Qualcomm's delegate, for USE_QUALCOMM_QNN; set QNN_SDK_ROOT to its SDK",
            ),
        ),
    )
