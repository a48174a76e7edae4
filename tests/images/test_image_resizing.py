from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_core import BackendUnavailableError, InvalidInputError
from ei_runner_core.images import pack, resize
from ei_runner_core.images.geometry import ANCHORS, RESIZE_MODES
from ei_runner_core.images.resizing import KERNELS

pytest.importorskip("PIL.Image", reason="needs the extra images")

SIDES = st.integers(1, 40)
ROWS = np.arange(5, dtype=np.uint8)[:, None, None].repeat(7, 1).repeat(3, 2)


def picture(width, height):
    """Gradients, waves and a red block; what sharp.npz was computed from."""
    y, x = np.mgrid[0:height, 0:width]
    planes = (x * 255 / width, y * 255 / height, 127 + 120 * np.sin(x / 5 + y / 9))
    rgb = np.stack(planes, -1).astype(np.uint8)
    rgb[height // 4 : height // 2, width // 3 : width // 2] = (250, 10, 10)
    return rgb


def recorded():
    """What sharp 0.33.5 made of pictures, with the fits fill, cover and contain on black."""
    with np.load(Path(__file__).with_name("sharp.npz"), allow_pickle=False) as file:
        names, octets = str(file["cases"]).split("\n"), file["pixels"]
    for name in names:
        original, _, model, mode, kernel, anchor = name.split()
        width, height = map(int, model.split("x"))
        size = width * height * 3
        pixels, octets = octets[:size].reshape(height, width, 3), octets[size:]
        original = tuple(map(int, original.split("x")))
        yield pytest.param(original, pixels, mode, kernel, anchor, id=name)


@pytest.mark.parametrize(("original", "expected", "mode", "kernel", "anchor"), list(recorded()))
def test_images_are_resized_as_studio_does(original, expected, mode, kernel, anchor):
    height, width = expected.shape[:2]
    resized = resize(picture(*original), width, height, mode, kernel, anchor)
    errors = np.abs(resized.astype(int) - expected)
    if kernel == "nearest":
        assert not errors.any()
    assert errors.mean() < 0.6  # of 255
    assert errors.max() < 16  # where the kernels overshoot at hard edges


@given(
    st.tuples(SIDES, SIDES),
    st.tuples(SIDES, SIDES),
    st.sampled_from(RESIZE_MODES),
    st.sampled_from(KERNELS),
    st.sampled_from(ANCHORS),
)
def test_every_image_gets_the_size_of_the_model(original, model, mode, kernel, anchor):
    rgb = np.full((*original[::-1], 3), 200, np.uint8)
    resized = resize(rgb, *model, mode, kernel, anchor)
    assert resized.shape == (model[1], model[0], 3)
    assert resized.dtype == np.uint8
    assert resized.flags.c_contiguous
    assert set(np.unique(resized)) <= ({200} if mode in ("squash", "fit-shortest") else {0, 200})
    assert resized.max() == 200


@pytest.mark.parametrize("mode", RESIZE_MODES)
@pytest.mark.parametrize("size", [(1, 3000), (3000, 1)])
def test_the_longest_and_thinnest_image_is_resized(mode, size):
    rgb = np.full((*size, 3), 90, np.uint8)
    for model in ((20, 30), (1, 1)):
        assert abs(int(resize(rgb, *model, mode).max()) - 90) <= 1


@pytest.mark.parametrize("size", [(1, 200_000), (200_000, 1), (3, 90_000)])
@pytest.mark.parametrize("model", [(96, 96), (1, 1)])
def test_a_line_of_pixels_takes_no_more_memory_than_a_picture(size, model):
    ramp = np.linspace(0, 255, max(size)).astype(np.uint8)
    rgb = np.broadcast_to(ramp[:, None, None], (max(size), min(size), 3))
    rgb = rgb if size[0] < size[1] else rgb.transpose(1, 0, 2)
    tracemalloc.start()
    try:
        line = resize(rgb, *model, "fit-longest")
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
    line = line.max(axis=1 if size[0] < size[1] else 0)[:, 0]
    np.testing.assert_allclose(line, (np.arange(len(line)) + 0.5) * 255 / len(line), atol=4)


def test_a_side_of_less_than_a_pixel_is_shrunk_to_one_that_holds_all_of_it():
    rgb = np.full((900, 3, 3), 120, np.uint8)
    rgb[:, 2] = 240
    shrunk = resize(rgb, 20, 20, "fit-longest")
    assert not shrunk[:, :9].any()
    assert not shrunk[:, 10:].any()
    assert np.abs(shrunk[:, 9].astype(int) - resize(rgb, 1, 20)[:, 0]).max() == 0


@pytest.mark.parametrize(
    ("anchor", "first"), [("top-left", 0), ("middle-center", 1), ("bottom-right", 2)]
)
def test_without_scaling_the_anchor_tells_which_part_is_kept(anchor, first):
    part = resize(ROWS, 7, 3, "none", anchor=anchor)
    np.testing.assert_array_equal(part[:, 0, 0], np.arange(first, first + 3))


def test_without_scaling_a_small_image_is_centred_on_black():
    padded = resize(ROWS + 1, 9, 8, "none", anchor="bottom-right")
    np.testing.assert_array_equal(padded[:, 4, 0], [0, 1, 2, 3, 4, 5, 0, 0])
    np.testing.assert_array_equal(padded[1, :, 0], [0, *[1] * 7, 0])


def test_what_fits_in_is_centred_on_black_whatever_the_anchor():
    rgb = np.full((20, 40, 3), 90, np.uint8)
    for anchor in ANCHORS:
        padded = resize(rgb, 10, 10, "fit-longest", anchor=anchor)
        np.testing.assert_array_equal(padded[:, 5, 0], [0, 0, *[90] * 5, 0, 0, 0])


def test_a_model_that_does_not_tell_its_mode_gets_squashed_images():
    rgb = picture(30, 20)
    np.testing.assert_array_equal(resize(rgb, 8, 8, "unknown"), resize(rgb, 8, 8, "squash"))


def test_a_view_of_an_image_is_resized_like_a_copy():
    rgb = picture(40, 30)[::-1, ::2, ::-1]
    np.testing.assert_array_equal(
        resize(rgb, 8, 8, "fit-shortest"), resize(rgb.copy(), 8, 8, "fit-shortest")
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mode": "fit"}, "no resize mode 'fit'; expected one of none, fit-shortest, fit-longest"),
        ({"kernel": "cubic"}, "no resize kernel 'cubic'; expected one of lanczos3, nearest"),
        ({"anchor": "center"}, "no crop anchor 'center'; expected one of top-left, top-center"),
        ({"width": 0}, r"the size of the input of the model is \(0, 7\), expected \(width, height"),
        ({"height": 2.5}, r"\(7, 2\.5\), expected \(width, height\) in whole pixels"),
        ({"width": 10**7, "height": 10**7}, "expected at most 268435456 pixels"),
        ({"width": [7]}, r"\(\[7\], 7\), expected \(width, height\)"),
        ({"mode": ["fit"]}, r"no resize mode \['fit'\]"),
        ({"kernel": ["nearest"]}, r"no resize kernel \['nearest'\]"),
        ({"anchor": [1]}, r"no crop anchor \[1\]"),
        ({"rgb": None}, "an image is an array of uint8, got NoneType"),
        ({"rgb": np.zeros((4, 4), np.uint8)}, r"shape \(4, 4\), expected uint8 and \(height, wid"),
        ({"rgb": np.zeros((4, 4, 3))}, "dtype float64"),
        ({"rgb": np.zeros((0, 4, 3), np.uint8)}, r"the size of the image is \(4, 0\)"),
    ],
)
def test_a_wrong_argument_of_resize_is_one_clear_error(arguments, message):
    with pytest.raises(InvalidInputError, match=message):
        resize(**({"rgb": ROWS, "width": 7, "height": 7} | arguments))


def test_names_are_checked_for_images_of_the_right_size_too():
    with pytest.raises(InvalidInputError, match="no resize mode"):
        resize(ROWS, 7, 5, "fit")


def test_scaling_without_pillow_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "PIL.Image", None)
    with pytest.raises(BackendUnavailableError, match=r"pip install 'ei-runner\[images\]'"):
        resize(ROWS, 2, 2)
    assert resize(ROWS, 2, 2, kernel="nearest").shape == (2, 2, 3)
    assert resize(ROWS, 2, 2, "none").shape == (2, 2, 3)


def test_a_batch_is_packed_row_by_row():
    batch = np.stack([picture(5, 4), picture(5, 4)[::-1]])
    packed = pack(batch)
    assert packed.shape == (2, 20)
    assert packed.dtype == np.float32
    for row, rgb in zip(packed, batch, strict=True):
        np.testing.assert_array_equal(row, pack(rgb))


@given(st.integers(0, 2**32 - 1))
def test_packing_is_exact(seed):
    rgb = np.random.default_rng(seed).integers(0, 256, (9, 8, 3), np.uint8)
    red, green, blue = rgb.reshape(-1, 3).astype(int).T
    np.testing.assert_array_equal(pack(rgb), red * 65536 + green * 256 + blue)


@pytest.mark.parametrize(
    "array", [np.zeros((4, 3), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3))]
)
def test_what_is_no_image_is_not_packed(array):
    with pytest.raises(InvalidInputError, match=r"\(height, width, 3\) or \(n, height, width, 3\)"):
        pack(array)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (None, "an image is an array of uint8, got NoneType"),
        ([[1]], "an image is an array of uint8, got list"),
        (np.zeros((0, 4, 4, 3), np.uint8), r"shape \(0, 4, 4, 3\) is empty"),
        (np.zeros((0, 4, 3), np.uint8), r"shape \(0, 4, 3\) is empty"),
    ],
)
def test_nothing_is_not_packed(array, message):
    with pytest.raises(InvalidInputError, match=message):
        pack(array)
