"""Codes and field orders of the C++ SDK that exports use without declaring them."""

from __future__ import annotations

from typing import Any

from ...parameters import AnomalyType, Engine, SensorType
from .values import Reference

__all__ = [
    "CONSTANTS",
    "DSP_FIELDS",
    "DSP_HEADS",
    "HEADER_MACROS",
    "IMAGE_SCALINGS",
    "LAST_LAYERS",
    "MODES",
    "RESIZE_MODES",
    "STRUCTS",
    "word",
]

# prefix of the constants, and the words by code
RESIZE_MODES = (
    "EI_CLASSIFIER_RESIZE_",
    {0: "NONE", 1: "FIT_SHORTEST", 2: "FIT_LONGEST", 3: "SQUASH"},
)
IMAGE_SCALINGS = (
    "EI_CLASSIFIER_IMAGE_SCALING_",
    dict(
        enumerate(("NONE", "0_255", "TORCH", "MIN1_1", "MIN128_127", "BGR_SUBTRACT_IMAGENET_MEAN"))
    ),
)
LAST_LAYERS = (
    "EI_CLASSIFIER_LAST_LAYER_",
    {
        1: "SSD", 2: "FOMO", 3: "YOLOV5", 4: "YOLOX", 5: "YOLOV5_V5_DRPAI", 6: "YOLOV7",
        7: "TAO_RETINANET", 8: "TAO_SSD", 9: "TAO_YOLOV3", 10: "TAO_YOLOV4", 11: "YOLOV2",
        12: "YOLO_PRO", 13: "YOLOV11", 14: "YOLOV11_ABS",
    },
)  # fmt: skip
MODES = (
    "EI_CLASSIFIER_MODE_",
    {
        1: "CLASSIFICATION",
        2: "REGRESSION",
        3: "OBJECT_DETECTION",
        5: "VISUAL_ANOMALY",
        8: "FREEFORM",
    },
)

# codes that exports define themselves, for the day on which they leave it to the SDK
CONSTANTS = {
    **{f"EI_CLASSIFIER_SENSOR_{sensor.name}": int(sensor) for sensor in SensorType},
    "EI_CLASSIFIER_SENSOR_9DOF": int(SensorType.POSITIONAL),
    **{f"EI_CLASSIFIER_{engine.name}": int(engine) for engine in Engine},
    **{f"EI_ANOMALY_TYPE_{anomaly.name}": int(anomaly) for anomaly in AnomalyType},
    "EI_ANOMALY_TYPE_UNKNOWN": int(AnomalyType.NONE),
}

# what headers of the SDK define, as far as those of exports use it
HEADER_MACROS = {
    "edge-impulse-sdk/classifier/ei_constants.h": {
        RESIZE_MODES[0] + name: code for code, name in RESIZE_MODES[1].items()
    }
}

_NMS = ("confidence_threshold", "iou_threshold")
_QUANTIZATION = ("zero_point", "scale")
_DETECTION = ("threshold", "version", "object_detection_count", "output_features_count")
_OCR = (
    "min_score_pixel", "min_score_box", "unclip_ratio", "object_detection_count",
    "output_features_count",
)  # fmt: skip
_FOMO = ("threshold", "out_width", "out_height", "object_detection_count")

STRUCTS: dict[str, tuple[str, ...]] = {
    "ei_model_dsp_t": (
        "blockId", "n_output_features", "extract_fn", "config", "axes", "axes_size", "version",
        "factory", "data_normalization_config",
    ),
    "ei_config_tflite_graph_t": ("implementation_version", "model", "model_size", "arena_size"),
    "ei_data_normalization_t": ("config", "method", "context", "init_fn", "deinit_fn", "exec_fn"),
    "ei_data_normalization_standard_scaler_config_t": (
        "mean_data", "mean_data_len", "scale_data", "scale_data_len", "var_data", "var_data_len",
    ),
    "ei_classifier_anom_cluster_t": ("centroid", "max_error"),
    "ei_object_detection_nms_config_t": _NMS,
    "ei_fill_result_classification_i8_config_t": _QUANTIZATION,
    "ei_fill_result_fomo_f32_config_t": _FOMO,
    "ei_fill_result_fomo_i8_config_t": _FOMO + _QUANTIZATION,
    "ei_fill_result_visual_ad_f32_config_t": ("threshold", "grid_size_x", "grid_size_y"),
    "ei_fill_result_object_detection_f32_config_t": (*_DETECTION, "nms_config"),
    "ei_fill_result_object_detection_i8_config_t": (*_DETECTION, *_QUANTIZATION, "nms_config"),
    "ei_fill_result_paddleocr_f32_config_t": (*_OCR, "nms_config"),
    "ei_fill_result_paddleocr_i8_config_t": (*_OCR, *_QUANTIZATION, "nms_config"),
    "ei_object_tracking_config_t": (
        "implementation_version", "keep_grace", "max_observations", "threshold", "use_iou",
    ),
    "ei_object_counting_config_t": ("implementation_version", "segments"),
    "ei_performance_calibration_config_t": (
        "implementation_version", "is_configured", "average_window_duration_ms",
        "detection_threshold", "suppression_ms", "suppression_flags",
    ),
    "ei_postprocessing_block_t": (
        "block_id", "type", "init_fn", "deinit_fn", "postprocess_fn", "display_fn", "config",
        "input_block_id",
    ),
}  # fmt: skip


# the settings of DSP blocks as they stand in the exports of 2025, in order
DSP_FIELDS: dict[str, tuple[str, ...]] = {
    "flatten": (
        "scale_axes", "average", "minimum", "maximum", "rms", "stdev", "skewness", "kurtosis",
        "moving_avg_num_windows",
    ),
    "image": ("channels",),
    "mfcc": (
        "num_cepstral", "frame_length", "frame_stride", "num_filters", "fft_length", "win_size",
        "low_frequency", "high_frequency", "pre_cof", "pre_shift",
    ),
    "mfe": (
        "frame_length", "frame_stride", "num_filters", "fft_length", "low_frequency",
        "high_frequency", "win_size", "noise_floor_db",
    ),
    "raw": ("scale_axes",),
    "spectral_analysis": (
        "scale_axes", "input_decimation_ratio", "filter_type", "filter_cutoff", "filter_order",
        "analysis_type", "fft_length", "spectral_peaks_count", "spectral_peaks_threshold",
        "spectral_power_edges", "do_log", "do_fft_overlap", "wavelet_level", "wavelet",
        "extra_low_freq",
    ),
    "spectrogram": (
        "frame_length", "frame_stride", "fft_length", "noise_floor_db", "show_axes",
    ),
}  # fmt: skip
# what stands before them, by how many values there are
DSP_HEADS = {
    2: ("implementation_version", "axes"),
    3: ("block_id", "implementation_version", "axes"),
    5: ("block_id", "implementation_version", "axes", "named_axes", "named_axes_size"),
}


def word(value: Any, codes: tuple[str, dict[int, str]]) -> str:
    """The word of a constant, given by name or by number; empty where it is not known."""
    prefix, words = codes
    if isinstance(value, Reference):
        return value.name.removeprefix(prefix) if value.name.startswith(prefix) else ""
    return words.get(value, "") if isinstance(value, int) else ""
