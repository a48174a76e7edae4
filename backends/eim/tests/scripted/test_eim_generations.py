"""Programs of every generation: what old ones lack, and what each of them writes differently."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ei_runner_core import InferenceError, InvalidInputError

WINDOW = [1, 2, 3, 4]
OF_2021 = """
parameters = {
    "model_type": None, "slice_size": None, "use_continuous_mode": None, "thresholds": None,
    "label_count": None, "has_anomaly": None, "sensor": -1, "image_input_width": 0,
    "image_input_height": 0, "image_channel_count": 0,
}
def answer(self, message):
    if not {"hello", "classify"} & set(message):
        raise Refusal("Failed to handle message")
    return super().answer(message)
"""


def test_the_oldest_generation(eim, transport):
    model = eim(OF_2021, transport=transport)
    parameters = model.parameters
    assert model.infer(WINDOW).classification == {"sum": 10, "first": 1, "high": 1}
    assert (parameters.model_type, parameters.slice_size) == ("classification", 1)
    assert parameters.image_input_frames in (0, 1)
    assert model.thresholds == ()
    with pytest.raises(InvalidInputError):
        model.set_threshold(7, min_score=1)


def test_the_oldest_generation_slides(eim):
    model = eim(OF_2021)
    results = [model.infer_continuous([value]) for value in (1, 2, 3, 4, 5)]
    assert [result.ready for result in results] == [False, False, False, True, True]
    assert [results[position].classification["sum"] for position in (3, 4)] == [10, 14]


@pytest.mark.parametrize("has_anomaly", ["True", "False", "0.0", "1.0", "2", "'1'", "None"])
def test_anomaly_is_told_in_several_types(eim, has_anomaly):
    model = eim(f"parameters = {{'has_anomaly': {has_anomaly}}}")
    assert model.infer(WINDOW).classification["sum"] == 10
    assert bool(model.parameters.has_anomaly) == (
        has_anomaly.strip("'") in ("True", "1.0", "2", "1")
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("frequency", 0),
        ("frequency", 0.0011),
        ("interval_ms", 0.03125),
        ("sensor", 255),
        ("sensor", 77),
        ("sensor", None),
        ("inferencing_engine", 255),
        ("inferencing_engine", 9999),
        ("model_type", "a_type_of_tomorrow"),
        ("image_resize_mode", "a-mode-of-tomorrow"),
        ("threshold", 0.6),
        ("labels", ["sum", "first", "high", "unused"]),
        ("a_field_of_tomorrow", {"nested": [1, 2]}),
    ],
)
def test_unusual_values_do_not_keep_a_model_from_running(eim, name, value):
    model = eim(f"parameters = {{{name!r}: {value!r}}}")
    assert model.infer(WINDOW).classification["sum"] == 10


HELLO_FIELDS = {
    "no project": "{'project': None}",
    "an empty project": "{'project': {}}",
    "a project without an owner": "{'project': {'id': 1, 'name': 'n'}}",
    "an engine as an object": "{'inferencing_engine': {'engine_type': 4, 'properties': []}}",
    "an error of shared memory": "{'features_shm_error': 'no room'}",
    "null for shared memory": "{'features_shm': None, 'freeform_output_shm': None}",
    "a field of tomorrow": "{'vlm_model_download_url': 'https://example.com'}",
}


@pytest.mark.parametrize("name", HELLO_FIELDS)
def test_unusual_descriptions_do_not_keep_a_model_from_running(eim, name):
    model = eim(f"hello_extra = {HELLO_FIELDS[name]}")
    assert model.infer(WINDOW).classification["sum"] == 10


def answered(eim, result, parameters="{}", labels="('a', 'b')", **extra):
    """The answer of a model that always gives the same result."""
    body = f"""
    labels = {labels}
    parameters = {parameters}
    def on_classify(self, values):
        return {{"result": {result}, **{extra!r}}}
    """
    return eim(body).infer(WINDOW)


def test_labels_come_in_the_order_of_the_model(eim):
    result = answered(eim, {"classification": {"a": 0.25, "b": 0.75}}, labels="('b', 'a')")
    assert list(result.classification.items()) == [("b", 0.75), ("a", 0.25)]


def test_whole_scores_are_scores(eim):
    result = answered(eim, {"classification": {"a": 1, "b": 0}})
    assert result.classification == {"a": 1.0, "b": 0.0}
    assert all(isinstance(score, float) for score in result.classification.values())


def test_null_stands_for_what_is_no_number(eim):
    result = answered(eim, {"classification": {"a": None, "b": 1.0}, "anomaly": None})
    assert math.isnan(result.classification["a"])
    assert result.classification["b"] == 1


def test_a_label_that_the_model_did_not_tell_is_kept(eim):
    result = answered(eim, {"classification": {"zzz": 0.5, "a": 0.25, "b": 0.25}})
    assert list(result.classification) == ["a", "b", "zzz"]


def test_a_label_without_a_score_is_left_out(eim):
    assert answered(eim, {"classification": {"a": 1.0}}).classification == {"a": 1.0}


def test_equal_labels_share_a_score(eim):
    result = answered(eim, {"classification": {"a": 1.0}}, labels="('a', 'a')")
    assert result.classification == {"a": 1.0}


@pytest.mark.parametrize(
    "label", ["{", "}", '"', "\\", "}{", "Äpfel ", "\u0001", "日本", "", "a\nb"]
)
def test_labels_may_hold_anything(eim, transport, label):
    body = f"labels = ({label!r}, 'x', 'y')"
    model = eim(body, transport=transport)
    assert model.infer(WINDOW).classification == {label: 10, "x": 1, "y": 1}


def test_anomaly_alone(eim):
    result = answered(eim, {"anomaly": -0.125}, "{'has_anomaly': 1}", "()")
    assert (result.anomaly, result.classification) == (-0.125, None)


def test_a_regression(eim):
    assert answered(
        eim, {"classification": {"value": 21.5}}, labels="('value',)"
    ).classification == {"value": 21.5}


BOX = {"label": "cat", "value": 0.5, "x": 1, "y": 2, "width": 3, "height": 4}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("cat (id=3)", "cat"),
        ("cat (id=31)", "cat"),
        ("cat (id=x)", "cat (id=x)"),
        ("dog (id=1)", "dog (id=1)"),  # that is what the model calls it
        ("cat", "cat"),
    ],
)
def test_labels_of_trackers_are_cleaned(eim, written, read):
    result = answered(
        eim,
        {"bounding_boxes": [{**BOX, "label": written}]},
        "{'model_type': 'object_detection', 'has_object_tracking': True}",
        "('cat', 'dog (id=1)')",
    )
    assert [box.label for box in result.bounding_boxes] == [read]


def test_tracked_objects(eim):
    tracked = {"object_id": 9, **BOX}
    result = answered(eim, {"bounding_boxes": [], "object_tracking": [tracked]}, labels="('cat',)")
    assert result.bounding_boxes == ()
    assert [(found.object_id, found.label) for found in result.object_tracking] == [(9, "cat")]


VISUAL = {
    "visual_anomaly_grid": [{**BOX, "label": "anomaly", "value": 7.5}],
    "visual_anomaly_max": 7.5,
    "visual_anomaly_mean": 1.25,
}


@pytest.mark.parametrize("result", [VISUAL, {"visual_anomaly": VISUAL}], ids=["flat", "nested"])
def test_visual_anomaly(eim, result):
    visual = answered(eim, {**result, "anomaly": 0.0}, labels="()").visual_anomaly
    assert (visual.max, visual.mean) == (7.5, 1.25)
    assert [(cell.label, cell.value) for cell in visual.grid] == [("anomaly", 7.5)]


def test_visual_anomaly_without_cells(eim):
    found = {"visual_anomaly_grid": [], "visual_anomaly_max": 0.5, "visual_anomaly_mean": 0.25}
    assert answered(eim, found, labels="()").visual_anomaly.grid == ()


def test_freeform_in_the_message(eim):
    tensors = {"freeform": [[1.0, None, 3], []]}
    first, second = answered(eim, tensors, "{'model_type': 'freeform'}", "()").freeform
    np.testing.assert_array_equal(first, np.array([1, np.nan, 3], np.float32))
    assert second.shape == (0,)


FREEFORM = """
shared_memory = True
labels = ()
parameters = {"model_type": "freeform"}
def on_hello(self, _):
    answer = super().on_hello(_)
    self.inputs, self.segments = self.segments, {}
    several = [{"index": index, **self.share(size)} for index, size in ((1, 2), (0, 3))]
    self.outputs = [self.segments[one["name"]] for one in reversed(several)]
    self.segments = {**self.inputs, **self.segments}
    answer["freeform_output_shm"] = several
    return answer
def result(self, values):
    from array import array
    tensors = [[value * 2 for value in values[:3]], values[2:]]
    if not self.inputs or self.as_text:
        return {"freeform": tensors}
    for mapped, tensor in zip(self.outputs, tensors):
        mapped[:] = array("f", tensor).tobytes()
    return {"freeform": "shm"}
as_text = False
"""


@pytest.mark.parametrize("as_text", [False, True])
def test_freeform_in_shared_memory(eim, transport, as_text):
    model = eim(FREEFORM.replace("False", str(as_text)), transport=transport)
    for factor in (1, 2):
        tensors = model.infer([factor * value for value in WINDOW]).freeform
        assert [tensor.tolist() for tensor in tensors] == [
            [2 * factor, 4 * factor, 6 * factor],
            [3 * factor, 4 * factor],
        ]
    first = model.infer_freeform(WINDOW)
    model.infer([0, 0, 0, 0])
    assert first["output_0"].tolist() == [2, 4, 6]  # a copy
    assert list(first) == ["output_0", "output_1"]


def test_freeform_in_shared_memory_that_was_never_offered_is_an_error(eim):
    model = eim("labels = ()\ndef result(self, values): return {'freeform': 'shm'}")
    with pytest.raises((InferenceError, InvalidInputError)):
        model.infer_freeform(WINDOW)


def test_timing_and_info(eim):
    timing = {"dsp": 1, "classification": 20, "anomaly": 3, "json": 4, "stdin": 5, "msg_handler": 6}
    extra = {"timing": {**timing, "postprocessing": 1.5}, "info": "Akida: 3 mW"}
    result = answered(eim, {"classification": {"a": 1.0, "b": 0.0}}, **extra)
    assert (result.timing.dsp_us, result.timing.classification_us) == (1000, 20_000)
    assert 0 < result.timing.round_trip_us < 20_000_000
    assert result.info == "Akida: 3 mW"


def test_an_answer_without_a_result_is_empty(eim):
    assert eim("def on_classify(self, v): return {}").infer(WINDOW).classification is None


def test_place_holders_are_no_thresholds(eim):
    blocks = [
        {"id": 3, "type": "unknown", "unknown": 0},
        {"id": 4, "type": "anomaly_gmm", "min_anomaly_score": 0.20000000298023224},
    ]
    model = eim(f"parameters = {{'thresholds': {blocks}}}")
    assert [(block.id, dict(block.values)) for block in model.thresholds] == [
        (4, {"min_anomaly_score": 0.2})
    ]


def test_thresholds_that_are_null(eim):
    blocks = [{"id": 3, "type": "object_detection", "min_score": None}]
    model = eim(f"parameters = {{'thresholds': {blocks}}}")
    assert model.infer(WINDOW).classification["sum"] == 10


def test_a_threshold_is_set_and_read_back(eim, transport):
    model = eim(transport=transport)
    assert model.infer(WINDOW).classification["high"] == 1
    model.set_threshold(7, min_score=10.5)
    assert model.infer(WINDOW).classification["high"] == 0
    assert dict(model.thresholds[0].values) == {"min_score": 10.5}


SEVERAL = """
parameters = {"thresholds": [{"id": 7, "type": "object_tracking", "threshold": 0.5,
                              "keep_grace": 5, "max_observations": 3}]}
values = {"threshold": 0.5, "keep_grace": 5, "max_observations": 3}
def on_set_threshold(self, change):
    for name, value in change.items():
        if name == "max_observations":
            raise Refusal("Failed to set threshold, failed with error -34")
        self.values[name] = value
    return {}
def result(self, values):
    scores = (self.values["threshold"], self.values["keep_grace"], 0.0)
    return {"classification": dict(zip(self.labels, scores))}
"""


def test_a_refused_threshold_changes_nothing(eim, one_error):
    model = eim(SEVERAL)
    before = model.thresholds
    with one_error(InvalidInputError, "-34", "no threshold of that name"):
        model.set_threshold(7, threshold=0.25, keep_grace=1, max_observations=9)
    assert model.thresholds == before
    assert list(model.infer(WINDOW).classification.values()) == [0.5, 5, 0]
    model.set_threshold(7, threshold=0.25, keep_grace=2)
    assert list(model.infer(WINDOW).classification.values()) == [0.25, 2, 0]


@pytest.mark.parametrize("value", [math.nan, math.inf, "0.5", None, True, 10**400])
def test_a_threshold_that_is_no_number_never_reaches_the_program(eim, value):
    model = eim("def on_set_threshold(self, change): os._exit(1)")
    with pytest.raises(InvalidInputError):
        model.set_threshold(7, min_score=value)
    with pytest.raises(InvalidInputError):
        model.set_threshold(8, min_score=0.5)
    with pytest.raises(InvalidInputError):
        model.set_threshold(7, max_score=0.5)
    assert model.infer(WINDOW).classification["sum"] == 10


def test_a_runner_that_cannot_set_thresholds(eim, one_error):
    body = "def on_set_threshold(self, change): raise Refusal('Failed to handle message')"
    with one_error(InvalidInputError, "Failed to handle message"):
        eim(body).set_threshold(7, min_score=0.5)


CANNOT_STREAM = """
def on_classify_continuous(self, values):
    raise Refusal("Classifying failed, error code was -5")
"""


def test_a_model_that_cannot_stream_slides(eim, transport):
    streams, slides = eim(transport=transport), eim(CANNOT_STREAM, transport=transport)
    for model in (streams, slides):
        for _ in range(2):
            results = [model.infer_continuous([value]) for value in (1, 2, 3, 4, 5)]
            assert [result.ready for result in results] == [False, False, False, True, True]
            assert results[-1].classification == {"sum": 14, "first": 2, "high": 1}
            model.reset()


def test_another_failure_of_a_slice_is_an_error(eim, one_error):
    body = CANNOT_STREAM.replace("-5", "-3")
    model = eim(body)
    with one_error(InferenceError, "-3"):
        model.infer_continuous([1])


def test_zeros_of_a_full_window_are_an_answer(eim):
    model = eim()
    results = [model.infer_continuous([value]) for value in (0, 0, 0, -1, 0, 0, 0, 0)]
    assert [result.ready for result in results] == [False] * 3 + [True] * 5
    assert results[-1].classification == {"sum": 0, "first": 0, "high": 0}
