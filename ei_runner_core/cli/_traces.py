"""A signal in one line of a terminal: how strong it is over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from rich.text import Text

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["trace"]

BARS = " ▁▂▃▄▅▆▇█"
ASCII = " .:-=+*#%@"
WIDTH = 24


def trace(values: npt.NDArray[Any], encoding: str) -> Text:
    """The strength of a window over time, one character for each part, the strongest at full scale.

    Args:
        values: shape (samples, axes).
        encoding: of the terminal; other than UTF, it gets ASCII.
    """
    ramp = BARS if encoding.lower().startswith("utf") else ASCII
    power = np.square(values - values.mean(axis=0), dtype=np.float64).sum(axis=1)
    parts = np.array_split(power, min(WIDTH, len(power)))
    levels = np.sqrt([part.mean() for part in parts])
    steps = np.ceil(levels / max(levels.max(), 1e-9) * (len(ramp) - 1)).astype(int)
    return Text("".join(ramp[step] for step in steps.tolist()))
