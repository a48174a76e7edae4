"""Samples from arrays of pixels and of sound."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..contract import Label, LabeledBox, Sample
from ..errors import InvalidInputError
from ._described import described

__all__ = ["sample_from_audio", "sample_from_image"]

_INT16 = np.iinfo(np.int16)
_FULL_SCALE = 32768


def sample_from_image(
    image: npt.NDArray[np.uint8],
    *,
    name: str,
    label: Label = None,
    category: str = "training",
    metadata: Mapping[str, str] | None = None,
    bounding_boxes: Iterable[LabeledBox] | None = None,
) -> Sample:
    """Make a sample of an image: a PNG, which keeps each pixel.

    Args:
        image: uint8, shape (height, width, 3) in RGB order.
        name: of the sample in the project; it gets the ending ``.png`` if that is missing.
        label: see :data:`ei_runner_core.Label`.
        category: as in :class:`ei_runner_core.Sample`.
        metadata: texts by name.
        bounding_boxes: the objects in the image; none given says nothing about objects.

    Raises:
        InvalidInputError: the array has another shape or dtype, or what is told cannot be sent.
        BackendUnavailableError: Pillow is not installed.
    """
    from ..images.loading import check_rgb, pillow

    check_rgb(image)
    if not image.size:
        raise InvalidInputError(f"the image array of shape {image.shape} is empty")
    held = io.BytesIO()
    pillow().fromarray(np.ascontiguousarray(image)).save(held, "PNG")
    return Sample(
        **described(name, ".png", label, category, metadata),
        content=held.getvalue(),
        bounding_boxes=None if bounding_boxes is None else tuple(bounding_boxes),
    )


def sample_from_audio(
    audio: npt.NDArray[Any],
    *,
    name: str,
    frequency: int,
    label: Label = None,
    category: str = "training",
    metadata: Mapping[str, str] | None = None,
) -> Sample:
    """Make a sample of sound: a WAV of 16 bits.

    Args:
        audio: int16, or floats from -1 to 1; shape (n,) or (n, channels).
        name: of the sample in the project; it gets the ending ``.wav`` if that is missing.
        frequency: how many values a second there are, a whole number.
        label: see :data:`ei_runner_core.Label`.
        category: as in :class:`ei_runner_core.Sample`.
        metadata: texts by name.

    Raises:
        InvalidInputError: the array has another shape, dtype or range, or something else that is
            told is wrong.
    """
    if int(frequency) != frequency or frequency < 1:
        raise InvalidInputError(f"the frequency is {frequency!r}, expected whole hertz above 0")
    pulses = _int16(np.asarray(audio))
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(pulses.shape[1] if pulses.ndim == 2 else 1)
        file.setsampwidth(2)
        file.setframerate(int(frequency))
        file.writeframes(pulses.astype("<i2").tobytes())
    return Sample(**described(name, ".wav", label, category, metadata), content=held.getvalue())


def _int16(audio: npt.NDArray[Any]) -> npt.NDArray[np.int16]:
    if audio.ndim not in (1, 2) or not audio.size:
        raise InvalidInputError(
            f"the audio has the shape {audio.shape}, expected (n,) or (n, channels)"
        )
    if audio.dtype == np.int16:
        return audio
    if audio.dtype.kind != "f":
        raise InvalidInputError(f"the audio has the dtype {audio.dtype}, expected int16 or floats")
    outside = np.argwhere(~(np.abs(audio) <= 1))  # NaN is outside, too
    if len(outside):
        at = tuple(map(int, outside[0]))
        raise InvalidInputError(
            f"audio{list(at)} is {audio[at]}, expected floats from -1 to 1; scale them first"
        )
    scaled = np.rint(audio.astype(np.float64) * _FULL_SCALE)
    return np.clip(scaled, _INT16.min, _INT16.max).astype(np.int16)
