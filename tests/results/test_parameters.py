from __future__ import annotations

import json

import pytest

from ei_runner_core import (
    AnomalyType,
    BlockThresholds,
    Engine,
    ModelParameters,
    ProjectInfo,
    SensorType,
    SharedMemoryInfo,
)

HELLO = {
    "project": {"id": 5, "owner": "o", "name": "n", "deploy_version": 2, "impulse_id": 1,
                "impulse_name": "Impulse #1"},
    "model_parameters": {
        "input_features_count": 9216, "sensor": 3, "frequency": 0.0, "interval_ms": 1.0,
        "axis_count": 1, "image_input_width": 96, "image_input_height": 96,
        "image_input_frames": 1, "image_channel_count": 3, "image_resize_mode": "fit-shortest",
        "label_count": 2, "labels": ["b", "a"], "has_anomaly": 3, "has_object_tracking": True,
        "model_type": "object_detection", "slice_size": 2304, "use_continuous_mode": False,
        "has_performance_calibration": False, "inferencing_engine": 4,
        "thresholds": [{"id": 3, "type": "object_detection", "min_score": 0.5}],
        "vlm_model_download_url": "a download",
    },
    "inferencing_engine": {"engine_type": 4, "properties": ["gpu_delegates"]},
    "features_shm": {"name": "/shm-0", "size_bytes": 36864, "type": "float32", "elements": 9216},
    "freeform_output_shm": [
        {"index": 0, "name": "/shm-1", "size_bytes": 4, "type": "float32", "elements": 1}
    ],
}  # fmt: skip


def test_a_current_hello_is_read_and_written_whole():
    parameters = ModelParameters.from_dict(HELLO)
    assert json.loads(json.dumps(parameters.to_dict())) == HELLO
    assert ModelParameters.from_dict(parameters.to_dict()) == parameters


def test_the_fields_are_typed():
    parameters = ModelParameters.from_dict(HELLO)
    assert parameters.sensor is SensorType.CAMERA
    assert parameters.has_anomaly is AnomalyType.VISUAL_GMM
    assert parameters.has_anomaly.is_visual
    assert parameters.inferencing_engine is Engine.TFLITE_FULL
    assert parameters.labels == ("b", "a")
    assert parameters.label_count == 2
    assert parameters.is_image
    assert parameters.thresholds == (BlockThresholds(3, "object_detection", {"min_score": 0.5}),)
    assert isinstance(parameters.project, ProjectInfo)
    assert isinstance(parameters.features_shm, SharedMemoryInfo)
    assert parameters.freeform_output_shm[0].index == 0


def test_the_error_of_a_missing_segment_is_kept():
    reply = HELLO | {"features_shm_error": "no space"}
    del reply["features_shm"]
    assert ModelParameters.from_dict(reply).to_dict()["features_shm_error"] == "no space"


def test_old_generations_lack_most_of_it():
    old = {"model_parameters": {"input_features_count": 33, "labels": ["x"], "sensor": 2}}
    parameters = ModelParameters.from_dict(old)
    assert parameters.model_type == "classification"
    assert parameters.image_input_frames == 1
    assert parameters.image_resize_mode == "unknown"
    assert parameters.thresholds == ()
    assert parameters.inferencing_engine is Engine.NONE


@pytest.mark.parametrize("code", [-1, 255, 99])
def test_unknown_sensors_are_unknown(code):
    reply = {"model_parameters": {"sensor": code}}
    assert ModelParameters.from_dict(reply).sensor is SensorType.UNKNOWN


@pytest.mark.parametrize(
    ("value", "kind"),
    [(False, AnomalyType.NONE), (True, AnomalyType.KMEANS), (2.0, AnomalyType.GMM),
     (77, AnomalyType.CUSTOM)],
)  # fmt: skip
def test_anomaly_comes_as_bool_int_or_float(value, kind):
    reply = {"model_parameters": {"has_anomaly": value}}
    assert ModelParameters.from_dict(reply).has_anomaly is kind


def test_fields_of_the_future_are_ignored():
    reply = {"model_parameters": {"telepathy": 1}, "project": {"id": 1, "mood": "good"}, "x": 2}
    assert ModelParameters.from_dict(reply).project.id == 1
