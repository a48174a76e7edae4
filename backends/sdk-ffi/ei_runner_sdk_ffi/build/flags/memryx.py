"""MemryX' accelerators, or their simulation, which is a Python library."""

from __future__ import annotations

from .akida import gemmlowp
from .parts import Context, Part
from .python import embedded_python

__all__ = ["memryx"]


def memryx(context: Context) -> tuple[Part, ...]:
    """MemryX' library or an embedded Python, besides full TensorFlow Lite."""
    if not context.options.use_memryx:
        return ()
    headers = gemmlowp(context)
    if not context.options.ei_classifier_use_memryx_software:
        return (headers, Part(link=("-lmemx",)))
    software = Part(defines=("-DEI_CLASSIFIER_USE_MEMRYX_SOFTWARE=1",))
    return (headers, software, *embedded_python(context))
