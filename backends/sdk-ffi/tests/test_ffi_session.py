"""What a compiled model answers, and what it refuses."""

from __future__ import annotations

import gc
import logging
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ffi_exports import FAST, FAULTS, TASKS, energies_of, image_of, scores_of

from ei_runner_core import (
    AnomalyType,
    BoundingBox,
    EdgeImpulseModel,
    Engine,
    InferenceError,
    InvalidInputError,
    SensorType,
)

pytestmark = pytest.mark.requires("compiler")

RANDOM = np.random.default_rng(1)
MOTION = RANDOM.uniform(-1, 1, 12).astype(np.float32)
SOUND = RANDOM.uniform(-1, 1, 64).astype(np.float32)
LABELS = TASKS["motion"].labels


@pytest.fixture
def model(opened: Any) -> EdgeImpulseModel:
    return opened("motion")


def test_the_scores_are_those_of_the_network(model: EdgeImpulseModel) -> None:
    assert model.infer(MOTION).classification == pytest.approx(scores_of(LABELS, MOTION), abs=1e-6)


def test_labels_keep_their_order_and_every_letter(model: EdgeImpulseModel) -> None:
    assert model.labels == ("idle", 'say "hi"', "wäve \\ Δ")
    assert list(model.infer(MOTION).classification or {}) == list(model.labels)


def test_the_anomaly_is_that_of_the_clusters(model: EdgeImpulseModel) -> None:
    assert model.infer(MOTION).anomaly == pytest.approx(abs(float(MOTION.mean())), abs=1e-6)


def test_a_model_of_anomalies_alone_has_no_scores(opened: Any) -> None:
    result = opened("fan").infer([1, 2, 3, 4, 5, 9])
    assert not result.classification
    assert result.anomaly == 4.0


def test_times_are_told_in_microseconds(model: EdgeImpulseModel) -> None:
    timing = model.infer(MOTION).timing
    assert timing.postprocessing_us == 1
    assert 0 <= timing.dsp_us < 1_000_000


def test_the_parameters_are_those_of_the_compiled_impulse(model: EdgeImpulseModel) -> None:
    parameters = model.parameters
    assert parameters.input_features_count == 12
    assert parameters.axis_count == 3
    assert parameters.slice_size == 1
    assert (parameters.frequency, parameters.interval_ms) == (62.5, 16.0)
    assert parameters.sensor is SensorType.ACCELEROMETER
    assert parameters.has_anomaly is AnomalyType.KMEANS
    assert parameters.inferencing_engine is Engine.TFLITE
    assert parameters.model_type == "classification"
    assert not parameters.use_continuous_mode
    project = parameters.project
    assert (project.id, project.owner, project.name) == (43, "Ünal & Co", "motion of 2026")
    assert (project.deploy_version, project.impulse_id) == (3, 1)
    assert project.impulse_name == "Impulse #1"


def test_the_parameters_of_a_detector_tell_its_image(opened: Any) -> None:
    parameters = opened("objects").parameters
    assert (parameters.image_input_width, parameters.image_input_height) == (8, 6)
    assert parameters.image_channel_count == 1
    assert parameters.image_resize_mode == "fit-longest"
    assert parameters.model_type == "constrained_object_detection"


# ------------------------------------------------------------------------------- other answers


def test_boxes_are_found_without_those_that_fill_up(opened: Any) -> None:
    result = opened("objects").infer(image_of({(1, 1): 204, (5, 2): 255, (7, 5): 51}))
    assert result.classification is None
    assert result.bounding_boxes == (
        BoundingBox("dog", pytest.approx(0.8), 1, 1, 1, 1),
        BoundingBox("cat", 1.0, 5, 2, 1, 1),
    )


def test_an_image_without_objects_has_an_empty_list_of_boxes(opened: Any) -> None:
    assert opened("objects").infer(image_of({})).bounding_boxes == ()


def test_cells_of_a_visual_anomaly_come_with_maximum_and_mean(opened: Any) -> None:
    result = opened("defects").infer(image_of({(1, 1): 204, (5, 2): 102}))
    (cell,) = result.visual_anomaly.grid
    assert (cell.label, cell.x, cell.y, cell.width, cell.height) == ("anomaly", 0, 0, 2, 2)
    assert cell.value == pytest.approx(0.8)
    assert result.visual_anomaly.max == pytest.approx(0.8)
    assert result.visual_anomaly.mean == pytest.approx(1.2 / 12)


def test_tracked_objects_keep_their_number(opened: Any) -> None:
    model = opened("tracking")
    model.infer(image_of({(1, 1): 255}))
    result = model.infer(image_of({(2, 2): 255, (7, 5): 255}))
    first, second = result.object_tracking
    assert (first.object_id, first.x, first.y, first.last_centroid_segment) == (
        1,
        2,
        2,
        (1, 1, 2, 2),
    )
    assert (second.object_id, second.label) == (2, "dog")
    assert (first.label, first.last_ground_truth_update_t) == ("dog", 2)
    assert result.counts == (2,)
    assert model.infer(image_of({})).object_tracking[0].last_ground_truth_update_t == 2
    model.infer(image_of({}))
    assert model.infer(image_of({})).object_tracking == ()


def test_a_reset_forgets_the_tracks(opened: Any) -> None:
    model = opened("tracking")
    model.infer(image_of({(1, 1): 255}))
    model.infer(image_of({(7, 5): 255}))
    model.reset()
    (track,) = model.infer(image_of({(7, 5): 255})).object_tracking
    assert track.object_id == 1


def test_freeform_tensors_come_by_position(opened: Any) -> None:
    model = opened("free")
    window = np.arange(6, dtype=np.float32)
    tensors = model.infer_freeform([window])
    assert list(tensors) == ["output_0", "output_1"]
    assert tensors["output_0"].tolist() == (2 * window).tolist()
    assert tensors["output_1"].tolist() == [15.0]
    kept = tensors["output_0"].copy()
    model.infer_freeform([window + 1])
    assert tensors["output_0"].tolist() == kept.tolist()


def test_a_model_with_labels_has_no_freeform_tensors(model: EdgeImpulseModel) -> None:
    with pytest.raises(InvalidInputError, match="no freeform model"):
        model.infer_freeform([MOTION])


def test_the_detected_label_depends_on_its_threshold(opened: Any) -> None:
    model = opened("wake")
    window = np.r_[np.zeros(32), np.ones(32)].astype(np.float32)
    assert model.parameters.has_performance_calibration
    assert model.infer(window).detected_label == "yes"
    model.set_threshold(2, detection_threshold=0.9)
    assert model.infer(window).detected_label is None


# ----------------------------------------------------------------------------------- thresholds


def test_a_threshold_changes_the_answer(opened: Any) -> None:
    model = opened("objects")
    window = image_of({(1, 1): 51, (5, 2): 255})
    assert len(model.infer(window).bounding_boxes) == 1
    model.set_threshold(1, min_score=0.1)
    assert model.thresholds[0].values == {"min_score": pytest.approx(0.1)}
    assert len(model.infer(window).bounding_boxes) == 2


def test_a_threshold_outlives_a_reset(opened: Any) -> None:
    model = opened("defects")
    model.set_threshold(1, min_anomaly_score=0.125)
    model.reset()
    assert model.thresholds[0].values == {"min_anomaly_score": 0.125}
    assert len(model.infer(image_of({(0, 0): 51})).visual_anomaly.grid) == 1


@pytest.mark.parametrize(
    ("block", "values", "message"),
    [
        (9, {"min_score": 0.5}, "no block 9"),
        (1, {"min_anomaly_score": 0.5}, "min_anomaly_score"),
        (1, {"min_score": "high"}, "'high'"),
        (1, {"min_score": float("nan")}, "nan"),
        (2, {"keep_grace": 1.5}, "whole number"),
        (2, {"max_observations": -1}, "whole number"),
        (2, {"max_observations": 65536}, "65535"),
        (2, {"threshold": 1.0, "keep_grace": 0.5}, "whole number"),
    ],
)
def test_a_wrong_threshold_is_refused_and_changes_nothing(
    opened: Any, block: int, values: dict[str, Any], message: str
) -> None:
    model = opened("tracking")
    before = model.thresholds
    with pytest.raises(InvalidInputError, match=message):
        model.set_threshold(block, **values)
    assert model.thresholds == before


# ----------------------------------------------------------------------------------- continuous


def slices(window: np.ndarray, count: int = 4) -> list[np.ndarray]:
    return np.split(window, count)


def test_slices_are_worked_on_one_by_one(opened: Any) -> None:
    model = opened("sounds")
    assert model.parameters.use_continuous_mode
    stream = np.r_[SOUND, -2 * SOUND[:16]]
    results = [model.infer_continuous(piece) for piece in slices(stream, 5)]
    assert [result.ready for result in results] == [False, False, False, True, True]
    for result, window in ((results[3], SOUND), (results[4], stream[16:])):
        expected = scores_of(model.labels, energies_of(window))
        assert result.classification == pytest.approx(expected, abs=1e-6)


def test_a_reset_starts_a_new_stream(opened: Any) -> None:
    model = opened("sounds")
    for piece in slices(SOUND):
        model.infer_continuous(piece)
    model.reset()
    ready = [model.infer_continuous(piece).ready for piece in slices(SOUND)]
    assert ready == [False, False, False, True]


@pytest.mark.parametrize("task", ["speech", "motion"])
def test_a_model_that_cannot_work_on_slices_gets_whole_windows(opened: Any, task: str) -> None:
    model = opened(task)
    for _ in range(2):
        *early, last = [model.infer_continuous(piece) for piece in slices(MOTION)]
        assert not any(result.ready for result in early)
        expected = scores_of(model.labels, MOTION)
        assert last.classification == pytest.approx(expected, abs=1e-6)
        model.reset()


# ------------------------------------------------------------------- what goes wrong, and is said


def faulty(how: str) -> np.ndarray:
    window = MOTION.copy()
    window[0] = FAULTS[how]
    return window


def test_an_error_code_is_an_error_with_what_the_sdk_printed(model: EdgeImpulseModel) -> None:
    message = r"error -8: there is not enough memory \(the SDK printed: ERR: no room for the arena"
    with pytest.raises(InferenceError, match=message):
        model.infer(faulty("fail"))


def test_an_unknown_error_code_is_told_as_that(model: EdgeImpulseModel) -> None:
    with pytest.raises(InferenceError, match="-1234: its code is not known"):
        model.infer(faulty("fail with an unknown code"))


def test_what_an_earlier_call_has_printed_is_not_said_again(model: EdgeImpulseModel) -> None:
    with pytest.raises(InferenceError):
        model.infer(faulty("fail"))
    model.infer(faulty("print"))
    with pytest.raises(InferenceError) as caught:
        model.infer(faulty("fail with an unknown code"))
    assert "printed" not in str(caught.value)


@pytest.mark.parametrize(
    ("how", "said"),
    [("throw", "the tensors are in disorder"), ("throw a number", "no std::exception")],
)
def test_an_exception_of_the_model_is_an_error(
    model: EdgeImpulseModel, how: str, said: str
) -> None:
    with pytest.raises(InferenceError, match=said):
        model.infer(faulty(how))
    assert model.infer(MOTION).classification == pytest.approx(scores_of(LABELS, MOTION), abs=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("position", [0, 5, 11])
def test_values_that_are_not_finite_are_refused_by_position(
    model: EdgeImpulseModel, value: float, position: int
) -> None:
    window = MOTION.copy()
    window[position] = value
    with pytest.raises(InvalidInputError, match=rf"{value}.*{position}|{position}.*{value}"):
        model.infer(window)


def test_a_slice_with_nan_is_refused(opened: Any) -> None:
    model = opened("sounds")
    with pytest.raises(InvalidInputError, match="nan"):
        model.infer_continuous(np.full(16, np.nan, np.float32))
    ready = [model.infer_continuous(piece).ready for piece in slices(SOUND)]
    assert ready == [False, False, False, True]


@pytest.mark.parametrize("count", [0, 1, 11, 13, 24])
def test_a_window_of_another_length_is_refused(model: EdgeImpulseModel, count: int) -> None:
    with pytest.raises(InvalidInputError, match=f"{count}.*12|12.*{count}"):
        model.infer(np.zeros(count, np.float32))


def test_what_the_model_prints_is_logged(
    model: EdgeImpulseModel, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG, "ei_runner_sdk_ffi"):
        model.infer(faulty("print"))
        model.infer(faulty("print much"))
    assert caplog.messages[0] == "it is 21 degrees, schön"
    assert caplog.messages[1] == "7".zfill(5000)
    assert capfd.readouterr() == ("", "")


def test_debug_tells_the_features(opened: Any, caplog: pytest.LogCaptureFixture) -> None:
    window = np.arange(12, dtype=np.float32)
    with caplog.at_level(logging.DEBUG, "ei_runner_sdk_ffi"):
        opened("motion").infer(window)
        assert not [line for line in caplog.messages if "Features" in line]
        opened("motion", debug=True).infer(window)
    (line,) = [line for line in caplog.messages if "Features" in line]
    assert line.startswith("Features (12): 0.000000 1.000000")
    assert line.endswith("11.000000")


def test_a_closed_model_says_so(opened: Any) -> None:
    model = opened("sounds")
    model.close()
    for call in (
        lambda: model.infer(SOUND),
        lambda: model.infer_continuous(SOUND[:16]),
        model.reset,
    ):
        with pytest.raises(InferenceError, match="closed"):
            call()


def test_a_window_is_taken_where_it_is(model: EdgeImpulseModel) -> None:
    window = MOTION.copy()
    window.flags.writeable = False
    assert model.infer(window).anomaly == model.infer(MOTION.astype(np.float64).tolist()).anomaly


def test_eight_threads_get_their_own_answers(model: EdgeImpulseModel) -> None:
    windows = RANDOM.uniform(-1, 1, (8, 12)).astype(np.float32)
    wrong: list[Any] = []

    def work(window: np.ndarray) -> None:
        expected = scores_of(LABELS, window)
        for _ in range(200):
            scores = model.infer(window).classification
            if scores != pytest.approx(expected, abs=1e-6):
                wrong.append(scores)

    threads = [threading.Thread(target=work, args=(window,)) for window in windows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong


def test_a_model_that_is_forgotten_is_unloaded(exported: Any) -> None:
    def mapped() -> int:
        maps = Path("/proc/self/maps")
        return maps.read_text().count("memfd") if maps.exists() else 0

    before = mapped()
    model = EdgeImpulseModel(exported("motion"), backend="sdk-ffi", options=FAST)
    assert mapped() > before or not Path("/proc/self/maps").exists()
    del model
    gc.collect()
    assert mapped() == before
