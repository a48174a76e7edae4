from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from ei_runner_core.demos import Demo
from ei_runner_core.impulse import ImageInput, model_parameters, read_bundle

Bytes = npt.NDArray[np.uint8]
KIB = 1024
VARIANTS = pytest.mark.parametrize("variant", ["float32", "int8"])


def test_the_products_are_smaller_than_256_kib_together(digits: Demo) -> None:
    files = (path for path in digits.folder.rglob("*") if path.is_file())
    products = [path for path in files if path.suffix not in (".py", ".pyc")]
    assert sum(path.stat().st_size for path in products) < 256 * KIB


@VARIANTS
def test_a_bundle_parses_and_says_what_the_model_card_promises(digits: Demo, variant: str) -> None:
    source = read_bundle(digits.model(variant))
    assert source.impulse is not None
    assert source.impulse.input == ImageInput(width=8, height=8, channels=1, resize_mode="squash")
    assert source.impulse.labels == tuple("0123456789")
    assert [block.type for block in source.impulse.dsp] == ["image"]
    assert source.impulse.dsp[0].config == {"channels": "Grayscale"}
    assert source.impulse.dsp[0].outputs == 64
    assert model_parameters(source.impulse).model_type == "classification"
    assert [network.format for network in source.networks[3]] == [".tflite", ".onnx"]


def test_at_least_360_different_images_are_held_out(images: Bytes, labels: Bytes) -> None:
    assert images.dtype == labels.dtype == np.uint8
    assert images.shape == (len(labels), 8, 8)
    assert len(labels) >= 360
    assert len({image.tobytes() for image in images}) == len(images)


def test_the_held_out_images_hold_each_digit_in_equal_parts(labels: Bytes) -> None:
    counts = np.bincount(labels, minlength=10)
    assert len(counts) == 10
    assert counts.max() - counts.min() <= 4


def test_the_held_out_images_use_the_whole_range_of_a_byte(images: Bytes) -> None:
    assert images.min() == 0
    assert images.max() == 255


def test_the_labels_of_the_samples_stand_in_their_names(digits: Demo) -> None:
    for sample in digits.samples():
        assert sample.path.name.startswith(f"{sample.label}_")


def test_every_png_is_listed_with_a_label(digits: Demo) -> None:
    listed = {sample.path for sample in digits.samples()}
    assert listed == set((digits.folder / "samples").glob("*.png"))


def test_the_samples_show_every_digit_equally_often(digits: Demo) -> None:
    labels = [sample.label for sample in digits.samples()]
    assert labels == sorted(labels)
    assert {labels.count(digit) for digit in "0123456789"} == {4}


def test_a_sample_is_the_held_out_image_that_its_name_numbers(
    digits: Demo, images: Bytes, labels: Bytes
) -> None:
    image_module = pytest.importorskip("PIL.Image")
    for sample in digits.samples():
        index = int(sample.path.stem.partition("_")[2])
        with image_module.open(sample.path) as image:
            assert image.mode == "L"
            np.testing.assert_array_equal(np.asarray(image), images[index])
        assert str(labels[index]) == sample.label


@VARIANTS
@pytest.mark.parametrize("name", ["network.tflite", "network.onnx"])
def test_the_model_card_tells_the_size_of_a_network(digits: Demo, variant: str, name: str) -> None:
    size = (digits.model(variant) / name).stat().st_size
    assert f"| {variant}/{name} | {size:,} |" in digits.model_card.read_text(encoding="utf-8")


@VARIANTS
def test_no_file_of_a_bundle_is_left_over(digits: Demo, variant: str) -> None:
    names = {path.name for path in digits.model(variant).iterdir()}
    assert names == {"impulse.json", "network.tflite", "network.onnx"}


def test_the_model_card_names_source_and_licence_of_the_data(digits: Demo) -> None:
    card = digits.model_card.read_text(encoding="utf-8")
    for words in ("Alpaydin", "Kaynak", "UCI Machine Learning", "Creative Commons Attribution 4.0"):
        assert words in card
