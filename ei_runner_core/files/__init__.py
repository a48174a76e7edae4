"""Reading windows from files: pictures, arrays, tables of numbers, JSON documents and sound.

:func:`read_window` turns the content of one file into what a model takes: a
:class:`FeatureWindow`, an :class:`ImageWindow` or, for a model without fixed meaning, a
:class:`TensorWindow`.
"""

from .formats import SUFFIXES
from .inputs import FeatureWindow, ImageWindow, TensorWindow, WindowInput
from .numbers import parse_features
from .reading import MAX_BYTES, MAX_TEXT_BYTES, fit_window, read_window

__all__ = [
    "MAX_BYTES",
    "MAX_TEXT_BYTES",
    "SUFFIXES",
    "FeatureWindow",
    "ImageWindow",
    "TensorWindow",
    "WindowInput",
    "fit_window",
    "parse_features",
    "read_window",
]
