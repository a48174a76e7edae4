"""Damage in TensorFlow Lite files, whose reader follows whatever they point at."""

from __future__ import annotations

import math
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ei_runner_core import EdgeImpulseError, ModelFormatError

from .messages import reason, shortened
from .networks import import_errors
from .tflite_tensors import DTYPES

__all__ = ["check_sizes", "is_damage", "reading"]

_READER = "flatbuffers"


@contextmanager
def reading(name: str, size: int) -> Iterator[None]:
    """Take all that fails in here for damage of the file, except for errors that tell more.

    Args:
        name: what messages call the file.
        size: its length in bytes.

    Raises:
        ModelFormatError: something failed.
    """
    try:
        yield
    except EdgeImpulseError:
        raise
    except import_errors() as error:
        raise _damaged(name, _problem(error, size)) from error


def is_damage(error: BaseException) -> bool:
    """Whether an error of TVM's frontend is one of the file, and no lack of the frontend."""
    return _leads_out(error) or isinstance(error, UnicodeDecodeError)


def check_sizes(model: Any, graph: Any, name: str) -> None:
    """Refuse constants that are larger or smaller than their shape tells.

    Args:
        model: the file.
        graph: its graph that is compiled.
        name: what messages call the file.

    Raises:
        ModelFormatError: there is one.
    """
    for tensor in map(graph.Tensors, range(graph.TensorsLength())):
        found = model.Buffers(tensor.Buffer()).DataLength()
        dtype = DTYPES.get(tensor.Type())
        if not found or dtype is None or tensor.Sparsity():
            continue
        shape = [tensor.Shape(index) for index in range(tensor.ShapeLength())]
        expected = math.prod(shape) * np.dtype(dtype).itemsize
        if found != expected:
            shown = shortened(repr((tensor.Name() or b"").decode("utf-8", "replace")), 200)
            raise _damaged(
                name,
                f"the tensor {shown} has {found} bytes, expected {expected} for {dtype} of the "
                f"shape {shortened(str(tuple(shape)), 200)}",
            )


def _problem(error: Exception, size: int) -> str:
    if _leads_out(error):
        return f"it ends after {size} bytes, but points beyond that"
    if isinstance(error, UnicodeDecodeError):
        return "one of its names is no UTF-8"
    return reason(error)


def _leads_out(error: BaseException) -> bool:
    """Whether the reader raised it, which fails only where there is nothing to read."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return str(frames[-1].f_globals.get("__name__")).partition(".")[0] == _READER


def _damaged(name: str, problem: str) -> ModelFormatError:
    return ModelFormatError(
        f"{name} is a damaged TensorFlow Lite network: {problem}; copy or export it again"
    )
