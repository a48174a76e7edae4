"""The promises of the one class that users hold, on a real backend written in NumPy."""

from __future__ import annotations

import copy
import gc
import json
import os
import pickle
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest
from dense_models import expected_scores, impulse_document, write_bundle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ei_runner_core import (
    EdgeImpulseModel,
    InferenceError,
    InferenceResult,
    InvalidInputError,
    ModelFormatError,
    PluginError,
    SensorType,
    UnsupportedModelError,
)

pytestmark = pytest.mark.usefixtures("dense")
WINDOW = np.array([0.5, -1.0, 2.0, 0.25, 0.0, -3.0], np.float32)


@pytest.fixture
def model(bundle):
    with EdgeImpulseModel(bundle) as model:
        yield model


def scores(result: InferenceResult) -> list[float]:
    return list(result.classification.values())


def test_the_answer_is_that_of_the_network(model):
    result = model.infer(WINDOW)
    assert list(result.classification) == ["idle", "up", "down"]
    np.testing.assert_allclose(scores(result), expected_scores(WINDOW), rtol=1e-6)
    assert result.ready
    assert result.top(1)[0][0] == model.labels[int(np.argmax(expected_scores(WINDOW)))]


@pytest.mark.parametrize(
    "window",
    [
        WINDOW.tolist(),
        tuple(WINDOW.tolist()),
        WINDOW.astype(np.float64),
        WINDOW.astype(np.float16),
        WINDOW.reshape(2, 3),
        WINDOW.reshape(2, 3).tolist(),
        np.repeat(WINDOW, 2)[::2],
        WINDOW.astype(">f4"),
    ],
    ids=["list", "tuple", "float64", "float16", "samples-by-axes", "nested", "strided", "swapped"],
)
def test_any_real_numbers_of_the_right_shape_will_do(model, window):
    assert scores(model.infer(window)) == scores(model.infer(WINDOW))


def test_integers_are_numbers_too(model):
    assert scores(model.infer([1, 2, 3, 4, 5, 6])) == scores(model.infer(np.arange(1.0, 7.0)))


BAD_WINDOWS = {
    "too few": (WINDOW[:5], r"got 5 features, the model expects 6 \(2 samples of 3 axes\)"),
    "too many": (np.zeros(7), "got 7 features, the model expects 6"),
    "empty": ([], "got 0 features, the model expects 6"),
    "scalar": (1.0, "got 1 features"),
    "wrong shape": (WINDOW.reshape(3, 2), r"shape \(3, 2\), the model expects \(6,\) or \(2, 3\)"),
    "batch": (WINDOW.reshape(1, 6), r"shape \(1, 6\)"),
    "nan": ([0, 1, float("nan"), 3, 4, 5], r"features\[2\] is nan \(1 of 6 values"),
    "infinity": ([0, 1, 2, float("inf"), 4, float("-inf")], r"features\[3\] is inf \(2 of 6"),
    "beyond float32": ([0, 1e300, 0, 0, 0, 0], r"features\[1\] is inf"),
    "text": (["a"] * 6, "dtype <U1, expected real numbers"),
    "none": (None, "dtype object"),
    "complex": (np.zeros(6, np.complex64), "dtype complex64"),
    "ragged": ([[1, 2], [3]], "are not an array of numbers"),
    "masked": (np.ma.masked_less(WINDOW, 0), "have masked values; fill them"),
    "huge integer": ([10**400] * 6, "dtype object"),
}


@pytest.mark.parametrize("name", BAD_WINDOWS)
def test_a_bad_window_is_one_clear_error(model, name):
    window, message = BAD_WINDOWS[name]
    with pytest.raises(InvalidInputError, match=message):
        model.infer(window)
    np.testing.assert_allclose(scores(model.infer(WINDOW)), expected_scores(WINDOW), rtol=1e-6)


def test_large_finite_values_are_not_mistaken_for_infinity(model):
    assert model.infer(np.full(6, 3e30, np.float32)).ready


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.lists(st.floats(-100, 100, width=32), min_size=6, max_size=6))
def test_every_window_is_answered_as_the_network_does(model, window):
    np.testing.assert_allclose(
        scores(model.infer(window)), expected_scores(np.array(window)), rtol=1e-4, atol=1e-6
    )


def test_a_batch_answers_in_order(model):
    windows = np.stack([WINDOW, WINDOW * 2, WINDOW * 0])
    batch = model.infer_batch(windows)
    assert [scores(r) for r in batch] == [scores(model.infer(w)) for w in windows]
    assert model.infer_batch([]) == []
    assert len(model.infer_batch(iter(windows))) == 3


def test_a_batch_with_one_bad_window_runs_none(model):
    with pytest.raises(InvalidInputError, match="got 5 features"):
        model.infer_batch([WINDOW, WINDOW[:5]])
    with pytest.raises(InvalidInputError, match="takes several windows, got int"):
        model.infer_batch(3)
    with pytest.raises(InvalidInputError, match="takes several windows, got ndarray"):
        model.infer_batch(np.array(1.0))


def test_continuous_mode_slides_over_the_stream(model):
    stream = np.arange(12, dtype=np.float32).reshape(4, 3) / 10
    first, *rest = [model.infer_continuous(piece) for piece in stream]
    assert not first.ready
    assert first.classification is None
    for k, result in enumerate(rest):
        assert scores(result) == scores(model.infer(stream[k : k + 2]))


def test_reset_starts_a_new_stream(model):
    piece = np.ones(3, np.float32)
    assert not model.infer_continuous(piece).ready
    assert model.infer_continuous(piece).ready
    model.reset()
    assert not model.infer_continuous(piece).ready


def test_a_bad_slice_is_one_clear_error(model):
    with pytest.raises(InvalidInputError, match="got 6 slice values, the model expects 3"):
        model.infer_continuous(WINDOW)


def test_freeform_returns_the_tensors_of_an_impulse(model):
    tensors = model.infer_freeform(WINDOW)
    assert list(tensors) == ["scores"]
    np.testing.assert_allclose(tensors["scores"], [expected_scores(WINDOW)], rtol=1e-6)
    assert model.infer_freeform([WINDOW])["scores"].shape == (1, 3)
    with pytest.raises(InvalidInputError, match="dtype object"):
        model.infer_freeform(None)
    with pytest.raises(InvalidInputError, match="one window of features, not tensors by name"):
        model.infer_freeform({"features": WINDOW})


def test_the_model_tells_about_itself(model, bundle):
    assert model.parameters.label_count == 3
    assert model.parameters.project.name == "dense"
    assert model.labels == ("idle", "up", "down")
    assert model.sensor_type is SensorType.ACCELEROMETER
    assert model.input_size == 6
    assert model.path == bundle
    assert model.backend_name == "dense"
    assert model.impulse.name == "gestures"
    assert model.thresholds == ()
    assert repr(model) == f"<EdgeImpulseModel {str(bundle)!r} (dense)>"


def test_unknown_threshold_blocks_and_keys_are_named(model):
    with pytest.raises(InvalidInputError, match="no post-processing block 9; the model has 4"):
        model.set_threshold(9, min_score=0.5)
    with pytest.raises(InvalidInputError, match="min_score"):
        model.set_threshold(4, min_score=0.5)


def test_images_go_to_image_models_only(model):
    with pytest.raises(InvalidInputError, match=r"this one takes windows of 6 values; call infer"):
        model.infer_image(np.zeros((8, 8, 3), np.uint8))


def test_normalising_a_visual_anomaly_needs_a_threshold(model):
    with pytest.raises(InvalidInputError, match="not a visual anomaly model"):
        model.normalize_visual_anomaly(1.0, 2.0, 3.0)


def test_unknown_options_reach_the_backend_and_are_refused(bundle):
    with pytest.raises(InvalidInputError, match=r"dense has no options, got \['speed'\]"):
        EdgeImpulseModel(bundle, options={"speed": 9})
    with pytest.raises(InvalidInputError, match="options must be a mapping"):
        EdgeImpulseModel(bundle, options=["speed"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": ["a", "b"]}, r"gives 3 scores .* lists 2 labels"),
        (
            {"dsp": [{"id": 2, "type": "raw", "outputs": 7}]},
            r"network.dense has the shape \(1, 6\), but .* 7 features",
        ),
        (
            {"dsp": [{"id": 2, "type": "flatten", "outputs": 6, "config": {"average": True}}]},
            "contradict|flatten",
        ),
        (
            {"learn": [{"type": "network", "id": 3, "inputs": [2], "files": ["network.dense"],
                        "outputs": [1]}]},
            "picks output 1, but network.dense has 1 outputs",
        ),
        (
            {"dsp": [{"id": 2, "type": "raw", "outputs": 6, "config": {"scale_axes": "big"}}]},
            "scale_axes",
        ),
    ],
)  # fmt: skip
def test_tensors_that_contradict_the_impulse_are_refused_at_open(tmp_path, changes, message):
    bundle = write_bundle(tmp_path / "bundle", impulse_document(**changes))
    with pytest.raises(ModelFormatError, match=message):
        EdgeImpulseModel(bundle)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dsp": [{"id": 2, "type": "telepathy", "outputs": 6}]}, "telepathy"),
        ({"postprocessing": [{"id": 4, "type": "oracle", "input": 3}]}, "oracle"),
    ],
)  # fmt: skip
def test_what_the_core_cannot_run_is_said_at_open(tmp_path, changes, message):
    bundle = write_bundle(tmp_path / "bundle", impulse_document(**changes))
    with pytest.raises(UnsupportedModelError, match=message):
        EdgeImpulseModel(bundle)


def test_a_failing_open_closes_what_it_had_opened(tmp_path, monkeypatch, dense):
    bundle = write_bundle(tmp_path / "bundle", impulse_document(labels=["a"]))
    with pytest.raises(ModelFormatError):
        EdgeImpulseModel(bundle)
    import ei_runner_dense

    sessions = [o for o in gc.get_objects() if isinstance(o, ei_runner_dense.DenseSession)]
    assert all(session._kernel is None for session in sessions)


def test_closing_twice_is_legal_and_a_closed_model_says_so(bundle):
    model = EdgeImpulseModel(bundle)
    model.close()
    model.close()
    for call in (lambda: model.infer(WINDOW), model.reset, lambda: model.thresholds):
        with pytest.raises(InferenceError, match="is closed: open it again"):
            call()
    assert model.labels == ("idle", "up", "down")
    assert "closed" in repr(model)


def test_a_forgotten_model_is_closed_by_garbage_collection(bundle):
    model = EdgeImpulseModel(bundle)
    session = weakref.ref(model._session)
    del model
    gc.collect()
    assert session() is None


def test_many_threads_share_one_model(model):
    windows = np.random.default_rng(0).normal(size=(200, 6)).astype(np.float32)
    expected = [scores(model.infer(w)) for w in windows]
    answers: list[list[float] | None] = [None] * len(windows)

    def work(start: int) -> None:
        for k in range(start, len(windows), 8):
            answers[k] = scores(model.infer(windows[k]))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == expected


def test_closing_while_threads_infer_ends_them_with_a_clear_error(bundle):
    model = EdgeImpulseModel(bundle)
    started, errors = threading.Barrier(5), []

    def work() -> None:
        started.wait()
        try:
            while True:
                model.infer(WINDOW)
        except InferenceError as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    started.wait()
    model.close()
    for thread in threads:
        thread.join(timeout=30)
    assert len(errors) == 4


FORK_PROGRAM = """
import os, sys
from ei_runner_core import EdgeImpulseModel, InferenceError

model = EdgeImpulseModel(sys.argv[1])
window = [0.0] * 6
model.infer(window)
pid = os.fork()
if pid == 0:
    try:
        model.infer(window)
    except InferenceError as error:
        print("child:", error, flush=True)
    model.close()
    del model
    sys.exit(0)
assert os.waitpid(pid, 0)[1] == 0
print("parent:", model.infer(window).ready)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform cannot fork")
def test_a_forked_child_is_told_to_open_the_model_again(bundle):
    from fake_distributions import DENSE

    path = os.pathsep.join([str(DENSE), str(bundle.parent / "site"), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", FORK_PROGRAM, str(bundle)],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "was opened in another process" in done.stdout
    assert "open it again after the fork" in done.stdout
    assert "parent: True" in done.stdout
    assert done.stderr == ""


def test_debug_logs_the_window_and_the_result(bundle, caplog):
    with EdgeImpulseModel(bundle, debug=True) as model, caplog.at_level("DEBUG", "ei_runner_core"):
        model.infer(WINDOW)
    assert "window of 6 values" in caplog.text
    assert "features:" in caplog.text
    assert "'classification'" in caplog.text


def test_without_debug_nothing_is_logged(model, caplog):
    with caplog.at_level("DEBUG", "ei_runner_core"):
        model.infer(WINDOW)
    assert caplog.text == ""


def test_a_result_can_be_sent_to_another_process(model):
    result = model.infer(WINDOW)
    assert pickle.loads(pickle.dumps(result)) == result


def test_a_result_is_json_of_the_protocol(model):
    reply = json.loads(json.dumps(model.infer(WINDOW).to_dict()))
    assert set(reply) == {"result", "timing"}
    assert set(reply["result"]) == {"classification"}
    assert InferenceResult.from_dict(reply, model.labels).classification == pytest.approx(
        dict(zip(model.labels, expected_scores(WINDOW).tolist(), strict=True)), rel=1e-6
    )


def test_a_bare_network_is_a_freeform_model(bundle):
    with EdgeImpulseModel(bundle / "network.dense") as model:
        assert model.parameters.model_type == "freeform"
        assert model.input_size == 0
        for inputs in (WINDOW, [WINDOW], {"features": WINDOW}, WINDOW.reshape(1, 6)):
            outputs = model.infer_freeform(inputs)
            np.testing.assert_allclose(outputs["scores"], [expected_scores(WINDOW)], rtol=1e-6)
        with pytest.raises(UnsupportedModelError, match="call infer_freeform"):
            model.infer(WINDOW)
        with pytest.raises(UnsupportedModelError, match="call infer_freeform"):
            model.infer_continuous(WINDOW)
        with pytest.raises(InvalidInputError, match="this one takes tensors; call infer_freeform"):
            model.infer_image(np.zeros((8, 8), np.uint8))
        with pytest.raises(UnsupportedModelError, match="no thresholds"):
            model.set_threshold(1, min_score=0.5)
        assert model.thresholds == ()


def test_a_closed_model_cannot_be_entered_again(bundle):
    model = EdgeImpulseModel(bundle)
    model.close()
    with pytest.raises(InferenceError, match="is closed"), model:
        pass


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_model_cannot_be_copied(model, duplicate):
    with pytest.raises(InferenceError, match="cannot be copied or sent to another process: open"):
        duplicate(model)


def test_a_signal_handler_may_close_the_model_but_not_call_it(model):
    session, seen = model._session, []
    run = session._networks[0].run

    def interrupted(values):
        with pytest.raises(InferenceError, match="while it was working in the same thread"):
            model.infer(WINDOW)
        model.close()
        seen.append(True)
        return run(values)

    session._networks[0].run = interrupted
    with pytest.raises(InferenceError, match="is closed"):
        model.infer(WINDOW)
    assert seen == [True]


def test_networks_whose_outputs_share_a_key_are_refused(tmp_path):
    document = impulse_document()
    [block] = document["learn"]
    document["learn"] = [block | {"outputs": [0, 0]}, block | {"id": 4}]
    with pytest.raises(ModelFormatError, match=r"two networks share \[4\]"):
        EdgeImpulseModel(write_bundle(tmp_path / "bundle", document))


def test_a_regression_needs_exactly_one_value(tmp_path):
    steps = [{"id": 4, "type": "regression", "input": 3}]
    bundle = write_bundle(tmp_path / "bundle", impulse_document(postprocessing=steps))
    with pytest.raises(ModelFormatError, match="a regression needs exactly one"):
        EdgeImpulseModel(bundle)


@pytest.mark.parametrize("answer", [None, [], (None,), ([0.1, 0.2, 0.7],)])
def test_a_backend_that_answers_nonsense_is_refused_at_open(bundle, monkeypatch, answer):
    with EdgeImpulseModel(bundle):
        pass  # imports the backend
    session = sys.modules["ei_runner_dense"].DenseSession
    monkeypatch.setattr(session, "run", lambda self, inputs: answer)
    with pytest.raises((PluginError, InferenceError), match="promised|inference failed"):
        EdgeImpulseModel(bundle)


def test_an_error_that_nobody_foresaw_becomes_an_inference_error(model):
    def fail(values):
        raise OSError("the chip is gone")

    model._session._networks[0].run = fail
    with pytest.raises(InferenceError, match="the inference failed: OSError: the chip is gone"):
        model.infer(WINDOW)
