"""Documents in Edge Impulse's data acquisition format: time series of one or more sensors."""

from __future__ import annotations

import json
import math
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from .._optional import need
from ..errors import InvalidInputError
from ._json_text import json_text
from ._texts import check_text
from .signing import ALGORITHM, UNSIGNED, sign

if TYPE_CHECKING:
    from .._http.secrets import Secret

__all__ = ["DEVICE_TYPE", "AcquisitionDocument"]

DEVICE_TYPE = "EI_RUNNER"

NonFinite = Literal["refuse", "null"]


class AcquisitionDocument(Struct, frozen=True, kw_only=True, eq=False):
    """A time series.

    ``sensors`` has the name and the unit of each axis; a unit is one of SenML, such as ``"m/s2"``,
    or ``"N/A"``. ``interval_ms`` is the time between two rows in milliseconds. ``values`` has the
    shape (n, axes), or (n,) where there is one axis, and real numbers. ``device_name`` identifies
    the device, such as by its MAC address. ``iat`` is when it was signed, in seconds since 1970;
    without it the same values always give the same bytes, so that a sample is known again.
    """

    sensors: tuple[tuple[str, str], ...]
    interval_ms: float
    values: Any
    device_name: str | None = None
    device_type: str = DEVICE_TYPE
    iat: float | None = None

    def to_json(
        self,
        key: str | Secret | None = None,
        *,
        non_finite: NonFinite = "refuse",
        style: Literal["javascript", "python"] = "javascript",
    ) -> bytes:
        """The document as JSON.

        Args:
            key: the HMAC key that signs it; without one its algorithm is ``none``.
            non_finite: ``"null"`` writes null for NaN and infinite values, which JSON cannot hold.
            style: ``"javascript"`` is compact, in UTF-8, with numbers as JavaScript writes them;
                ``"python"`` is what ``json.dumps`` makes.

        Raises:
            InvalidInputError: a field is wrong, or a value is not finite.
        """
        document = self._fields(key, non_finite)
        text = json_text(document) if style == "javascript" else json.dumps(document)
        return _signed(text.encode(), key)

    def to_cbor(
        self, key: str | Secret | None = None, *, non_finite: NonFinite = "refuse"
    ) -> bytes:
        """The document as CBOR: each number in its shortest form that is exact.

        Args:
            key: the HMAC key that signs it; without one its algorithm is ``none``.
            non_finite: ``"null"`` writes null for NaN and infinite values.

        Raises:
            InvalidInputError: a field is wrong, or a value is not finite.
            BackendUnavailableError: cbor2 is not installed.
        """
        dumps = need("cbor2", "the data acquisition format as CBOR", "cbor").dumps
        document = self._fields(key, non_finite)
        # Fields in the order of the devices, which also spares a reader the values on the way to
        # the signature: the canonical form would have it last.
        fields = (dumps(part, canonical=True) for field in document.items() for part in field)
        return _signed(bytes([_CBOR_MAP + len(document)]) + b"".join(fields), key)

    def _fields(self, key: str | Secret | None, non_finite: NonFinite) -> dict[str, Any]:
        self._check()
        values = _rows(self.values, len(self.sensors))
        protected = {"ver": "v1", "alg": "none" if key is None else ALGORITHM}
        device = {} if self.device_name is None else {"device_name": self.device_name}
        return {
            "protected": protected if self.iat is None else {**protected, "iat": _plain(self.iat)},
            "signature": UNSIGNED,
            "payload": {
                **device,
                "device_type": self.device_type,
                "interval_ms": _plain(self.interval_ms),
                "sensors": [{"name": name, "units": unit} for name, unit in self.sensors],
                "values": _finite(values, non_finite).tolist(),
            },
        }

    def _check(self) -> None:
        if not self.sensors:
            raise InvalidInputError("the document has no sensors, expected one for each axis")
        texts = [text for sensor in self.sensors for text in sensor]
        for text in (*texts, self.device_type, self.device_name or ""):
            check_text(text, "a name, a unit or a device")
        if not (_is_number(self.interval_ms) and self.interval_ms > 0):
            raise InvalidInputError(
                f"interval_ms is {self.interval_ms!r}, expected milliseconds above 0"
            )
        if not (self.iat is None or _is_number(self.iat)):
            raise InvalidInputError(f"iat is {self.iat!r}, expected seconds since 1970")


_CBOR_MAP = 0xA0


def _is_number(value: Any) -> bool:
    is_real = isinstance(value, Real) and not isinstance(value, bool)
    return is_real and math.isfinite(value)


def _plain(value: Any) -> int | float:
    """A number of Python, as encoders know them."""
    return int(value) if isinstance(value, Integral) else float(value)


def _rows(values: Any, axes: int) -> npt.NDArray[Any]:
    """Shape (n, axes)."""
    array = np.asarray(values)
    if array.dtype.kind not in "iuf":
        raise InvalidInputError(
            f"the values have the dtype {array.dtype}, expected integers or floats"
        )
    if array.ndim == 1 and (axes == 1 or not array.size):
        array = array.reshape(array.size, axes)
    if array.ndim != 2 or array.shape[1] != axes:
        raise InvalidInputError(
            f"the values have the shape {np.shape(values)}, expected (n, {axes}) for {axes} sensors"
        )
    return array.astype(np.float64) if array.dtype.itemsize > 8 else array


def _finite(values: npt.NDArray[Any], non_finite: NonFinite) -> npt.NDArray[Any]:
    if values.dtype.kind != "f":
        return values
    is_finite = np.isfinite(values)
    if is_finite.all():
        return values
    if non_finite == "null":
        listed = values.astype(object)
        listed[~is_finite] = None
        return listed
    row, axis = np.argwhere(~is_finite)[0]
    raise InvalidInputError(
        f"values[{row}][{axis}] is {values[row, axis]}, expected a finite number; take it out, or "
        'let null stand for it with non_finite="null"'
    )


def _signed(document: bytes, key: str | Secret | None) -> bytes:
    return document if key is None else sign(document, key)
