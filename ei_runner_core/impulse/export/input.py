"""What an impulse looks at: images, time series, or tensors without a meaning of their own."""

from __future__ import annotations

from typing import Any, cast

from ...parameters import SensorType
from ..tree import DspBlock, FreeformInput, ImageInput, Input, TimeSeriesInput
from .facts import Facts
from .numbers import real, whole
from .sdk import RESIZE_MODES, word
from .source import Source

__all__ = ["read_input"]


def read_input(source: Source, facts: Facts, dsp: tuple[DspBlock, ...]) -> Input:
    """The input of an impulse; its images have the channels that the first block makes of them."""
    if not dsp:
        return FreeformInput()
    if whole(facts, "input_width", 0) and whole(facts, "input_height", 0):
        return _image(source, facts, dsp)
    return _time_series(facts)


def _image(source: Source, facts: Facts, dsp: tuple[DspBlock, ...]) -> ImageInput:
    mode = word(source.macro("EI_CLASSIFIER_RESIZE_MODE"), RESIZE_MODES) or "SQUASH"
    return ImageInput(
        width=whole(facts, "input_width"),
        height=whole(facts, "input_height"),
        channels=1 if dsp[0].config.get("channels") == "Grayscale" else 3,
        frames=max(whole(facts, "input_frames", 1), 1),
        resize_mode=cast(Any, mode.lower().replace("_", "-")),
    )


def _time_series(facts: Facts) -> TimeSeriesInput:
    samples = whole(facts, "raw_sample_count")
    slices = whole(facts, "slices_per_model_window", 4)
    sensor = SensorType(whole(facts, "sensor", -1))
    if sensor is SensorType.CAMERA:  # without a size in pixels
        sensor = SensorType.UNKNOWN
    return TimeSeriesInput(
        sensor=cast(Any, sensor.name.lower()),
        axes=_axes(facts),
        samples=samples,
        frequency=real(facts, "frequency", 0.0),
        slices_per_window=max(min(slices, samples), 1),
    )


def _axes(facts: Facts) -> tuple[str, ...]:
    count = whole(facts, "raw_samples_per_frame", 1)
    names = tuple(name.strip() for name in str(facts.get("fusion_string") or "").split(" + "))
    if len(names) == count and all(names):
        return names
    return tuple(f"axis {i}" for i in range(min(count, 2**16)))
