"""From an impulse to what the EIM protocol says about a model."""

from __future__ import annotations

from ..parameters import AnomalyType, Engine, ModelParameters, SensorType
from .tree import ImageInput, Impulse, TimeSeriesInput

__all__ = ["model_parameters"]

_DETECTORS = {
    "ssd", "yolov2", "yolov5", "yolov7", "yolov11", "yolox", "yolox_detect", "yolo_pro",
    "tao_detection", "tao_yolov3", "tao_yolov4", "qc_yolox", "qc_face_det_lite", "paddleocr",
}  # fmt: skip


def model_parameters(impulse: Impulse) -> ModelParameters:
    """The hello reply of an impulse, without what only a running model knows."""
    types = {block.type for block in impulse.postprocessing}
    common = ModelParameters(
        input_features_count=impulse.window_length,
        labels=impulse.labels,
        has_anomaly=AnomalyType[impulse.anomaly.upper()],
        has_object_tracking="tracking" in types,
        has_performance_calibration="calibration" in types,
        model_type=_model_type(types, impulse),
        inferencing_engine=_engine(impulse.engine),
        project=impulse.project,
    )
    if isinstance(impulse.input, ImageInput):
        return _replace(common, **_image_fields(impulse.input))
    if isinstance(impulse.input, TimeSeriesInput):
        return _replace(common, **_time_series_fields(impulse.input))
    return common


def _replace(parameters: ModelParameters, **changes: object) -> ModelParameters:
    from msgspec.structs import replace

    return replace(parameters, **changes)


def _image_fields(image: ImageInput) -> dict[str, object]:
    return {
        "sensor": SensorType.CAMERA,
        "interval_ms": 1.0,
        "image_input_width": image.width,
        "image_input_height": image.height,
        "image_input_frames": image.frames,
        "image_channel_count": image.channels,
        "image_resize_mode": image.resize_mode,
        "slice_size": image.width * image.height * image.frames // 4,
    }


def _time_series_fields(series: TimeSeriesInput) -> dict[str, object]:
    sensor = SensorType[series.sensor.upper()]
    return {
        "sensor": sensor,
        "frequency": series.frequency,
        "interval_ms": 1000 / series.frequency if series.frequency else 1.0,
        "image_input_frames": 0,
        "image_resize_mode": "none",
        "axis_count": len(series.axes),
        "slice_size": series.samples // series.slices_per_window,
        "use_continuous_mode": sensor is SensorType.MICROPHONE,
    }


def _model_type(types: set[str], impulse: Impulse) -> str:
    if "fomo" in types:
        return "constrained_object_detection"
    if types & _DETECTORS:
        return "object_detection"
    if "freeform" in types or not impulse.dsp:
        return "freeform"
    return "classification"


def _engine(name: str) -> Engine:
    return Engine.__members__.get(name.upper().replace("-", "_"), Engine.NONE)
