"""How a network is quantised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ei_runner_core.authoring import read_choice, read_options

__all__ = ["QdqSettings"]


@dataclass(frozen=True)
class QdqSettings:
    """What the user may choose.

    ``activation``: the type of what flows through the network, ``"uint8"`` or ``"uint16"``.
    ``weight``: the type of the weights, ``"uint8"`` or ``"int8"``.
    ``per_channel``: whether each channel of a convolution has a scale of its own; its weights are
    ``int8`` then, whatever ``weight`` says: CPUs take no others.
    ``calibration``: how the range of values is found, ``"minmax"``, ``"entropy"`` or
    ``"percentile"``.
    """

    activation: str = "uint8"
    weight: str = "uint8"
    per_channel: bool = False
    calibration: str = "minmax"

    @classmethod
    def parse(cls, **settings: Any) -> QdqSettings:
        """Check what the user passed.

        Raises:
            InvalidInputError: a value is none of those that there are.
        """
        return cls(**read_options("quantize", settings, _READERS))


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


_READERS = {
    "activation": read_choice("uint8", "uint16"),
    "weight": read_choice("uint8", "int8"),
    "per_channel": _switch,
    "calibration": read_choice("minmax", "entropy", "percentile"),
}
