"""What reaches the network: layouts, dtypes, scalings and several inputs, seen by a recorder."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from ei_runner_core import ModelFormatError, TensorSession, TensorSpec, UnsupportedModelError, dsp
from ei_runner_core.impulse import (
    DspBlock,
    ImageInput,
    Impulse,
    NetworkBlock,
    Normalization,
    PostProcessingBlock,
    TimeSeriesInput,
)
from ei_runner_core.pipeline import TensorImpulse

RGB = np.random.default_rng(0).integers(0, 256, (2, 3, 3), np.uint8)
WINDOW = (RGB[..., 0].astype(np.uint32) << 16) | (RGB[..., 1].astype(np.uint32) << 8) | RGB[..., 2]
WINDOW = WINDOW.astype(np.float32).ravel()
LEVELS = RGB.astype(np.float32) / np.float32(255)


class Recorder(TensorSession):
    """Keeps what it is given, and answers with two scores."""

    def __init__(self, *inputs: TensorSpec) -> None:
        self.inputs = inputs
        self.outputs = (TensorSpec("scores", (1, 2), "float32"),)
        self.seen: list[np.ndarray] = []

    def run(self, inputs):
        assert all(array.flags.c_contiguous for array in inputs)
        assert [a.dtype.name for a in inputs] == [spec.dtype for spec in self.inputs]
        self.seen = [array.copy() for array in inputs]
        return (np.zeros((1, 2), np.float32),)

    def close(self):
        self.seen = []


def image_impulse(**network) -> Impulse:
    return Impulse(
        input=ImageInput(width=3, height=2),
        labels=("a", "b"),
        dsp=(DspBlock(id=1, type="image", outputs=18, config={"channels": "RGB"}),),
        learn=(NetworkBlock(id=2, inputs=(1,), files=("net",), **network),),
        postprocessing=(PostProcessingBlock(id=3, type="classification", input=2),),
    )


def series_impulse(*blocks: DspBlock) -> Impulse:
    return Impulse(
        input=TimeSeriesInput(sensor="fusion", axes=("x", "y"), samples=3),
        labels=("a", "b"),
        dsp=blocks,
        learn=(NetworkBlock(id=9, inputs=tuple(b.id for b in blocks), files=("net",)),),
        postprocessing=(PostProcessingBlock(id=10, type="classification", input=9),),
    )


def seen_by(impulse: Impulse, window: np.ndarray, *specs: TensorSpec) -> list[np.ndarray]:
    recorder = Recorder(*specs)
    session = TensorImpulse(impulse, {impulse.learn[0].id: recorder})
    session.classify(window.astype(np.float32))
    return recorder.seen


@pytest.mark.parametrize("shape", [(1, 2, 3, 3), (-1, 2, 3, 3), (2, 3, 3), (1, 18), (-1, 18)])
def test_channels_come_last_in_the_order_of_the_features(shape):
    [tensor] = seen_by(image_impulse(), WINDOW, TensorSpec("x", shape, "float32"))
    assert tensor.shape == tuple(abs(length) for length in shape)
    np.testing.assert_array_equal(tensor.ravel(), LEVELS.ravel())


@pytest.mark.parametrize("layout", ["auto", "nchw"])
def test_channels_come_first_where_the_tensor_has_them_first(layout):
    spec = TensorSpec("x", (1, 3, 2, 3), "float32")
    [tensor] = seen_by(image_impulse(layout=layout), WINDOW, spec)
    np.testing.assert_array_equal(tensor[0], LEVELS.transpose(2, 0, 1))


def test_bytes_go_straight_to_int8_also_with_channels_first():
    for shape, expected in (((1, 2, 3, 3), RGB), ((1, 3, 2, 3), RGB.transpose(2, 0, 1))):
        spec = TensorSpec("x", shape, "int8", 0.003921568859368563, -128)
        [tensor] = seen_by(image_impulse(), WINDOW, spec)
        np.testing.assert_array_equal(tensor[0], expected.astype(int) - 128)


def test_uint8_networks_get_quantised_features():
    spec = TensorSpec("x", (1, 3, 2, 3), "uint8", 0.01, 3)
    [tensor] = seen_by(image_impulse(), WINDOW, spec)
    expected = dsp.quantize(LEVELS, 0.01, 3, "uint8").transpose(2, 0, 1)
    np.testing.assert_array_equal(tensor[0], expected)


def test_images_are_scaled_as_the_network_was_trained():
    spec = TensorSpec("x", (1, 2, 3, 3), "float32")
    [tensor] = seen_by(image_impulse(image_scaling="MIN1_1"), WINDOW, spec)
    np.testing.assert_array_equal(tensor[0], LEVELS * np.float32(2) - np.float32(1))


@pytest.mark.parametrize(("layout", "shape"), [("nchw", (1, 2, 3, 3)), ("nhwc", (1, 3, 2, 3))])
def test_a_declared_layout_that_the_tensor_has_not_is_refused(layout, shape):
    with pytest.raises(ModelFormatError, match=f"declares the layout {layout}"):
        seen_by(image_impulse(layout=layout), WINDOW, TensorSpec("x", shape, "float32"))


SERIES = np.arange(6)
RAW = DspBlock(id=1, type="raw", outputs=6)
LAST_AXIS = DspBlock(id=2, type="raw", outputs=3, axes=(1,), config={"scale_axes": 10})


def test_the_features_of_all_blocks_share_one_tensor():
    [tensor] = seen_by(series_impulse(RAW, LAST_AXIS), SERIES, TensorSpec("x", (1, 9), "float32"))
    assert tensor.tolist() == [[0, 1, 2, 3, 4, 5, 10, 30, 50]]


def test_each_block_has_its_own_tensor_where_there_are_as_many():
    specs = TensorSpec("a", (1, 6), "float32"), TensorSpec("b", (3,), "int8", 2.0, 1)
    first, second = seen_by(series_impulse(RAW, LAST_AXIS), SERIES, *specs)
    assert first.tolist() == [[0, 1, 2, 3, 4, 5]]
    assert second.tolist() == [6, 16, 26]


def test_blocks_are_taken_in_the_order_that_the_network_lists():
    impulse = series_impulse(LAST_AXIS, RAW)
    [tensor] = seen_by(impulse, SERIES, TensorSpec("x", (9,), "float32"))
    assert tensor.tolist() == [10, 30, 50, 0, 1, 2, 3, 4, 5]


def test_the_network_may_list_the_blocks_in_another_order_than_they_stand():
    impulse = series_impulse(RAW, LAST_AXIS)
    swapped = replace(impulse, learn=(replace(impulse.learn[0], inputs=(2, 1)),))
    [tensor] = seen_by(swapped, SERIES, TensorSpec("x", (9,), "float32"))
    assert tensor.tolist() == [10, 30, 50, 0, 1, 2, 3, 4, 5]


def test_features_are_normalised_behind_their_block():
    scaler = Normalization(mean=(1, 3, 5), scale=(2, 2, 2))
    block = DspBlock(id=2, type="raw", outputs=3, axes=(1,), normalization=scaler)
    [tensor] = seen_by(series_impulse(block), SERIES, TensorSpec("x", (1, 3), "float32"))
    assert tensor.tolist() == [[0, 0, 0]]


@pytest.mark.parametrize(
    ("specs", "error", "message"),
    [
        ((("a", 5), ("b", 4)), ModelFormatError, r"has the shape \(1, 5\)"),
        ((("a", 3), ("b", 3), ("c", 3)), ModelFormatError, "has 3 input tensors"),
    ],
)
def test_tensors_that_do_not_suit_the_blocks_are_refused(specs, error, message):
    tensors = [TensorSpec(name, (1, length), "float32") for name, length in specs]
    with pytest.raises(error, match=message):
        seen_by(series_impulse(RAW, LAST_AXIS), SERIES, *tensors)


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        (TensorSpec("x", (1, 6), "int16", 0.1), UnsupportedModelError, "dtype int16"),
        (TensorSpec("x", (1, 6), "int8"), ModelFormatError, "int8 without a scale"),
        (TensorSpec("x", (-1, -1, 4), "float32"), ModelFormatError, "has the shape"),
    ],
)
def test_dtypes_and_shapes_that_an_impulse_cannot_feed_are_refused(spec, error, message):
    with pytest.raises(error, match=message):
        seen_by(series_impulse(RAW), SERIES, spec)
