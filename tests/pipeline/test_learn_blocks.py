"""Several networks, clusters and mixtures behind the same features."""

from __future__ import annotations

import numpy as np
import pytest

from ei_runner_core import ModelFormatError, TensorSession, TensorSpec
from ei_runner_core.impulse import (
    Cluster,
    DspBlock,
    GmmBlock,
    Impulse,
    KMeansBlock,
    NetworkBlock,
    PostProcessingBlock,
    TimeSeriesInput,
)
from ei_runner_core.pipeline import TensorImpulse

WINDOW = np.arange(6, dtype=np.float32)


class Scorer(TensorSession):
    """Answers with given scores and keeps what it saw."""

    def __init__(self, size: int, *scores: float, dtype: str = "float32") -> None:
        self.inputs = (TensorSpec("x", (1, size), dtype, *((0.5, 0) if dtype == "int8" else ())),)
        self.outputs = (TensorSpec("y", (1, len(scores)), "float32"),)
        self.scores = np.array([scores], np.float32)
        self.seen = np.empty(0)

    def run(self, inputs):
        self.seen = inputs[0].copy()
        return (self.scores.copy(),)

    def close(self):
        pass


def impulse(*learn, postprocessing=(), labels=("a", "b"), anomaly="none") -> Impulse:
    return Impulse(
        input=TimeSeriesInput(sensor="fusion", axes=("x", "y"), samples=3),
        labels=labels,
        dsp=(
            DspBlock(id=1, type="raw", outputs=6),
            DspBlock(id=2, type="raw", outputs=3, axes=(1,), config={"scale_axes": 10}),
        ),
        learn=learn,
        postprocessing=postprocessing,
        anomaly=anomaly,
    )


CLASSIFIER = NetworkBlock(id=10, inputs=(1,), files=("net",))
CLASSIFY = PostProcessingBlock(id=20, type="classification", input=10)
# features of the blocks 2 and 1, one after the other: 10 30 50 0 1 2 3 4 5
CLUSTERS = KMeansBlock(
    id=11,
    inputs=(2, 1),
    axes=(0, 8),
    mean=(10, 5),
    scale=(1, 1),
    clusters=(Cluster(centroid=(3, 4), max_error=1), Cluster(centroid=(100, 0), max_error=0)),
)
MIXTURE = GmmBlock(id=12, inputs=(2, 1), axes=(1, 4), files=("gmm",))


def test_clusters_score_beside_a_classifier():
    opened = TensorImpulse(
        impulse(CLASSIFIER, CLUSTERS, postprocessing=(CLASSIFY,)), {10: Scorer(6, 0.25, 0.75)}
    )
    result = opened.classify(WINDOW)
    assert result.classification == {"a": 0.25, "b": 0.75}
    assert result.anomaly == 4  # five away from the nearer centroid, which allows an error of one


def test_clusters_need_no_network():
    result = TensorImpulse(impulse(CLUSTERS, labels=()), {}).classify(WINDOW)
    assert result.anomaly == 4
    assert result.classification is None
    assert result.freeform is None


def test_a_mixture_sees_the_features_that_its_axes_pick():
    scorer = Scorer(2, -7.5)
    result = TensorImpulse(impulse(MIXTURE, labels=()), {12: scorer}).classify(WINDOW)
    assert scorer.seen.tolist() == [[30, 1]]
    assert result.anomaly == -7.5


def test_a_quantised_mixture_gets_quantised_features():
    scorer = Scorer(2, 1.0, dtype="int8")
    TensorImpulse(impulse(MIXTURE, labels=()), {12: scorer}).classify(WINDOW)
    assert scorer.seen.tolist() == [[60, 2]]


def test_a_mixture_with_an_anomaly_block_is_decoded_once():
    block = PostProcessingBlock(id=21, type="anomaly", input=12)
    opened = TensorImpulse(
        impulse(CLASSIFIER, MIXTURE, postprocessing=(CLASSIFY, block)),
        {10: Scorer(6, 1, 0), 12: Scorer(2, 3.5)},
    )
    result = opened.classify(WINDOW)
    assert (result.anomaly, result.classification) == (3.5, {"a": 1, "b": 0})


def test_several_networks_see_the_features_that_they_list():
    other = NetworkBlock(id=15, inputs=(2, 1), files=("other",))
    first, second = Scorer(6, 1, 0), Scorer(9, 0.5)
    blocks = (CLASSIFY, PostProcessingBlock(id=21, type="anomaly", input=15))
    opened = TensorImpulse(
        impulse(CLASSIFIER, other, postprocessing=blocks), {10: first, 15: second}
    )
    result = opened.classify(WINDOW)
    assert first.seen.tolist() == [WINDOW.tolist()]
    assert second.seen.tolist() == [[10, 30, 50, *WINDOW.tolist()]]
    assert (result.classification, result.anomaly) == ({"a": 1, "b": 0}, 0.5)


def test_a_mixture_of_another_size_than_its_network_is_refused():
    with pytest.raises(ModelFormatError, match="2 features"):
        TensorImpulse(impulse(MIXTURE, labels=()), {12: Scorer(3, 1.0)})


def test_time_is_told_for_each_step():
    opened = TensorImpulse(
        impulse(CLASSIFIER, CLUSTERS, postprocessing=(CLASSIFY,)), {10: Scorer(6, 1, 0)}
    )
    timing = opened.classify(WINDOW).timing
    assert timing.total_us >= timing.anomaly_us >= 0


def test_a_network_may_take_in_what_another_one_gives():
    reader = Scorer(2, 3.5)
    giver = Scorer(6, 5, 7)
    giver.outputs = (TensorSpec("map", (1, 2), "int8", 0.5, 1),)
    giver.scores = np.array([[5, 7]], np.int8)
    opened = TensorImpulse(
        impulse(
            CLASSIFIER,
            NetworkBlock(id=15, inputs=(10,), files=("other",)),
            postprocessing=(PostProcessingBlock(id=21, type="anomaly", input=15),),
        ),
        {10: giver, 15: reader},
    )
    assert opened.classify(WINDOW).anomaly == 3.5
    assert reader.seen.tolist() == [[2, 3]]
