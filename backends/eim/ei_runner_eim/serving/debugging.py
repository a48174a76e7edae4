"""What a request with ``"debug": true`` shows to whoever reads the server's output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .streams import say

if TYPE_CHECKING:
    from ei_runner_core import InferenceResult

__all__ = ["show_inference"]

_SHOWN_VALUES = 64


def show_inference(window: npt.NDArray[np.float32], result: InferenceResult) -> None:
    """Tell what went in and what came out."""
    with np.printoptions(threshold=_SHOWN_VALUES, precision=5, linewidth=200):
        say(f"Features ({window.size} values): {window}")
    say(f"Result: {result!r}")
