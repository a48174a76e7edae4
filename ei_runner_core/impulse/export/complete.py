"""Whether an export holds all that it says it holds."""

from __future__ import annotations

from ...errors import ModelFormatError
from ...parameters import AnomalyType
from ..tree import KMeansBlock
from .facts import Facts
from .learn import Learned
from .numbers import whole
from .source import Source

__all__ = ["check_complete"]

_LISTS = {
    "dsp_blocks": "DSP blocks",
    "learning_blocks": "learn blocks",
    "postprocessing_blocks": "post-processing blocks",
}


def check_complete(
    source: Source, facts: Facts, learned: tuple[Learned, ...], labels: tuple[str, ...]
) -> None:
    """Compare what is declared with what was found.

    Raises:
        ModelFormatError: a list has not the length that is declared, or clusters are missing.
    """
    for name, what in _LISTS.items():
        if f"{name}_size" in facts:
            listed = source.array(facts.get(name), f"the list of {what}")
            _compare(whole(facts, f"{name}_size"), len(listed), what)
    count = whole(facts, "label_count", len(labels))
    if labels or count > 1:  # an impulse that only finds anomalies counts one and has none
        _compare(count, len(labels), "labels")
    by_macros = not any(source.of_type("ei_impulse_t"))
    has_clusters = any(isinstance(one.block, KMeansBlock) for one in learned)
    if by_macros and whole(facts, "has_anomaly", 0) == AnomalyType.KMEANS and not has_clusters:
        raise ModelFormatError("there are no clusters of the anomalies; is the export complete?")


def _compare(declared: int, listed: int, what: str) -> None:
    if declared != listed:
        raise ModelFormatError(
            f"{declared} {what} are declared and {listed} listed; is the export damaged?"
        )
