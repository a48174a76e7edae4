"""TensorFlow's own operators in full TensorFlow Lite."""

from __future__ import annotations

from .library_folder import library_folder
from .parts import Context, Need, Part

__all__ = ["flex"]

_NAME = "tensorflowlite_flex_2.16.1"


def flex(context: Context) -> Part | None:
    """The library with these operators."""
    if not context.options.link_tflite_flex_library:
        return None
    folder = library_folder(context.export.root, context.options, context.target)
    library = folder / f"lib{_NAME}{context.target.library_suffix}"
    return Part(
        link=(f"-l{_NAME}",),
        needs=(Need(library, "the flex delegate, for LINK_TFLITE_FLEX_LIBRARY"),),
    )
