from __future__ import annotations

import contextlib
import io
import os
import warnings

import numpy as np
import pytest
from dense_models import impulse_document, write_bundle

from ei_runner_core import EdgeImpulseModel, InvalidInputError, images

Image = pytest.importorskip("PIL.Image", reason="needs the extra images")

RGB = np.random.default_rng(0).integers(0, 256, (6, 4, 3), np.uint8)


def encoded(image, kind="PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def test_a_path_a_picture_its_bytes_and_its_array_are_the_same_image(tmp_path):
    picture = Image.fromarray(RGB)
    path = tmp_path / "image.png"
    path.write_bytes(encoded(picture))
    for source in (path, str(path), path.read_bytes(), picture, RGB):
        np.testing.assert_array_equal(images.load_image(source), RGB)


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "LA", "CMYK", "I;16"])
def test_every_kind_of_picture_becomes_rgb(mode):
    picture = Image.new("I;16", (4, 6)) if mode == "I;16" else Image.fromarray(RGB).convert(mode)
    rgb = images.load_image(picture)
    assert rgb.shape == (6, 4, 3)
    assert rgb.dtype == np.uint8


def test_sixteen_bit_grey_keeps_its_brightness():
    deep = Image.fromarray(np.full((2, 2), 40_000, np.uint16))
    pgm = b"P5 2 2 65535\n" + b"\x9c\x40" * 4
    sources = [deep, encoded(deep), encoded(deep, "TIFF"), pgm, Image.open(io.BytesIO(pgm))]
    for source in sources:
        assert images.load_image(source).tolist() == [[[40_000 >> 8] * 3] * 2] * 2


def test_grey_arrays_get_three_equal_channels():
    grey = RGB[:, :, 0]
    for array in (grey, grey[:, :, np.newaxis]):
        rgb = images.load_image(array)
        assert (rgb == grey[:, :, np.newaxis]).all()


def test_a_photo_is_turned_upright():
    picture = Image.fromarray(RGB)
    exif = picture.getexif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees to view it
    turned = images.load_image(encoded(picture, "PNG", exif=exif))
    np.testing.assert_array_equal(turned, np.rot90(RGB, -1))


BAD_IMAGES = {
    "float array": (RGB / 255, "dtype float64, expected uint8"),
    "with alpha": (np.zeros((4, 4, 4), np.uint8), r"drop the alpha channel: image\[:, :, :3\]"),
    "one row": (np.zeros(4, np.uint8), r"the shape \(4,\)"),
    "batch": (np.zeros((1, 4, 4, 3), np.uint8), r"the shape \(1, 4, 4, 3\)"),
    "empty array": (np.zeros((0, 4, 3), np.uint8), "is empty"),
    "no image": (b"hello", "cannot read the image: it is damaged, or no picture; expected"),
    "empty bytes": (b"", "cannot read the image"),
    "truncated": (encoded(Image.fromarray(RGB))[:60], "cannot read the image"),
    "a number": (3, "cannot read an image from int"),
    "floats": (encoded(Image.new("F", (2, 2)), "TIFF"), "the image holds floats.*to 8 bits"),
    "picture of floats": (Image.new("F", (2, 2)), "of mode 'F' holds floats.*to 8 bits"),
    "32 bits": (encoded(Image.new("I", (2, 2)), "TIFF"), "holds 32-bit integers.*to 8 bits"),
    "empty picture": (Image.new("RGB", (0, 5)), "it has no pixels"),
    "unknown mode": (Image.new("La", (2, 2)), "cannot read the Pillow image of mode 'La'"),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "expected one of PNG"),
    "missing file": ("nowhere.png", "cannot read the image 'nowhere.png'"),
}


@pytest.mark.parametrize("name", BAD_IMAGES)
def test_what_is_not_an_image_is_one_clear_error(name):
    source, message = BAD_IMAGES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns about some damaged files before it raises
        with pytest.raises(InvalidInputError, match=message):
            images.load_image(source)


def test_every_truncation_of_a_file_is_an_error_or_an_image(tmp_path):
    whole = encoded(Image.fromarray(RGB).resize((40, 40)), "JPEG")
    for length in range(0, len(whole), 7):
        with contextlib.suppress(InvalidInputError):
            assert images.load_image(whole[:length]).dtype == np.uint8


def test_packing_puts_red_first():
    rgb = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [1, 2, 3]]], np.uint8)
    assert images.pack(rgb).tolist() == [0xFF0000, 0x00FF00, 0x0000FF, 0x010203]


def test_squash_stretches_both_sides():
    assert images.resize(RGB, 8, 3).shape == (3, 8, 3)
    flat = np.full((5, 7, 3), 77, np.uint8)
    assert (images.resize(flat, 16, 16) == 77).all()


def test_an_image_of_the_right_size_is_not_touched():
    assert images.resize(RGB, 4, 6, "fit-longest") is RGB


def test_the_nearest_kernel_invents_no_colours():
    small = images.resize(RGB, 2, 3, kernel="nearest")
    colours = {tuple(pixel) for pixel in RGB.reshape(-1, 3).tolist()}
    assert {tuple(pixel) for pixel in small.reshape(-1, 3).tolist()} <= colours


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the platform has no pipes with names")
def test_a_pipe_is_refused_rather_than_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(InvalidInputError, match="not a regular file"):
        images.load_image(tmp_path / "pipe.png")


def test_a_closed_picture_is_one_clear_error(tmp_path):
    path = tmp_path / "image.png"
    path.write_bytes(encoded(Image.fromarray(RGB)))
    picture = Image.open(path)
    picture.close()
    with pytest.raises(InvalidInputError, match="cannot read the Pillow image"):
        images.load_image(picture)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0, 2.0**24])
def test_what_is_no_pixel_is_refused_by_number(dense, tmp_path, value):
    document = impulse_document(
        input={"type": "image", "width": 3, "height": 2, "channels": 1},
        dsp=[{"id": 2, "type": "image", "outputs": 6, "config": {"channels": "Grayscale"}}],
    )
    window = np.zeros(6, np.float32)
    window[1] = value
    with EdgeImpulseModel(write_bundle(tmp_path / "pictures", document)) as model:
        with pytest.raises(InvalidInputError, match=r"pixel 1 is .*, expected a number from 0 to"):
            model.infer(window)
        assert model.infer(np.zeros(6, np.float32)).classification
