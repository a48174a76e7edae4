from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ei_runner_core import (
    BoundingBox,
    InferenceResult,
    InvalidInputError,
    TrackedObject,
    VisualAnomaly,
)
from ei_runner_core.images import ImageMapping, image_mapping, resize
from ei_runner_core.images.geometry import ANCHORS, RESIZE_MODES
from ei_runner_core.images.resizing import KERNELS

SIZES = st.tuples(st.integers(1, 900), st.integers(1, 900))
MODES = st.sampled_from(RESIZE_MODES)
MAPPINGS = st.builds(ImageMapping, SIZES, SIZES, MODES, st.sampled_from(ANCHORS))
PLACES = st.integers(-1000, 2000)
BOXES = st.builds(
    BoundingBox, st.just("a"), st.just(1.0), PLACES, PLACES, *[st.integers(0, 2000)] * 2
)


def edges(box):
    return np.array([box.x, box.y, box.x + box.width, box.y + box.height])


def box_of(left, top, right, bottom):
    return BoundingBox("a", 1.0, left, top, right - left, bottom - top)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([4, 4], (3, 3)), r"the size of the image is \[4, 4\], expected \(width, height\)"),
        (((10**400, 4), (3, 3)), "the size of the image is .*at most 2147483647"),
        (((10**9999, 4), (3, 3)), "the size of the image is far too large"),
        (((4.0, 4.0), (3, 3)), r"the size of the image is \(4\.0, 4\.0\)"),
        (((4, 4), (10**7, 10**7)), "expected at most 268435456 pixels"),
        (((4, 4), (3, 3), ["x"]), r"no resize mode \['x'\]; expected one of none"),
        (((4, 4), (3, 3), "squash", [1]), r"no crop anchor \[1\]"),
        ((None, (3, 3)), "the size of the image is None"),
    ],
)
def test_what_a_mapping_cannot_be_made_of_is_one_clear_error(arguments, message):
    image_mapping((4, 4), (3, 3))  # what is remembered must not answer for what only equals it
    for make in (image_mapping, ImageMapping):
        with pytest.raises(InvalidInputError, match=message):
            make(*arguments)


def scales(mapping):
    origin = np.array(mapping.point_to_original(0, 0))
    return np.array(mapping.point_to_original(1, 1)) - origin


@given(MAPPINGS, BOXES)
def test_a_mapped_box_lies_within_the_original_image(mapping, box):
    left, top, right, bottom = edges(mapping.to_original(box))
    assert 0 <= left <= right <= mapping.original[0]
    assert 0 <= top <= bottom <= mapping.original[1]


@given(MAPPINGS, BOXES)
def test_a_box_mapped_there_lies_within_the_model(mapping, box):
    left, top, right, bottom = edges(mapping.to_model(box))
    assert 0 <= left <= right <= mapping.model[0]
    assert 0 <= top <= bottom <= mapping.model[1]


@given(MAPPINGS, st.data())
def test_a_box_of_the_original_comes_back_within_rounding(mapping, data):
    """Every edge that the model sees, within half a pixel of the model and half a pixel."""
    visible = edges(mapping.to_original(BoundingBox("", 0, 0, 0, *mapping.model)))
    xs = sorted(data.draw(st.tuples(*[st.integers(visible[0], visible[2])] * 2)))
    ys = sorted(data.draw(st.tuples(*[st.integers(visible[1], visible[3])] * 2)))
    box = box_of(xs[0], ys[0], xs[1], ys[1])
    back = mapping.to_original(mapping.to_model(box))
    limit = np.tile(scales(mapping) / 2 + 0.5, 2) + 0.5  # `visible` was rounded itself
    assert (np.abs(edges(back) - edges(box)) <= limit + 1e-6).all()


@given(MAPPINGS, st.data())
def test_a_box_of_the_model_comes_back_within_rounding(mapping, data):
    """Unless it was cut: every edge on the image, within half a pixel of the image and half."""
    image = edges(mapping.to_model(BoundingBox("", 0, 0, 0, *mapping.original)))
    xs = sorted(data.draw(st.tuples(*[st.integers(image[0], image[2])] * 2)))
    ys = sorted(data.draw(st.tuples(*[st.integers(image[1], image[3])] * 2)))
    box = box_of(xs[0], ys[0], xs[1], ys[1])
    back = mapping.to_model(mapping.to_original(box))
    limit = np.tile(0.5 / scales(mapping) + 0.5, 2) + 0.5
    assert (np.abs(edges(back) - edges(box)) <= limit + 1e-6).all()


@given(MAPPINGS, BOXES, st.tuples(*[st.integers(0, 50)] * 4))
def test_a_larger_box_stays_larger(mapping, box, growth):
    left, top, right, bottom = growth
    larger = box_of(*np.add(edges(box), (-left, -top, right, bottom)).tolist())
    inner, outer = edges(mapping.to_original(box)), edges(mapping.to_original(larger))
    assert (outer[:2] <= inner[:2]).all()
    assert (outer[2:] >= inner[2:]).all()


@given(SIZES, MODES, st.sampled_from(ANCHORS), BOXES)
def test_where_nothing_was_resized_boxes_stay_where_they_are(size, mode, anchor, box):
    mapping = ImageMapping(size, size, mode, anchor)
    expected = edges(box).clip(0, [*size, *size])
    np.testing.assert_array_equal(edges(mapping.to_original(box)), expected)
    np.testing.assert_array_equal(edges(mapping.to_model(box)), expected)
    assert mapping.point_to_original(3.5, -2) == (3.5, -2)


@given(MAPPINGS, *[st.floats(-1e4, 1e4)] * 2)
def test_points_come_back(mapping, x, y):
    there = mapping.point_to_model(*mapping.point_to_original(x, y))
    np.testing.assert_allclose(there, (x, y), rtol=1e-9, atol=1e-6)


def textbook(original, model, mode):
    """Scale and origin of each side, without rounding to whole pixels."""
    ratio = np.divide(original, model)
    scale = {"squash": ratio, "fit-shortest": ratio.min(), "fit-longest": ratio.max()}[mode]
    scale = np.minimum(scale, original)  # no side is scaled to less than a pixel
    return scale, (original - np.multiply(model, scale)) / 2


@example((1920, 1080), (96, 96), "fit-shortest")
@example((1080, 1920), (160, 120), "fit-longest")
@given(SIZES, SIZES, st.sampled_from(["squash", "fit-shortest", "fit-longest"]))
def test_the_geometry_is_that_of_the_textbook_to_half_a_pixel_of_the_model(original, model, mode):
    scale, origin = textbook(original, model, mode)
    mapping = image_mapping(original, model, mode)
    np.testing.assert_allclose(scales(mapping), scale, rtol=1e-6, atol=1e-9)
    errors = np.abs(mapping.point_to_original(0, 0) - origin) / scale
    assert errors.max() <= (0 if mode == "squash" else 0.75) + 1e-6
    if scale.min() >= 1:  # only enlarged images begin at their edge rather than at their middle
        assert errors.max() <= 0.5 + 1e-6


@settings(max_examples=150)
@given(
    st.tuples(*[st.integers(30, 300)] * 2),
    st.tuples(*[st.integers(30, 120)] * 2),
    MODES,
    st.sampled_from(KERNELS),
    st.sampled_from(ANCHORS),
    st.data(),
)
def test_a_block_that_is_found_in_the_model_is_mapped_to_its_place(
    original, model, mode, kernel, anchor, data
):
    pytest.importorskip("PIL.Image", reason="needs the extra images")
    mapping = image_mapping(original, model, mode, anchor)
    left, top, right, bottom = (
        int(edge) for edge in edges(mapping.to_original(BoundingBox("", 0, 0, 0, *model)))
    )
    least = np.ceil(3 * np.maximum(scales(mapping), 1)).astype(int)
    assume(right - left > least[0] + 2 and bottom - top > least[1] + 2)
    x = data.draw(st.integers(left, right - least[0]))
    y = data.draw(st.integers(top, bottom - least[1]))
    width = data.draw(st.integers(int(least[0]), right - x))
    height = data.draw(st.integers(int(least[1]), bottom - y))
    rgb = np.zeros((original[1], original[0], 3), np.uint8)
    rgb[y : y + height, x : x + width] = 255
    seen = resize(rgb, *model, mode, kernel, anchor)[:, :, 1] > 127
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    found = box_of(columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    errors = np.abs(edges(mapping.to_original(found)) - [x, y, x + width, y + height])
    assert (errors <= np.tile(np.maximum(scales(mapping), 1) + 0.5, 2)).all()


@pytest.mark.parametrize(
    ("mode", "anchor", "expected"),
    [
        ("squash", "top-left", (200, 50, 400, 200)),
        ("fit-shortest", "middle-center", (350, 50, 450, 200)),
        ("fit-shortest", "middle-left", (100, 50, 200, 200)),
        ("fit-shortest", "top-right", (600, 50, 700, 200)),
        ("fit-longest", "bottom-right", (200, 0, 400, 150)),  # its upper half was on the black
        ("none", "middle-center", (470, 210, 490, 240)),
        ("none", "bottom-left", (20, 410, 40, 440)),
        ("unknown", "middle-center", (200, 50, 400, 200)),
    ],
)
def test_a_box_lands_where_one_computes_by_hand(mode, anchor, expected):
    mapping = image_mapping((1000, 500), (100, 100), mode, anchor)
    box = mapping.to_original(BoundingBox("a", 0.5, 20, 10, 20, 30))
    assert tuple(edges(box)) == expected
    assert (box.label, box.value) == ("a", 0.5)


def test_a_box_beside_the_image_has_no_height_left():
    mapping = image_mapping((1000, 500), (100, 100), "fit-longest")
    above, below = (BoundingBox("a", 1.0, 10, y, 20, 15) for y in (5, 80))
    assert mapping.to_original(above) == BoundingBox("a", 1.0, 100, 0, 200, 0)
    assert mapping.to_original(below) == BoundingBox("a", 1.0, 100, 500, 200, 0)


def test_of_a_track_everything_but_the_place_is_kept():
    mapping = image_mapping((200, 100), (100, 100))
    track = TrackedObject(7, "car", 0.9, 10, 20, 30, 40, 3, (1, 2, 30, 120))
    moved = mapping.to_original(track)
    assert moved == TrackedObject(7, "car", 0.9, 20, 20, 60, 40, 3, (2, 2, 60, 100))
    assert mapping.to_original(TrackedObject(7, "car", 0.9, 10, 20, 30, 40)).x == 20


def test_a_track_without_a_step_gets_none():
    mapping = image_mapping((100, 50), (100, 100), "fit-longest")
    track = TrackedObject(7, "car", 0.9, 10, 20, 30, 40)
    assert mapping.to_original(track).last_centroid_segment == (0, 0, 0, 0)


def test_of_a_result_boxes_tracks_and_cells_are_mapped_and_nothing_else():
    box = BoundingBox("a", 0.5, 10, 20, 30, 40)
    track = TrackedObject(1, "a", 0.5, 10, 20, 30, 40)
    result = InferenceResult(
        classification={"a": 1.0},
        bounding_boxes=(box, box),
        object_tracking=(track,),
        visual_anomaly=VisualAnomaly((box,), 3.0, 2.0),
        anomaly=3.0,
        counts=(1,),
    )
    mapping = image_mapping((200, 100), (100, 100))
    mapped = mapping.map_result(result)
    moved = BoundingBox("a", 0.5, 20, 20, 60, 40)
    assert mapped.bounding_boxes == (moved, moved)
    assert mapped.object_tracking == (TrackedObject(1, "a", 0.5, 20, 20, 60, 40),)
    assert mapped.visual_anomaly == VisualAnomaly((moved,), 3.0, 2.0)
    assert (mapped.classification, mapped.anomaly, mapped.counts) == ({"a": 1.0}, 3.0, (1,))


def test_a_result_is_mapped_to_its_image_once():
    box = BoundingBox("a", 0.5, 10, 20, 30, 40)
    mapping = image_mapping((200, 100), (100, 100))
    result = InferenceResult(bounding_boxes=(box,), image=mapping)
    assert result.on_image == InferenceResult(bounding_boxes=(mapping.to_original(box),))
    assert result.on_image.on_image == result.on_image


@pytest.mark.parametrize("boxes", [None, ()])
def test_a_result_without_places_is_the_same_result(boxes):
    result = InferenceResult(bounding_boxes=boxes, classification={"a": 1.0})
    assert image_mapping((200, 100), (100, 100)).map_result(result) is result


def test_asking_again_for_a_mapping_makes_no_new_one():
    first = image_mapping((200, 100), (96, 96), "fit-shortest")
    assert image_mapping((200, 100), (96, 96), "fit-shortest") is first
    assert first == ImageMapping((200, 100), (96, 96), "fit-shortest")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((0, 5), (9, 9)), r"the size of the image is \(0, 5\), expected \(width, height\)"),
        (((5, 5, 3), (9, 9)), r"the size of the image is \(5, 5, 3\)"),
        (((5, 5), (9, -9)), r"the size of the input of the model is \(9, -9\)"),
        (((5, 5), (9, 9), "fit"), "no resize mode 'fit'"),
        (((5, 5), (9, 9), "squash", "left"), "no crop anchor 'left'"),
    ],
)
def test_a_wrong_argument_of_a_mapping_is_one_clear_error(arguments, message):
    with pytest.raises(InvalidInputError, match=message):
        image_mapping(*arguments)
