"""Anomalies as the distance of features to clusters of normal ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InvalidInputError, ModelFormatError
from ..fields import read_fields
from ..results import ResultParts
from .array_fields import floats, wholes
from .base import COMMON_FIELDS, PostProcessor, StepContext, Tensors

__all__ = ["KMeans"]

_FIELDS = {
    "anom_axis": wholes(1, least=0),
    "anom_mean": floats(1),
    "anom_scale": floats(1),
    "centroids": floats(2),
    "input_block_ids": wholes(1, least=0),
    "max_error": floats(1),
}
_IGNORED = (*COMMON_FIELDS, "anom_axes_size", "anom_cluster_count")

FAR = 1000.0  # the score of what is farther than this from all clusters


class KMeans(PostProcessor):
    """The distance to the surface of the nearest cluster; negative inside of it.

    Args:
        config: ``anom_axis``, which features count: their positions behind one another in the
            inputs; ``anom_mean`` and ``anom_scale``, which standardise them; ``centroids``, shape
            (clusters, axes); ``max_error``, the radius of each cluster; ``input_block_ids``.
        context: not looked at.

    Raises:
        InvalidInputError: the lengths do not fit together, or a scale is 0.
    """

    def __init__(self, config: Mapping[str, Any], context: StepContext) -> None:
        fields = read_fields("kmeans step", config, _FIELDS, _IGNORED)
        _check_lengths(fields)
        # one row for each axis, because the sum over the axes is made in their order
        self._axes = fields["anom_axis"][:, None]
        self._mean = fields["anom_mean"][:, None]
        self._scale = fields["anom_scale"][:, None]
        self._centroids = np.ascontiguousarray(fields["centroids"].T)
        self._radii = fields["max_error"]
        self._inputs: tuple[int, ...] = tuple(fields["input_block_ids"].tolist())
        self._needed = int(self._axes.max()) + 1
        self._apart = np.empty_like(self._centroids)
        self._squares = np.empty(self._centroids.shape, np.float64)
        self._rows = tuple(self._squares)
        self._sums = np.empty_like(self._radii)

    def __call__(self, tensors: Tensors) -> ResultParts:
        """Score the features of one window.

        Args:
            tensors: float32 features by the id of the DSP block.

        Returns:
            ``anomaly``, at most 1000.

        Raises:
            ModelFormatError: a block has no features, or there are too few of them.
        """
        features = self._gather(tensors)
        if features.size < self._needed:
            raise ModelFormatError(
                f"the clusters look at feature {self._needed - 1}, but the blocks "
                f"{_listed(self._inputs)} give {features.size}; was the model exported whole?"
            )
        with np.errstate(all="ignore"):  # what overflows is far from all clusters
            return {"anomaly": self._score(features)}

    def _gather(self, tensors: Tensors) -> npt.NDArray[Any]:
        try:
            found = [tensors[block_id] for block_id in self._inputs]
        except KeyError as error:
            raise ModelFormatError(
                f"the clusters need the features of block {error}, but there are none; known "
                f"blocks: {_listed(sorted(tensors))}"
            ) from None
        return found[0] if len(found) == 1 else np.concatenate([f.ravel() for f in found])

    def _score(self, features: npt.NDArray[Any]) -> float:
        standard = features.take(self._axes)
        standard -= self._mean
        standard /= self._scale
        apart = np.subtract(standard, self._centroids, self._apart)
        np.multiply(apart, apart, self._squares, dtype=np.float64)
        sums = self._sums
        sums.fill(0)
        for row in self._rows:  # exact squares, but every partial sum is a float32 number
            np.add(sums, row, sums, casting="same_kind")
        np.sqrt(sums, sums)
        np.subtract(sums, self._radii, sums)
        return min(FAR, float(np.fmin.reduce(sums, initial=FAR)))


def _check_lengths(fields: Mapping[str, npt.NDArray[Any]]) -> None:
    axes, clusters = len(fields["anom_axis"]), len(fields["centroids"])
    expected = {
        "anom_mean": (axes,),
        "anom_scale": (axes,),
        "centroids": (clusters, axes),
        "max_error": (clusters,),
    }
    if not axes or not clusters or not len(fields["input_block_ids"]):
        raise InvalidInputError(
            f"the kmeans step has {axes} axes, {clusters} centroids and "
            f"{len(fields['input_block_ids'])} input_block_ids, expected at least one of each"
        )
    for name, shape in expected.items():
        if fields[name].shape != shape:
            raise InvalidInputError(
                f"the field {name!r} of the kmeans step has the shape {fields[name].shape}, "
                f"expected {shape} for {axes} axes and {clusters} clusters"
            )
    if not fields["anom_scale"].all():
        raise InvalidInputError("the field 'anom_scale' of the kmeans step has a 0 to divide by")


def _listed(block_ids: Any) -> str:
    return ", ".join(map(str, block_ids)) or "none"
