"""The K-means block: where the features of known motions lie, and how far apart they are."""

# scikit-learn brings no types, and only this script needs it.
# mypy: disable-error-code="import-not-found,import-untyped"

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler

from ei_runner_core.impulse import Cluster, KMeansBlock

from .recordings import AXES

__all__ = ["fit_clusters"]

SEED = 0
CLUSTERS = 8
DIGITS = 7  # as many as a float32 holds


def fit_clusters(features: npt.NDArray[np.float32]) -> KMeansBlock:
    """Clusters of the RMS of each axis, which is the first of its features."""
    axes = range(0, features.shape[1], features.shape[1] // len(AXES))
    scaler = StandardScaler().fit(features[:, axes].astype(np.float64))
    scaled = scaler.transform(features[:, axes].astype(np.float64))
    found = KMeans(CLUSTERS, n_init=10, random_state=SEED).fit(scaled)
    distances = found.transform(scaled).min(axis=1)
    clusters = (
        Cluster(
            centroid=_rounded(centre), max_error=_rounded([distances[found.labels_ == i].max()])[0]
        )
        for i, centre in enumerate(found.cluster_centers_)
    )
    return KMeansBlock(
        id=4,
        name="Odd motions",
        inputs=(2,),
        axes=tuple(axes),
        mean=_rounded(scaler.mean_),
        scale=_rounded(scaler.scale_),
        clusters=tuple(clusters),
    )


def _rounded(values: npt.ArrayLike) -> tuple[float, ...]:
    return tuple(float(f"{value:.{DIGITS}g}") for value in np.asarray(values, float).tolist())
