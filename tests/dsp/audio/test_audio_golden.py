"""MFE, MFCC and spectrogram against what the C++ SDK computed."""

from __future__ import annotations

import numpy as np
import pytest
from golden_cases import golden

from ei_runner_core import EdgeImpulseError, dsp

TYPICAL_DISTANCE = {"mfe": 2e-5, "mfcc": 5e-4, "spectrogram": 5e-7}


def plan(block, case, n_outputs):
    about = case.config
    return dsp.create(
        block,
        about["config"],
        version=about["version"],
        frequency=about["frequency"],
        axes=about["axes"],
        axis_count=about["raw_samples_per_frame"],
        n_outputs=n_outputs,
    )


def tolerance(block, about):
    if block == "mfe" and about["version"] >= 3:
        return 0
    sensitivity = max(about["sdk_change_for_fma"], about.get("sdk_change_for_1ulp_input", 0))
    general = 5 * sensitivity + 1e-6 * about["output_range"]
    return max(general, TYPICAL_DISTANCE[block] * about["output_range"])


def declared_size(case):
    if case.arrays["output"].size:
        return case.arrays["output"].size
    rows, columns = case.config.get("matrix_shape_after") or (0, 0)
    return columns if rows == 1 and columns else None


def check_window(block, case):
    about, expected = case.config, case.arrays["output"]
    if about["return_code"] or about["crashed"] or not expected.size:
        with pytest.raises(EdgeImpulseError):
            plan(block, case, declared_size(case)).extract(case.arrays["input"])
        return
    features = plan(block, case, expected.size).extract(case.arrays["input"])
    natural = plan(block, case, None).extract(case.arrays["input"])
    np.testing.assert_array_equal(features, natural)
    assert features.dtype == np.float32
    assert features.shape == expected.shape
    if not about["ill_conditioned"]:
        np.testing.assert_allclose(features, expected, rtol=0, atol=tolerance(block, about))


@golden("dsp/mfe")
def test_mfe_answers_like_the_sdk(case):
    check_window("mfe", case)


@golden("dsp/mfcc")
def test_mfcc_answers_like_the_sdk(case):
    check_window("mfcc", case)


@golden("dsp/spectrogram")
def test_spectrogram_answers_like_the_sdk(case):
    check_window("spectrogram", case)


def check_slices(block, case):
    about = case.config
    rolling, normalized = case.arrays["output"], case.arrays["output_normalized"]
    block_plan = plan(block, case, rolling.shape[1])
    pieces = case.arrays["input"].reshape(about["n_slices"], about["slice_samples"])
    for k, piece in enumerate(pieces):
        if k in about["clear_state_before_slice"]:
            block_plan.reset()
        if about["return_codes"][k]:
            with pytest.raises(EdgeImpulseError):
                block_plan.extract_slice(piece)
            continue
        before = block_plan.streamed
        features = block_plan.extract_slice(piece)
        assert block_plan.streamed - before == np.prod(about["rows_cols_written"][k])
        scale = np.abs(rolling[k]).max()
        np.testing.assert_allclose(
            block_plan.rolling.reshape(-1), rolling[k], rtol=0, atol=3e-6 * scale
        )
        np.testing.assert_allclose(
            features, normalized[k], rtol=0, atol=tolerance(block, about), err_msg=f"slice {k}"
        )


@golden("dsp/continuous_mfe")
def test_mfe_of_slices_answers_like_the_sdk(case):
    check_slices("mfe", case)


@golden("dsp/continuous_mfcc")
def test_mfcc_of_slices_answers_like_the_sdk(case):
    check_slices("mfcc", case)


@golden("dsp/continuous_spectrogram")
def test_spectrogram_of_slices_answers_like_the_sdk(case):
    check_slices("spectrogram", case)
