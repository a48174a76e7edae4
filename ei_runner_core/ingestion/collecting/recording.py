"""Cutting a stream of readings into samples."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

from ...contract import Label, Sample
from ...errors import InvalidInputError
from .lines import Readings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..._http import Secret

__all__ = ["Recording", "recorded"]

_WIDEST_GAP = 2.0
"""In usual intervals; a wider one means that readings were lost."""


class Recording(Struct, frozen=True, kw_only=True):
    """How samples are made of a stream.

    ``readings`` is the length of a sample, ``step`` how many readings later the next one begins
    (less than ``readings``: they overlap). ``interval_ms`` of None takes it from the time stamps
    of each window. ``units`` has the SenML unit of each axis, ``"N/A"`` where it is missing.
    Names of samples are made of ``name`` and a number. ``form`` is ``"json"`` or ``"cbor"``.
    """

    readings: int
    step: int | None = None
    interval_ms: float | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    name: str = "sample"
    label: Label = None
    category: str = "training"
    metadata: Mapping[str, str] = field(default_factory=dict)
    form: str = "json"
    hmac_key: Secret | None = None
    device_name: str | None = None


def recorded(
    readings: Readings, recording: Recording, on_rest: Callable[[int], object] | None = None
) -> Iterator[Sample]:
    """The samples of a stream, as soon as each is complete.

    Args:
        readings: the stream.
        recording: how it is cut.
        on_rest: called at the end of the stream with the number of readings that are in no sample,
            as the last one is not complete.

    Raises:
        InvalidInputError: a length is not positive, an interval is unknown, or a line is bad.
    """
    _check(readings, recording)
    step = recording.step or recording.readings
    window: list[tuple[float | None, tuple[float, ...]]] = []
    numbers = itertools.count(1)
    skip, known = 0, 0  # how many are to be left out, and how many in the window were in a sample
    for row in readings.rows:
        if skip:
            skip -= 1
            continue
        window.append(row)
        if len(window) == recording.readings:
            yield _sample(window, readings.axes, recording, next(numbers))
            del window[:step]
            skip, known = max(0, step - recording.readings), len(window)
    if on_rest is not None:
        on_rest(len(window) - known)


def _check(readings: Readings, recording: Recording) -> None:
    for name, value in (("readings", recording.readings), ("step", recording.step)):
        if value is not None and value < 1:
            raise InvalidInputError(f"{name} is {value}, expected 1 or more")
    interval = recording.interval_ms
    if interval is not None and not (math.isfinite(interval) and interval > 0):
        raise InvalidInputError(f"the interval is {interval} ms, expected more than 0")
    unknown = [axis for axis in recording.units if axis not in readings.axes]
    if unknown:
        raise InvalidInputError(
            f"there is a unit for the axis {unknown[0]!r}; the stream has the axes "
            f"{', '.join(readings.axes)}"
        )


def _sample(
    window: Sequence[tuple[float | None, tuple[float, ...]]],
    axes: tuple[str, ...],
    recording: Recording,
    number: int,
) -> Sample:
    import numpy as np

    from .. import sample_from_array

    return sample_from_array(
        np.array([values for _, values in window], dtype=np.float64),
        name=f"{recording.name}.{number:05}",
        interval_ms=recording.interval_ms or _interval(window),
        sensors=[(axis, recording.units.get(axis, "N/A")) for axis in axes],
        label=recording.label,
        category=recording.category,
        metadata=recording.metadata,
        form=recording.form,
        hmac_key=recording.hmac_key,
        device_name=recording.device_name,
    )


def _interval(window: Sequence[tuple[float | None, tuple[float, ...]]]) -> float:
    """The time between readings in ms, by their stamps."""
    first, last = window[0][0], window[-1][0]
    if first is None or last is None or len(window) < 2:
        raise InvalidInputError(
            "the stream does not tell the time between its readings: give the interval in ms or "
            "the frequency in Hz, or a column timestamp in ms"
        )
    stamps = [math.nan if stamp is None else stamp for stamp, _ in window]
    gaps = [later - earlier for earlier, later in itertools.pairwise(stamps)]
    usual = sorted(gaps)[(len(gaps) - 1) // 2]
    for earlier, gap in zip(stamps, gaps, strict=False):
        if not 0 < gap <= _WIDEST_GAP * usual:
            raise InvalidInputError(
                f"a reading at {earlier + gap} ms follows one at {earlier} ms, in a window of "
                f"{usual:g} ms from reading to reading: a sample has one interval; mend the "
                "stream, or give the interval or frequency yourself"
            )
    return (last - first) / len(gaps)
