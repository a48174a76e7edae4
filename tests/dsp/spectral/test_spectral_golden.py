from __future__ import annotations

import numpy as np
import pytest
from golden_cases import golden

from ei_runner_core import InvalidInputError, dsp

CUTOFF_ABOVE_NYQUIST = "unstable filter"


def extract(case):
    about = case.config
    return dsp.extract(
        "spectral_analysis",
        case.arrays["input"],
        about["config"],
        version=about["version"],
        frequency=about["frequency"],
        axes=about["axes"],
        axis_count=about["raw_samples_per_frame"],
        n_outputs=case.arrays["output"].size or None,
    )


def sensitivity(about):
    changes = (about.get("sdk_change_for_1ulp_input"), about.get("sdk_change_for_fma"))
    return 5 * max(change or 0 for change in changes) + 1e-6 * (about["output_range"] or 0)


def assert_like_the_sdk(case, *, exact):
    about, expected = case.config, case.arrays["output"]
    if about["return_code"] or about["crashed"] or CUTOFF_ABOVE_NYQUIST in about["note"]:
        with pytest.raises(InvalidInputError):
            extract(case)
        return
    features = extract(case)
    assert features.shape == expected.shape
    if about["ill_conditioned"]:
        return
    if exact:
        np.testing.assert_array_equal(features, expected)
    else:
        np.testing.assert_allclose(features, expected, rtol=0, atol=sensitivity(about))


@golden("dsp/spectral")
def test_fft_features_are_as_near_to_the_sdk_as_its_own_roundings(case):
    assert_like_the_sdk(case, exact=False)


@golden("dsp/wavelet")
def test_wavelet_features_are_those_of_the_sdk(case):
    # a compiler may fuse multiplications and additions of SciPy's filter
    assert_like_the_sdk(case, exact=case.config["config"]["filter_type"] == "none")
