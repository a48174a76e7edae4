"""Learn blocks that find anomalies: clusters, and mixtures of Gaussians as a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import ModelFormatError
from ..tree import Cluster, GmmBlock, KMeansBlock
from .numbers import real, reals, whole, wholes
from .sdk import STRUCTS
from .source import Source, named
from .values import Aggregate, Reference

__all__ = ["gmm_block", "kmeans_block", "legacy_kmeans"]

_LISTS = ("anom_axis", "anom_clusters", "anom_mean", "anom_scale")
_AXES = ("EI_CLASSIFIER_ANOM_AXIS", "ei_classifier_anom_axes")


def kmeans_block(
    source: Source, config: Mapping[str, Any], identity: int, inputs: tuple[int, ...]
) -> KMeansBlock:
    """The clusters of a K-means block, with the lengths that its config declares."""
    clusters = source.array(config.get("anom_clusters"), "the clusters")
    axes = wholes(source.array(config.get("anom_axis"), "the axes of the clusters"), "an axis")
    for name, length in (("anom_axes_size", len(axes)), ("anom_cluster_count", len(clusters))):
        if name in config and whole(config, name) != length:
            raise ModelFormatError(
                f"{name} is {whole(config, name)}, but {length} are listed; is the export damaged?"
            )
    return KMeansBlock(
        id=identity,
        inputs=inputs,
        axes=axes,
        mean=reals(source.array(config.get("anom_mean"), "the mean of the clusters"), "a mean"),
        scale=reals(source.array(config.get("anom_scale"), "the scale of the clusters"), "a scale"),
        clusters=tuple(_cluster(source, cluster) for cluster in clusters),
    )


def _cluster(source: Source, value: Any) -> Cluster:
    if not isinstance(value, Aggregate):
        raise ModelFormatError("a cluster has no values in braces; is the export damaged?")
    fields = named(value, STRUCTS["ei_classifier_anom_cluster_t"], "a cluster")
    centroid = source.array(fields.get("centroid"), "a cluster")
    return Cluster(centroid=reals(centroid, "a centroid"), max_error=real(fields, "max_error"))


def legacy_kmeans(
    source: Source, facts: Mapping[str, Any], identity: int, inputs: tuple[int, ...]
) -> KMeansBlock | None:
    """The clusters of an export that does not list its learn blocks, if it has any."""
    axes = next((name for name in _AXES if name in source), None)
    stated = {name: facts[name] for name in _LISTS if facts.get(name) is not None}
    if len(stated) < len(_LISTS):
        if axes is None or "ei_classifier_anom_clusters" not in source:
            return None
        stated = {name: Reference(f"ei_classifier_{name}") for name in _LISTS}
        stated["anom_axis"] = Reference(axes)
    return kmeans_block(source, stated, identity, inputs)


def gmm_block(
    source: Source,
    config: Mapping[str, Any],
    identity: int,
    inputs: tuple[int, ...],
    files: tuple[str, ...],
) -> GmmBlock:
    """The features that a mixture of Gaussians looks at, and its network."""
    axes = wholes(source.array(config.get("anom_axis"), "the axes of the mixture"), "an axis")
    if "anom_axes_size" in config and whole(config, "anom_axes_size") != len(axes):
        raise ModelFormatError(
            f"anom_axes_size is {whole(config, 'anom_axes_size')}, but {len(axes)} are listed; "
            "is the export damaged?"
        )
    return GmmBlock(id=identity, inputs=inputs, axes=axes, files=files)
