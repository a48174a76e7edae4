from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_core import InvalidInputError, ModelFormatError, postprocess

CONFIG = {
    "anom_axis": [2, 0],
    "anom_mean": [1.0, 0.0],
    "anom_scale": [2.0, 1.0],
    "centroids": [[0.0, 0.0], [3.0, 4.0]],
    "max_error": [0.5, 1.0],
    "input_block_ids": [4],
}


def kmeans(**fields):
    return postprocess.create("kmeans", CONFIG | fields)


def score(step, *values, block=4):
    return step({block: np.float32(values)})["anomaly"]


def test_the_score_is_the_distance_to_the_nearest_cluster():
    step = kmeans()
    assert score(step, 0, 9, 1) == -0.5  # in the middle of the first one
    assert score(step, 4, 9, 7) == -1.0  # of the second one
    assert score(step, 2, 9, 1) == 1.5
    assert type(score(step, 0, 9, 1)) is float


def test_positions_count_behind_one_another_in_all_inputs_in_any_order():
    step = kmeans(anom_axis=[3, 1], input_block_ids=[7, 4])
    features = {4: np.float32([5, 7]), 7: np.float32([[9, 4]]), 1: np.float32([1])}
    assert step(features)["anomaly"] == score(kmeans(), 4, 0, 7)


@given(st.permutations(range(6)), st.integers(0, 2**32 - 1))
def test_the_order_of_the_axes_matters_by_no_more_than_rounding(order, seed):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=6).astype(np.float32)
    fields = {
        "anom_mean": rng.normal(size=6),
        "anom_scale": rng.uniform(0.5, 2, size=6),
        "centroids": rng.normal(size=(3, 6)),
    }
    radii = {"max_error": [0.0] * 3}
    straight = kmeans(anom_axis=np.arange(6), **fields, **radii)
    shuffled = {name: values[..., order] for name, values in fields.items()}
    permuted = kmeans(anom_axis=order, **shuffled, **radii)
    assert score(permuted, *features) == pytest.approx(score(straight, *features), rel=1e-5)


@pytest.mark.parametrize("far", [1e6, 3e38, math.inf, math.nan])
def test_what_is_far_from_all_clusters_scores_1000(far):
    assert score(kmeans(), far, 0, far) == 1000


def test_one_call_does_not_disturb_the_next():
    step = kmeans()
    first = score(step, 3, 9, 1)
    score(step, 3e38, 0, 1)
    assert score(step, 3, 9, 1) == first


def test_features_stay_as_they_are():
    features = np.float32([3, 9, 1])
    kmeans()({4: features})
    np.testing.assert_array_equal(features, [3, 9, 1])


def test_missing_features_are_one_clear_error():
    with pytest.raises(ModelFormatError, match="features of block 4, .* known blocks: 5"):
        score(kmeans(), 1, 2, 3, block=5)
    with pytest.raises(ModelFormatError, match="look at feature 2, but the blocks 4 give 2"):
        score(kmeans(), 1, 2)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"anom_axis": []}, "0 axes, 2 centroids and 1 input_block_ids, expected at least one"),
        ({"centroids": []}, "2 axes, 0 centroids"),
        ({"input_block_ids": []}, "0 input_block_ids"),
        ({"anom_axis": [-1, 0]}, "'anom_axis' .* a list of whole numbers of at least 0"),
        ({"anom_axis": [0, 2**40]}, "'anom_axis'"),
        ({"anom_axis": [0.5, 1]}, "'anom_axis'"),
        ({"anom_mean": [1.0]}, r"'anom_mean' .* the shape \(1,\), expected \(2,\) for 2 axes"),
        ({"max_error": [1.0]}, r"'max_error' .* expected \(2,\)"),
        ({"centroids": [[0.0], [1.0]]}, r"'centroids' .* \(2, 1\), expected \(2, 2\)"),
        ({"centroids": [[0.0, 1.0], [1.0]]}, "'centroids' .* rows of finite numbers"),
        ({"centroids": [["0", "1"]]}, "'centroids'"),
        ({"anom_scale": [1.0, 0.0]}, "'anom_scale' .* has a 0 to divide by"),
        ({"anom_mean": [math.nan, 0.0]}, "'anom_mean' .* finite numbers"),
        ({"anom_mean": [1e39, 0.0]}, "'anom_mean' .* finite numbers"),
        ({"axes": [1]}, "no field 'axes'"),
    ],
)
def test_clusters_that_contradict_themselves_are_one_clear_error(fields, message):
    with pytest.raises(InvalidInputError, match=message):
        kmeans(**fields)
