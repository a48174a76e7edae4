"""Making a post-processing step by the name of its type."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from numbers import Integral
from typing import Any

from ..errors import InvalidInputError, UnsupportedModelError
from .base import PostProcessor, StepContext
from .sequence import ResultStep

__all__ = ["create", "follows_results"]

_MAX_PIXELS = 2**26  # as many as the values of a window

# type -> "module:Class" within this package; a family of detectors is one module
_STEPS = {
    "anomaly": "passthrough:Anomaly",
    "calibration": "calibration:Calibration",
    "classification": "classification:Classification",
    "counting": "counting:Counting",
    "debounce": "debounce:Debounce",
    "fomo": "fomo:Fomo",
    "freeform": "freeform:Freeform",
    "kmeans": "kmeans:KMeans",
    "moving_average": "moving_average:MovingAverage",
    "paddleocr": "paddleocr:PaddleOcr",
    "passthrough": "passthrough:Passthrough",
    "qc_face_det_lite": "qc_face:QcFaceDetLite",
    "qc_yolox": "yolox:QcYolox",
    "regression": "classification:Regression",
    "smooth": "smooth:Smooth",
    "ssd": "ssd:Ssd",
    "tao_detection": "tao:TaoDetection",
    "tao_yolov3": "tao:TaoYoloV3",
    "tao_yolov4": "tao:TaoYoloV4",
    "tracking": "tracking:Tracking",
    "visual_ad": "visual_anomaly:VisualAnomalyGrid",
    "yolo_pro": "yolo_pro:YoloPro",
    "yolov11": "yolov11:YoloV11",
    "yolov2": "yolov2:YoloV2",
    "yolov5": "yolov5:YoloV5",
    "yolov7": "yolov7:YoloV7",
    "yolox": "yolox:Yolox",
    "yolox_detect": "yolox:YoloxDetect",
}


def create(
    type: str,  # noqa: A002 - the word of impulse.json
    config: Mapping[str, Any],
    *,
    width: int = 0,
    height: int = 0,
    labels: Sequence[str] = (),
) -> PostProcessor | ResultStep:
    """Plan a post-processing step.

    Args:
        type: what it does, such as ``classification``, ``fomo`` or ``tracking``.
        config: its settings, by the field names of the C++ SDK. Those that decode tensors have
            ``input_block_id`` (default 0), and ``scale`` (default 1) and ``zero_point`` (default
            0) of the tensor, used where it holds integers. Fields that merely describe may stand
            there too.
        width: of the model's input, in pixels; 0 if that is no image.
        height: like ``width``.
        labels: the model's labels, in the order of the network's outputs.

    Returns:
        The step, for use from one thread at a time: a :class:`PostProcessor`, which is called with
        tensors, or a :class:`ResultStep`, whose ``update`` takes the parts of a result.

    Raises:
        UnsupportedModelError: there is no such type.
        InvalidInputError: a field is unknown or has a wrong value.
    """
    step = _step_class(type)
    context = StepContext(_side("width", width), _side("height", height), _names(labels))
    if context.width * context.height > _MAX_PIXELS:
        raise InvalidInputError(
            f"the input has {width}x{height} pixels, at most {_MAX_PIXELS} are decoded"
        )
    planned: PostProcessor | ResultStep = step(config, context)
    return planned


def follows_results(type: str) -> bool:  # noqa: A002 - the word of impulse.json
    """Whether steps of this type work on results; the others decode tensors.

    Raises:
        UnsupportedModelError: there is no such type.
    """
    return issubclass(_step_class(type), ResultStep)


def _side(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < 0:
        raise InvalidInputError(f"{name} is {value!r}, expected a whole number of pixels")
    return int(value)


def _names(labels: Any) -> tuple[str, ...]:
    names = tuple(labels) if isinstance(labels, Iterable) and not isinstance(labels, str) else None
    if names is None or not all(isinstance(name, str) for name in names):
        shown = reprlib.repr(labels)
        raise InvalidInputError(f"labels is {shown}, expected a list of names")
    return names


def _step_class(type: Any) -> Any:  # noqa: A002 - the word of impulse.json
    if not isinstance(type, str) or type not in _STEPS:
        raise UnsupportedModelError(
            f"there is no post-processing of the type {type!r}; known types: "
            f"{', '.join(sorted(_STEPS))}"
        )
    module, _, name = _STEPS[type].partition(":")
    return getattr(import_module(f".{module}", __package__), name)
