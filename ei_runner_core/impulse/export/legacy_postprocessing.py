"""Post-processing of exports before 2025, which follows from their learn blocks and thresholds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isqrt
from typing import Any

from ...parameters import SensorType
from ..tree import GmmBlock, KMeansBlock, PostProcessingBlock
from .facts import Facts
from .learn import Learned
from .numbers import is_set, real, whole
from .sdk import LAST_LAYERS, STRUCTS, word
from .source import Source
from .values import Reference

__all__ = ["legacy_blocks"]

# last layer -> type of the step, and what else its config says
_DETECTORS: dict[str, tuple[str, dict[str, Any]]] = {
    "SSD": ("ssd", {}),
    "FOMO": ("fomo", {}),
    "YOLOV2": ("yolov2", {}),
    "YOLOV5": ("yolov5", {"version": 6}),
    "YOLOV5_V5_DRPAI": ("yolov5", {"version": 5}),
    "YOLOV7": ("yolov7", {}),
    "YOLOV11": ("yolov11", {"version": 1}),
    "YOLOV11_ABS": ("yolov11", {"version": 0}),
    "YOLOX": ("yolox", {}),
    "YOLO_PRO": ("yolo_pro", {}),
    "TAO_RETINANET": ("tao_detection", {}),
    "TAO_SSD": ("tao_detection", {}),
    "TAO_YOLOV3": ("tao_yolov3", {}),
    "TAO_YOLOV4": ("tao_yolov4", {}),
}
_DEFAULT_NMS = {"confidence_threshold": 0.0, "iou_threshold": 0.2}
_DEFAULT_THRESHOLD = 0.5


def legacy_blocks(
    source: Source, facts: Facts, learned: tuple[Learned, ...], label_count: int
) -> Iterator[PostProcessingBlock]:
    """One step for each network, and the calibration of a project that has configured it."""
    for one in learned:
        if isinstance(one.block, KMeansBlock):
            continue  # scores by itself
        kind, config = _decoder(source, facts, one, label_count)
        identity = one.block.id
        yield PostProcessingBlock(id=identity, type=kind, input=identity, config=config)
    calibration = _calibration(source, facts)
    if calibration:
        identity = max((one.block.id for one in learned), default=0) + 1
        yield PostProcessingBlock(id=identity, type="calibration", config=calibration)


def _decoder(
    source: Source, facts: Facts, one: Learned, label_count: int
) -> tuple[str, dict[str, Any]]:
    if isinstance(one.block, GmmBlock):
        return "anomaly", {}
    fields = {**facts, **one.config}
    if one.config.get("visual"):
        return "visual_ad", _visual(fields)
    if _mode(fields) == "OBJECT_DETECTION" or is_set(fields, "object_detection"):
        return _detector(source, fields, label_count)
    regression = _mode(fields) == "REGRESSION" or label_count == 1
    return ("regression" if regression else "classification"), _quantization(fields)


def _mode(fields: Mapping[str, Any]) -> str:
    """What a network was made for; exports said it in so many words in 2024 and 2025."""
    return word(fields.get("classification_mode"), ("EI_CLASSIFIER_CLASSIFICATION_MODE_", {}))


def _visual(fields: Mapping[str, Any]) -> dict[str, Any]:
    grids = {
        f"grid_size_{axis}": whole(fields, f"visual_ad_grid_size_{axis}")
        for axis in ("x", "y")
        if f"visual_ad_grid_size_{axis}" in fields
    }
    return {"threshold": real(fields, "anomaly_threshold", 0.0), **grids}


def _detector(
    source: Source, fields: Mapping[str, Any], label_count: int
) -> tuple[str, dict[str, Any]]:
    layer = word(fields.get("object_detection_last_layer"), LAST_LAYERS)
    kind, more = _DETECTORS.get(layer, _DETECTORS["SSD"])
    config: dict[str, Any] = {
        "threshold": _threshold(fields),
        "object_detection_count": whole(fields, "object_detection_count", 10),
        **more,
        **_quantization(fields),
    }
    if kind == "fomo":
        size = _grid_size(fields, label_count)
        return kind, config | {"out_width": size, "out_height": size}
    count = whole(fields, "tflite_output_features_count", 0)
    config |= {"output_features_count": count} if count else {}
    return kind, config | ({} if kind == "ssd" else {"nms_config": _suppression(source, fields)})


def _threshold(fields: Mapping[str, Any]) -> float:
    for name in ("threshold", "object_detection_threshold"):
        if fields.get(name):
            return real(fields, name)
    return _DEFAULT_THRESHOLD


def _grid_size(fields: Mapping[str, Any], label_count: int) -> int:
    """The cells in a row of FOMO's square grid: stated, or from the size of the output."""
    stated = whole(fields, "fomo_output_size", 0)
    cells = whole(fields, "tflite_output_features_count", 0) // (label_count + 1)
    return stated or isqrt(max(cells, 0)) or whole(fields, "input_width", 0) // 8


def _suppression(source: Source, fields: Mapping[str, Any]) -> dict[str, float]:
    value = fields.get("object_detection_nms")
    if value is None:
        return dict(_DEFAULT_NMS)
    order = STRUCTS["ei_object_detection_nms_config_t"]
    stated = source.struct(value, "the suppression of boxes", order)
    return {name: real(stated, name, default) for name, default in _DEFAULT_NMS.items()}


def _quantization(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The scale of the output where the headers state it (until 2023)."""
    if not fields.get("tflite_output_quantized"):
        return {}
    return {
        "zero_point": whole(fields, "tflite_output_zeropoint"),
        "scale": real(fields, "tflite_output_scale"),
    }


def _calibration(source: Source, facts: Facts) -> dict[str, Any]:
    """The calibration that a project has configured; the others have the default values.

    Until 2022 there is no flag for it, but no default suppresses a label.
    """
    value = facts.get("calibration", Reference("ei_calibration"))
    if whole(facts, "sensor", -1) != SensorType.MICROPHONE or not source.type_of(value):
        return {}
    found = source.aggregate(value, "the calibration")
    order = STRUCTS["ei_performance_calibration_config_t"]
    old = found is not None and len(found.items) == len(order) - 1
    names = tuple(n for n in order if n != "is_configured") if old else order
    fields = source.struct(value, "the calibration", names)
    configured = fields.get("suppression_flags") if old else fields.get("is_configured")
    if not configured:
        return {}
    return {
        "is_configured": True,
        "average_window_duration_ms": whole(fields, "average_window_duration_ms"),
        "detection_threshold": real(fields, "detection_threshold"),
        "suppression_ms": whole(fields, "suppression_ms"),
        "suppression_flags": whole(fields, "suppression_flags"),
    }
