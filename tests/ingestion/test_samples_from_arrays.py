"""Samples from arrays: time series, images and sound."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import wave
from typing import Any

import cbor2
import numpy as np
import pytest

from ei_runner_core import InvalidInputError, LabeledBox, LabelSpan
from ei_runner_core.ingestion import (
    sample_from_array,
    sample_from_audio,
    sample_from_image,
    verify,
)

WALK = np.array([[1.5, 2], [3, 4], [5, 6]], dtype=np.float32)
AXES = ("x", ("y", "m/s2"))


def series(array: Any = WALK, **told: Any) -> Any:
    told = {"name": "walk.1", "sensors": AXES, "interval_ms": 10, **told}
    return sample_from_array(array, **told)


def test_an_array_becomes_a_sample_in_cbor() -> None:
    sample = series(label="walking", category="testing", metadata={"site": "home"})
    assert sample.filename == "walk.1.cbor"
    assert (sample.label, sample.category, sample.metadata) == (
        "walking",
        "testing",
        {"site": "home"},
    )
    payload = cbor2.loads(sample.content)["payload"]
    assert payload["sensors"] == [{"name": "x", "units": "N/A"}, {"name": "y", "units": "m/s2"}]
    assert payload["values"] == WALK.tolist()
    assert payload["interval_ms"] == 10


def test_an_array_becomes_a_sample_in_json() -> None:
    sample = series(form="json", name="walk.JSON")
    assert sample.filename == "walk.JSON"
    assert json.loads(sample.content)["payload"]["values"] == WALK.tolist()


def test_a_key_signs_the_sample() -> None:
    for form in ("json", "cbor"):
        assert verify(series(form=form, hmac_key="secret").content, "secret")


@pytest.mark.parametrize(("frequency", "interval"), [(100, 10), (62.5, 16), (60, 1000 / 60)])
def test_a_frequency_gives_the_interval(frequency: float, interval: float) -> None:
    sample = series(interval_ms=None, frequency=frequency, form="json")
    assert json.loads(sample.content)["payload"]["interval_ms"] == interval


def test_one_axis_may_be_a_flat_array() -> None:
    sample = series([1, 2, 3], sensors=["x"], form="json")
    assert json.loads(sample.content)["payload"]["values"] == [[1], [2], [3]]


def test_structured_labels_cover_all_rows() -> None:
    spans = [LabelSpan(0, 1, "a"), LabelSpan(2, 2, "b")]
    assert series(structured_labels=spans).structured_labels == tuple(spans)
    with pytest.raises(InvalidInputError, match="end at 1, expected 2"):
        series(structured_labels=spans[:1])


@pytest.mark.parametrize(
    ("told", "message"),
    [({"form": "xml"}, "form is 'xml'"), ({"interval_ms": None}, "either interval_ms or frequency"),
     ({"frequency": 1}, "either interval_ms or frequency"),
     ({"interval_ms": None, "frequency": 0}, "frequency is 0"), ({"sensors": ["x"]}, "shape"),
     ({"array": [[1, np.nan]]}, r"values\[0\]\[1\]")],
)  # fmt: skip
def test_what_is_wrong_is_named(told: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        series(**told)


def test_a_name_is_a_text() -> None:
    with pytest.raises(InvalidInputError, match="the name of a sample is 1"):
        series(name=1)


def test_an_image_becomes_a_png_with_the_same_pixels() -> None:
    images = pytest.importorskip("PIL.Image", reason="needs the extra images")
    pixels = np.random.default_rng(1).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    boxes = [LabeledBox("cat", 1, 2, 3, 4)]
    sample = sample_from_image(pixels[:, ::-1], name="cat.1", bounding_boxes=boxes)
    assert (sample.filename, sample.bounding_boxes) == ("cat.1.png", tuple(boxes))
    assert sample_from_image(pixels, name="cat.png").bounding_boxes is None
    with images.open(io.BytesIO(sample.content)) as image:
        np.testing.assert_array_equal(np.asarray(image), pixels[:, ::-1])


@pytest.mark.parametrize(
    "image", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8), []]
)
def test_other_arrays_are_no_images(image: Any) -> None:
    with pytest.raises(InvalidInputError, match="image"):
        sample_from_image(image, name="a")


def read_wav(content: bytes) -> tuple[int, int, int, np.ndarray]:
    with wave.open(io.BytesIO(content)) as file:
        frames = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return file.getnchannels(), file.getsampwidth(), file.getframerate(), frames


def test_sound_of_int16_is_kept() -> None:
    sound = np.array([[0, 1], [-32768, 32767]], np.int16)
    sample = sample_from_audio(sound, name="noise.wav", frequency=16000)
    assert sample.filename == "noise.wav"
    channels, width, frequency, frames = read_wav(sample.content)
    assert (channels, width, frequency) == (2, 2, 16000)
    np.testing.assert_array_equal(frames.reshape(-1, 2), sound)


def test_sound_of_floats_is_scaled() -> None:
    sample = sample_from_audio(np.array([0, 0.5, -1, 1.0]), name="n", frequency=8000)
    np.testing.assert_array_equal(read_wav(sample.content)[3], [0, 16384, -32768, 32767])


@pytest.mark.parametrize(
    ("sound", "frequency", "message"),
    [([0.0, 1.5], 8000, r"audio\[1\] is 1.5"), ([np.nan], 8000, r"audio\[0\] is nan"),
     ([], 8000, "shape"), ([[[0.0]]], 8000, "shape"), ([1, 2], 8000, "dtype int64"),
     ([0.0], 0, "frequency is 0"), ([0.0], 44.1, "frequency is 44.1")],
)  # fmt: skip
def test_other_arrays_are_no_sound(sound: Any, frequency: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        sample_from_audio(np.asarray(sound), name="n", frequency=frequency)


def test_the_package_is_light_until_a_name_is_used() -> None:
    code = (
        "import sys, ei_runner_core.ingestion as i\n"
        "assert not {'numpy', 'requests', 'cbor2', 'PIL', 'msgspec'} & set(sys.modules)\n"
        "assert all(getattr(i, name) for name in i.__all__)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"label": 5}, "the label is 5, expected a text"),
        ({"label": ("a", 5)}, "a label is 5, expected a text"),
        ({"label": {"a": 5}}, "'a' in the label is 5, expected a text"),
        ({"category": "train"}, "the category is 'train', expected one of training, "),
        ({"name": "q/b"}, "the file name 'q/b.cbor' has the form of a folder"),
        ({"metadata": {"site": 5}}, "'site' in the metadata is 5, expected a text"),
    ],
)
def test_what_could_not_be_sent_is_refused_at_once(told: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        series(**told)
