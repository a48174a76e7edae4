"""The learn blocks that need no engine: distances of features to clusters."""

from __future__ import annotations

from ..errors import InvalidInputError, ModelFormatError
from ..impulse import Impulse, KMeansBlock
from ..postprocess.base import StepContext
from ..postprocess.kmeans import KMeans
from ..results import ResultParts
from .features import FeatureStage

__all__ = ["AnomalyStage"]


class AnomalyStage:
    """All K-means blocks of an impulse, planned for the buffer of its features."""

    def __init__(self, impulse: Impulse, features: FeatureStage) -> None:
        blocks = [block for block in impulse.learn if isinstance(block, KMeansBlock)]
        self._steps = tuple(map(_step, blocks))
        self._features = {key: features.buffer[span] for key, span in features.spans.items()}

    def __bool__(self) -> bool:
        return bool(self._steps)

    def run(self) -> ResultParts:
        """How anomalous the features are that stand in the buffer."""
        parts = ResultParts()
        for step in self._steps:
            parts.update(step(self._features))
        return parts


def _step(block: KMeansBlock) -> KMeans:
    config = {
        "anom_axis": block.axes,
        "anom_mean": block.mean,
        "anom_scale": block.scale,
        "centroids": [cluster.centroid for cluster in block.clusters],
        "max_error": [cluster.max_error for cluster in block.clusters],
        "input_block_ids": block.inputs,
    }
    try:
        return KMeans(config, StepContext())
    except InvalidInputError as error:
        raise ModelFormatError(f"the learn block {block.id} (kmeans): {error}") from error
