"""Samples from arrays of numbers: time series."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..contract import Label, LabelSpan, Sample
from ..errors import InvalidInputError
from ._described import described
from .acquisition import DEVICE_TYPE, AcquisitionDocument, NonFinite

if TYPE_CHECKING:
    from .._http.secrets import Secret

__all__ = ["sample_from_array"]


def sample_from_array(
    array: npt.ArrayLike,
    *,
    name: str,
    sensors: Iterable[str | tuple[str, str]],
    interval_ms: float | None = None,
    frequency: float | None = None,
    label: Label = None,
    category: str = "training",
    metadata: Mapping[str, str] | None = None,
    structured_labels: Iterable[LabelSpan] = (),
    form: str = "cbor",
    hmac_key: str | Secret | None = None,
    device_name: str | None = None,
    device_type: str = DEVICE_TYPE,
    non_finite: NonFinite = "refuse",
) -> Sample:
    """Make a sample of a time series.

    Args:
        array: real numbers, shape (n, axes), or (n,) where there is one axis.
        name: of the sample in the project; it gets the ending of its form if that is missing.
        sensors: the name of each axis, or its name and unit; the unit is ``"N/A"`` without one.
        interval_ms: the time between two rows in milliseconds; either this
        frequency: or this, in hertz.
        label: see :data:`ei_runner_core.Label`.
        category: as in :class:`ei_runner_core.Sample`.
        metadata: texts by name.
        structured_labels: labels of spans; together they cover all n rows.
        form: ``"cbor"`` is smaller and needs the extra ``cbor``; ``"json"`` can be read.
        hmac_key: signs the sample.
        device_name: identifies the device.
        device_type: what kind of device it is.
        non_finite: ``"null"`` writes null for NaN and infinite values instead of refusing them.

    Raises:
        InvalidInputError: the array has another shape or dtype or is not finite; or something else
            is wrong with an argument, which the message names.
        BackendUnavailableError: cbor2 is not installed.
    """
    if form not in ("cbor", "json"):
        raise InvalidInputError(f"the form is {form!r}, expected 'cbor' or 'json'")
    document = AcquisitionDocument(
        sensors=tuple((one, "N/A") if isinstance(one, str) else one for one in sensors),
        interval_ms=_interval(interval_ms, frequency),
        values=array,
        device_name=device_name,
        device_type=device_type,
    )
    encode = document.to_cbor if form == "cbor" else document.to_json
    content = encode(hmac_key, non_finite=non_finite)
    told = described(name, f".{form}", label, category, metadata)
    spans = tuple(structured_labels)
    _check_end(spans, len(np.asarray(array)))
    return Sample(**told, content=content, structured_labels=spans)


def _interval(interval_ms: float | None, frequency: float | None) -> float:
    if (interval_ms is None) == (frequency is None):
        raise InvalidInputError("give either interval_ms or frequency")
    if frequency is None:
        return interval_ms  # type: ignore[return-value]
    if not frequency > 0:
        raise InvalidInputError(f"the frequency is {frequency!r}, expected hertz above 0")
    interval = 1000 / frequency
    return int(interval) if interval == int(interval) else interval


def _check_end(spans: tuple[LabelSpan, ...], rows: int) -> None:
    if spans and max(span.end for span in spans) != rows - 1:
        raise InvalidInputError(
            f"the structured labels end at {max(span.end for span in spans)}, expected {rows - 1}: "
            f"they cover all {rows} rows"
        )
