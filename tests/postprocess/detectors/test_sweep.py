from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ei_runner_core.postprocess.overlap import overlaps, planes
from ei_runner_core.postprocess.sweep import chosen_by_sweep


def boxes(seed, count, size):
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 200, (count, 2))
    corners = np.concatenate([start, start + rng.integers(1, size + 1, (count, 2))], axis=1)
    groups = np.sort(rng.integers(0, 3, count))
    return planes(corners.astype(np.float32), groups)


@settings(max_examples=60)
@given(
    st.integers(0, 2**32),
    st.integers(1, 120),
    st.sampled_from([3, 12]),
    st.sampled_from([0.1, 0.2, 0.5, 1.0]),
)
def test_a_sweep_keeps_what_no_better_kept_box_overlaps(seed, count, size, threshold):
    limit = np.float32(threshold)
    candidates = boxes(seed, count, size)
    swept = chosen_by_sweep(candidates, limit)
    overlapping = overlaps(candidates, candidates, limit)
    kept = []
    for index in range(count):
        if not overlapping[index, kept].any():
            kept.append(index)
    assert swept is None or swept.tolist() == kept


@pytest.mark.parametrize("size", [3, 190])
def test_only_boxes_that_seldom_meet_are_swept(size):
    assert (chosen_by_sweep(boxes(0, 2000, size), np.float32(0.5)) is None) == (size == 190)
