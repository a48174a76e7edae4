from __future__ import annotations

import numpy as np
import pytest
from detector_cases import DETECTORS, SCORE, boxes_of, detector, one_object
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_core import InvalidInputError
from ei_runner_core.dsp.quantization import Dequantizer
from ei_runner_core.postprocess.scores import ScoreGate


@pytest.mark.parametrize("kind", DETECTORS)
def test_a_new_threshold_counts_at_once_and_reads_back(kind):
    step, tensors = detector(kind, threshold=0.5), one_object(kind)
    assert step.thresholds() == {"min_score": 0.5}
    assert len(boxes_of(step, tensors)) == 1
    step.set_threshold(min_score=0.9)
    assert step.thresholds() == {"min_score": 0.9}
    assert boxes_of(step, tensors) == []
    step.set_threshold(min_score=0.25)
    assert len(boxes_of(step, tensors)) == 1


@pytest.mark.parametrize("kind", sorted({*DETECTORS} - {"yolov2"}))
def test_a_score_of_exactly_the_threshold_is_found(kind):
    tensors = one_object(kind)
    ((*_, value),) = boxes_of(detector(kind), tensors)
    step = detector(kind, threshold=value)
    assert len(boxes_of(step, tensors)) == 1
    step.set_threshold(min_score=float(np.nextafter(np.float32(value), np.float32(1))))
    assert boxes_of(step, tensors) == []


def test_a_new_threshold_counts_for_raw_integers_too():
    raw = {5: (one_object("fomo")[5] * 256 - 128).astype("i1")}
    step = detector("fomo", scale=1 / 256, zero_point=-128)
    assert boxes_of(step, raw)[0][-1] == SCORE
    step.set_threshold(min_score=SCORE + 1 / 256)
    assert boxes_of(step, raw) == []
    step.set_threshold(min_score=SCORE)
    assert len(boxes_of(step, raw)) == 1


@pytest.mark.parametrize("value", [np.nan, np.inf, "0.5", None, True, 1e300])
@pytest.mark.parametrize("kind", ["fomo", "yolov5", "yolov2"])
def test_a_wrong_threshold_changes_nothing(kind, value):
    step = detector(kind)
    with pytest.raises(InvalidInputError, match="'min_score' .* expected a finite number"):
        step.set_threshold(min_score=value)
    with pytest.raises(InvalidInputError, match="has no value 'max_score' to change; .* min_score"):
        step.set_threshold(min_score=0.9, max_score=value)
    assert step.thresholds() == {"min_score": 0.5}
    assert len(boxes_of(step, one_object(kind))) == 1


@given(
    st.sampled_from(["i1", "u1", "i2", "u2", "i4"]),
    st.floats(1e-4, 0.1),
    st.integers(-200, 200),
    st.floats(-1, 1.5),
    st.booleans(),
)
def test_raw_integers_pass_exactly_where_their_real_numbers_do(
    dtype, scale, zero_point, least, bounded
):
    dequantizer = Dequantizer(scale, zero_point)
    most = 1.0 if bounded else 3e38
    raw = np.arange(max(np.iinfo(dtype).min, -900), min(np.iinfo(dtype).max, 900)).astype(dtype)
    real = dequantizer.array(raw)
    expected = (real >= np.float32(least)) & (real <= np.float32(most))
    np.testing.assert_array_equal(ScoreGate(dequantizer, least, most)(raw), expected)


def test_no_number_passes_a_threshold():
    gate = ScoreGate(Dequantizer(), -1.0, 1.0)
    scores = np.array([np.nan, -np.inf, np.inf, 0], np.float32)
    assert gate(scores).tolist() == [False, False, False, True]
