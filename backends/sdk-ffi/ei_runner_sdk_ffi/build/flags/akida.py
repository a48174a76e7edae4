"""BrainChip's Akida: a Python library, called from C++ through an embedded interpreter."""

from __future__ import annotations

from .parts import Context, Part
from .python import embedded_python

__all__ = ["akida", "gemmlowp"]


def akida(context: Context) -> tuple[Part, ...]:
    """What embedding Python takes, besides full TensorFlow Lite."""
    if not context.options.use_akida:
        return ()
    return (gemmlowp(context), *embedded_python(context))


def gemmlowp(context: Context) -> Part:
    """The headers of integer arithmetic that the SDK brings for these engines."""
    return Part(includes=(f"-I{context.sdk}/third_party/gemmlowp",))
