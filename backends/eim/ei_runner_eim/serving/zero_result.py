"""What an ``.eim`` answers while it has not heard enough: everything there, and all of it zero."""

from __future__ import annotations

import numpy as np

from ei_runner_core import AnomalyType, InferenceResult, ModelParameters, VisualAnomaly

from .served_model import FreeformOutput

__all__ = ["zero_result"]

_DETECTORS = ("object_detection", "constrained_object_detection")


def zero_result(
    parameters: ModelParameters, outputs: tuple[FreeformOutput, ...]
) -> InferenceResult:
    """A result with every part that the model gives."""
    detects = parameters.model_type in _DETECTORS
    classifies = not detects and parameters.labels
    anomaly = parameters.has_anomaly
    return InferenceResult(
        classification=dict.fromkeys(parameters.labels, 0.0) if classifies else None,
        bounding_boxes=() if detects else None,
        object_tracking=() if parameters.has_object_tracking else None,
        visual_anomaly=VisualAnomaly((), 0.0, 0.0) if anomaly.is_visual else None,
        anomaly=None if anomaly == AnomalyType.NONE else 0.0,
        freeform=tuple(np.zeros(output.size, np.float32) for output in outputs) or None,
        ready=False,
    )
