"""MediaPipe's face detector: one image in, 896 candidates out, each with a score."""

from __future__ import annotations

import numpy as np
import pytest

SIZE = 128
FACE = (0.44, 0.25)  # where it is in the photo, as parts of its width and height


@pytest.fixture
def detector(from_wheel):
    folder = "mediapipe/modules/face_detection"
    return from_wheel("mediapipe==0.10.21", f"{folder}/face_detection_short_range.tflite")


@pytest.fixture
def photo(from_wheel):
    """A portrait of an astronaut."""
    image_module = pytest.importorskip("PIL.Image")
    with image_module.open(
        from_wheel("scikit-image==0.26.0", "skimage/data/astronaut.png")
    ) as image:
        return image.convert("RGB")


def tensor(image):
    """The image as the network takes it: float32 from -1 to 1, shape (1, 128, 128, 3)."""
    small = image.resize((SIZE, SIZE), resample=2)
    return np.asarray(small, np.float32)[np.newaxis] / np.float32(127.5) - 1


def scores(outputs):
    logits = outputs["classificators"][0, :, 0]
    return 1 / (1 + np.exp(-logits.clip(-80, 80)))


def anchor(index):
    """The centre of the cell of a candidate: 16 x 16 cells with two, then 8 x 8 with six."""
    cells, cell = (16, index // 2) if index < 512 else (8, (index - 512) // 6)
    return (cell % cells + 0.5) / cells, (cell // cells + 0.5) / cells


def test_it_finds_the_face_where_it_is(detector, photo, open_model):
    outputs = open_model(detector).infer_freeform(tensor(photo))

    best = scores(outputs).argmax()
    assert scores(outputs)[best] > 0.85
    centre = np.add(anchor(best), outputs["regressors"][0, best, :2] / SIZE)
    np.testing.assert_allclose(centre, FACE, atol=0.05)


def test_it_finds_none_where_there_is_none(detector, photo, open_model):
    sleeve = photo.crop((0, 256, 256, 512))

    assert scores(open_model(detector).infer_freeform(tensor(sleeve))).max() < 0.5


def test_a_list_and_a_mapping_give_what_the_engine_gives(
    detector, photo, open_model, run_bare, assert_alike
):
    model, array = open_model(detector), tensor(photo)
    expected = run_bare(detector, [array])

    assert_alike(model.infer_freeform([array]), expected)
    assert_alike(model.infer_freeform({"input": array}), expected)
