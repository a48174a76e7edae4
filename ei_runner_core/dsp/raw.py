"""The block ``raw``: the window itself, scaled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..contract import BlockContext
from ..fields import number, read_fields
from .block import IGNORED_FIELDS, Block, FloatArray, sample_count

__all__ = ["Raw"]

_FIELDS = {"scale_axes": number(1.0)}


class Raw(Block):
    """Copies the window times ``scale_axes`` (default 1).

    The impulse may declare fewer outputs than the window has values; then the first ones are
    taken. What ``extract_into`` has no value for is set to 0.
    """

    def __init__(self, config: Mapping[str, Any], context: BlockContext) -> None:
        fields = read_fields("raw block", config, _FIELDS, IGNORED_FIELDS)
        self._scale = np.float32(fields["scale_axes"])
        is_harmless = 0 < abs(self._scale) <= 1  # silencing NumPy takes as long as the product
        self._multiply: Callable[..., Any] = np.multiply if is_harmless else _multiply_quietly
        self._axes = context.axis_count
        self._limit = context.n_outputs

    def output_size(self, length: int) -> int:
        """One feature a value, up to the number that the impulse declares."""
        sample_count(length, self._axes)
        return length if self._limit is None else min(length, self._limit)

    def extract_into(self, window: FloatArray, out: FloatArray) -> None:
        """See :meth:`Block.extract_into`."""
        size = self.output_size(window.size)
        if size == out.size == window.size:
            self._multiply(window, self._scale, out)
            return
        size = min(size, out.size)
        self._multiply(window[:size], self._scale, out[:size])
        out[size:] = 0


@np.errstate(all="ignore")
def _multiply_quietly(window: FloatArray, scale: np.float32, out: FloatArray) -> None:
    """What overflows is infinite in the SDK too."""
    np.multiply(window, scale, out)
