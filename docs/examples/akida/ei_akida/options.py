"""The options of the backend: checked once, before anything is loaded."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

from ei_runner_core.authoring import read_choice, read_options

__all__ = ["CHIPS", "SOFTWARE", "Options"]

SOFTWARE = -1
CHIPS = ("AKD1000", "AKD1500")
_DEVICE = re.compile(r"software|hardware(?::(\d{1,3}))?")


@dataclass(frozen=True)
class Options:
    """How a network is opened.

    ``device``: the number of the chip in this machine, or SOFTWARE.
    ``allow_cpu``: whether layers that the chip does not take may run in software.
    ``fits_on``: the chip that has to take all layers, whatever runs them here.
    ``softmax``: whether scores are made of the potentials of the last layer.
    ``input_scale``: the real number that 1 stands for at the input; None follows its bits.
    """

    device: int = SOFTWARE
    allow_cpu: bool = False
    fits_on: str = ""
    softmax: bool = True
    input_scale: float | None = None

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> Options:
        """Check what the user passed; None stands for the default of every option.

        Raises:
            InvalidInputError: an option is unknown or has a wrong value.
        """
        return cls(**read_options("akida", options, _READERS))


def _device(value: object) -> int:
    match = _DEVICE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("'software', 'hardware' or, for another chip than the first, 'hardware:1'")
    return SOFTWARE if match[0] == "software" else int(match[1] or 0)


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _scale(value: object) -> float:
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not 0 < float(value) < math.inf:  # type: ignore[arg-type]
        raise ValueError("a number above 0")
    return float(value)  # type: ignore[arg-type]


_READERS = {
    "device": _device,
    "allow_cpu": _truth,
    "fits_on": read_choice(*CHIPS),
    "softmax": _truth,
    "input_scale": _scale,
}
