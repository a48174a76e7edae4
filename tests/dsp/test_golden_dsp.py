from __future__ import annotations

import numpy as np
import pytest
from golden_cases import golden

from ei_runner_core import dsp


def extract(block, case, **changes):
    about = case.config
    keywords = {
        "version": about["version"],
        "frequency": about["frequency"],
        "axes": about["axes"],
        "axis_count": about["raw_samples_per_frame"],
        "n_outputs": case.arrays["output"].size,
    }
    window = case.arrays["input"]
    return dsp.extract(block, window, about["config"], **(keywords | changes))


@golden("dsp/raw")
def test_raw_answers_like_the_sdk(case):
    np.testing.assert_array_equal(extract("raw", case), case.arrays["output"])


@golden("dsp/image")
def test_image_answers_like_the_sdk(case):
    np.testing.assert_array_equal(extract("image", case), case.arrays["output"])


@golden("dsp/flatten")
def test_flatten_answers_like_the_sdk(case):
    features = extract("flatten", case)
    if not case.config["ill_conditioned"]:
        np.testing.assert_array_equal(features, case.arrays["output"])
    assert features.shape == case.arrays["output"].shape


@golden("dsp/flatten")
@pytest.mark.parametrize("version", [1, 2, 3])
def test_all_versions_of_flatten_compute_the_same(case, version):
    np.testing.assert_array_equal(
        extract("flatten", case, version=version), extract("flatten", case)
    )


@golden("dsp/image_quantized")
def test_the_short_cut_to_int8_answers_like_the_sdk(case):
    about = case.config
    pixels = dsp.quantize_image(
        case.arrays["input"],
        about["config"],
        scale=about["scale"],
        zero_point=about["zero_point"],
        scaling=about["image_scaling_name"],
    )
    np.testing.assert_array_equal(pixels, case.arrays["output"], strict=True)


@golden("dsp/image_scaling")
def test_scaled_image_features_are_those_of_the_sdk(case):
    features = dsp.extract("image", case.arrays["input"], case.config["config"])
    np.testing.assert_array_equal(features, case.arrays["output_before_scaling"])
    scaled = dsp.scale_image(features, case.config["image_scaling_name"])
    np.testing.assert_array_equal(scaled, case.arrays["output"])


@golden("dsp/data_normalization")
def test_normalised_features_are_those_of_the_sdk(case):
    arrays = case.arrays
    normalised = dsp.normalize(arrays["input"], arrays["mean"], arrays["scale"])
    np.testing.assert_array_equal(normalised, arrays["output"])


@golden("dsp/quantize")
def test_quantised_values_are_those_of_the_sdk(case):
    config = case.config["config"]
    dtype = "int8" if config["is_signed"] else "uint8"
    raw = dsp.quantize(case.arrays["input"], config["scale"], config["zero_point"], dtype)
    assert raw.dtype == dtype
    np.testing.assert_array_equal(raw, case.arrays["output"])
