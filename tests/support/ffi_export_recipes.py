"""The models of the tests' C++ exports: what they do, and which generation and shape they have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

GENERATIONS = (2021, 2023, 2024, 2025, 2026)


@dataclass(frozen=True)
class Task:
    """What a model does, whatever the generation.

    ``features``: a function of the SDK. ``infer``: likewise, or none without a network.
    """

    window: int
    sensor: str = "fusion"
    labels: tuple[str, ...] = ()
    axes: int = 1
    frequency: float = 62.5
    image: tuple[int, int] = (0, 0)
    slices: int = 4
    features: str = "raw"
    feature_count: int = 0
    infer: str = "run_nn_inference"
    anomaly: int = 0
    postprocessing: tuple[str, ...] = ("classification",)
    macros: Mapping[str, Any] = field(default_factory=dict)

    @property
    def outputs(self) -> int:
        """The number of features."""
        return self.feature_count or self.window


_DETECTION: dict[str, Any] = {
    "OBJECT_DETECTION": 1,
    "OBJECT_DETECTION_COUNT": 10,
    "OBJECT_DETECTION_THRESHOLD": 0.5,
    "OBJECT_DETECTION_LAST_LAYER": "EI_CLASSIFIER_LAST_LAYER_FOMO",
}
_OBJECTS: dict[str, Any] = {
    "window": 48,
    "sensor": "camera",
    "frequency": 0,
    "labels": ("cat", "dog"),
    "image": (8, 6),
    "features": "image",
    "infer": "run_heat_map",
}
TASKS = {
    "motion": Task(12, "accelerometer", ("idle", 'say "hi"', "wäve \\ Δ"), axes=3, anomaly=1),
    "sounds": Task(
        64, "microphone", ("noise", "yes"), frequency=16000, features="mfe", feature_count=4
    ),
    "speech": Task(12, "microphone", ("noise", "yes"), frequency=16000),
    "wake": Task(
        64,
        "microphone",
        ("noise", "yes"),
        frequency=16000,
        features="mfe",
        feature_count=4,
        postprocessing=("classification", "perf_cal"),
        macros={"CALIBRATION_ENABLED": 1},
    ),
    "objects": Task(**_OBJECTS, postprocessing=("fomo",), macros=_DETECTION),
    "tracking": Task(
        **_OBJECTS,
        postprocessing=("fomo", "tracking"),
        macros={**_DETECTION, "OBJECT_TRACKING_ENABLED": 1, "OBJECT_COUNTING_ENABLED": 1},
    ),
    "defects": Task(
        **(_OBJECTS | {"labels": ()}),
        anomaly=3,
        postprocessing=("visual_ad",),
        macros={"HAS_VISUAL_ANOMALY": 1},
    ),
    "free": Task(
        6, infer="run_heat_map", postprocessing=("freeform",), macros={"FREEFORM_OUTPUT": 1}
    ),
    "fan": Task(6, infer="", anomaly=1, postprocessing=()),
    "dense": Task(6, labels=("one", "two", "three", "four")),
}
"""Models by name; ``dense`` is the network of the conformance suites."""


@dataclass(frozen=True)
class Recipe:
    """An export to write.

    Args:
        task: one of ``TASKS``.
        generation: the year that the headers and the SDK look like.
        network: ``eon``, ``incbin`` or ``array``; the last two bring the network ``dense``.
        layout: ``library`` or ``arduino``.
        project: its number, which tells models apart.
    """

    task: str = "motion"
    generation: int = 2026
    network: str = "eon"
    layout: str = "library"
    project: int = 43
