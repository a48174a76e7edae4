"""The protocol, message by message: what is answered to what."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ei_runner_core import EdgeImpulseModel
from ei_runner_eim.serving.dialogue import Dialogue
from ei_runner_eim.serving.served_model import served_model
from ei_runner_eim.serving.shared_tensors import SharedTensors
from ei_runner_eim.serving.signals import StopSignals
from ei_runner_eim.shared_memory import Segment

Teller = Callable[..., Path]
BOX = {"label": "a", "value": 0.5, "x": 1, "y": 2, "width": 3, "height": 4}


class Client:
    def __init__(self, model: EdgeImpulseModel, shared_memory: bool) -> None:
        self.model = model
        served = served_model(model)
        self.shared = SharedTensors(served, StopSignals(), is_wanted=shared_memory)
        self._dialogue = Dialogue(served, self.shared)

    def raw(self, message: bytes) -> bytes:
        return self._dialogue.answer(message, 3)

    def ask(self, **message: Any) -> Any:
        return json.loads(self.raw(json.dumps({"id": 1, **message}).encode()))

    def error(self, **message: Any) -> str:
        reply = self.ask(**message)
        assert (reply["id"], reply["success"]) == (message.get("id", 1), False)
        assert reply.keys() == {"id", "success", "error"}
        return reply["error"]


@pytest.fixture
def open_client(told: Teller) -> Iterator[Callable[..., Client]]:
    opened: list[Client] = []

    def opener(answer: Any = None, *, shared_memory: bool = True, **parameters: Any) -> Client:
        model = EdgeImpulseModel(told(answer, **parameters))
        opened.append(Client(model, shared_memory))
        return opened[-1]

    yield opener
    for client in opened:
        client.shared.close()
        client.model.close()


@pytest.fixture
def greeted(open_client: Callable[..., Client]) -> Callable[..., Client]:
    def opener(answer: Any = None, **settings: Any) -> Client:
        client = open_client(answer, **settings)
        client.hello = client.ask(hello=1)
        return client

    return opener


def test_hello_tells_the_parameters_of_the_model(open_client):
    reply = open_client().ask(hello=1, id=-7)
    assert (reply["id"], reply["success"]) == (-7, True)
    assert reply["model_parameters"]["labels"] == ["zebra", "sum", "Äffchen"]
    assert reply["model_parameters"]["label_count"] == 3
    assert reply["model_parameters"]["thresholds"] == [
        {"id": 7, "type": "object_detection", "min_score": 0.5}
    ]
    assert reply["inferencing_engine"] == {"engine_type": 255, "properties": []}
    segment = reply["features_shm"]
    assert segment["name"].startswith("/shm-")
    assert (segment["elements"], segment["size_bytes"], segment["type"]) == (4, 16, "float32")


def test_hello_comes_first_and_once(open_client):
    client = open_client()
    too_early = "Invalid message, should initialize first"
    assert client.error(classify=[1, 2, 3, 4]) == too_early
    assert client.error(hello=2) == "Invalid value for 'hello', only 1 supported"
    assert client.error(hello="1") == too_early
    assert client.ask(hello=1)["success"]
    assert client.error(hello=1) == "Invalid message 'hello', already initialized"


@pytest.mark.parametrize(
    "message",
    [b"{}", b'{"id":"1"}', b'{"id":1.0}', b'{"id":true}', b'{"id":2147483648}', b'{"id":}',
     b'{"id":-2147483649}', b'{"id":1}}', b'{"id":"\xff"}', b"{" * 5000],
)  # fmt: skip
def test_a_message_without_a_whole_id_is_answered_without_one(greeted, message):
    reply = json.loads(greeted().raw(message))
    assert reply == {"success": False, "error": "Missing 'id' field in message"}


@pytest.mark.parametrize("number", [0, -(2**31), 2**31 - 1])
def test_the_id_comes_back(greeted, number):
    assert greeted().ask(classify=[1, 2, 3, 4], id=number)["id"] == number


def test_scores_come_in_the_alphabetical_order_of_their_labels(greeted):
    reply = greeted().ask(classify=[1, 2.5, 3, 4])
    assert reply["result"] == {"classification": {"sum": 10.5, "zebra": 0.25, "Äffchen": 0.5}}
    assert list(reply["result"]["classification"]) == ["sum", "zebra", "Äffchen"]
    assert list(reply) == ["id", "result", "success", "timing"]


def test_times_are_whole_milliseconds_beside_exact_ones(greeted):
    answer = {"result": {}, "timing": {"dsp_us": 1700, "classification": 5, "anomaly": 0}}
    timing = greeted(answer).ask(classify=[1, 2, 3, 4])["timing"]
    assert timing.keys() >= {"dsp", "classification", "anomaly", "json", "stdin", "msg_handler"}
    assert (timing["dsp"], timing["dsp_us"], timing["classification_us"]) == (2, 1700, 5000)
    assert timing["stdin"] == 3
    assert all(type(value) is int for value in timing.values())


@pytest.mark.parametrize("key", ["classify", "classify_continuous"])
def test_a_wrong_number_of_features_is_named(greeted, key):
    expected = {"classify": 4, "classify_continuous": 2}[key]
    text = f"Invalid number of features in '{key}', expected {expected} but got 3"
    assert greeted().error(**{key: [1, 2, 3]}) == text


@pytest.mark.parametrize("wrong", [None, "1", True, False, [1], {}])
def test_what_is_no_number_is_refused(greeted, wrong):
    text = "Failed to parse classify array, should contain all numbers"
    assert greeted().error(classify=[1, 2, 3, wrong]) == text


@pytest.mark.parametrize("message", [
    {}, {"classify": 1}, {"classify": None}, {"classify_shm": [4]}, {"set_threshold": 7},
    {"set_parameter": {}}, {"classify_continuous": "1"},
])  # fmt: skip
def test_unknown_messages_are_told(greeted, message):
    assert greeted().error(**message) == "Failed to handle message"


def test_the_first_known_key_wins(greeted):
    client = greeted()
    reply = client.ask(set_threshold={"id": 99}, classify_continuous=[1], classify=[1, 2, 3, 4])
    assert reply["result"]["classification"]["sum"] == 10


def test_numbers_that_float32_cannot_hold_are_one_error(greeted):
    client = greeted()
    text = client.error(classify=[1, 2, 3, 1e300])
    assert text.startswith("Classifying failed, error code was -22: features[3] is inf")
    assert client.ask(classify=[1, 2, 3, 10**30])["success"]


@pytest.mark.parametrize(("first", "text"), [
    (-1, "the engine is broken"), (-2, "ZeroDivisionError: a bug"),
])  # fmt: skip
def test_a_failed_inference_is_one_error(greeted, first, text):
    client = greeted()
    assert client.error(classify=[first, 0, 0, 0]) == (
        f"Classifying failed, error code was -22: {text}"
    )
    assert client.ask(classify=[1, 2, 3, 4])["success"]


def test_a_window_in_shared_memory_is_answered_from_there(greeted):
    client = greeted()
    about = client.hello["features_shm"]
    segment = Segment.attach(about["name"], about["elements"])
    segment.array[:] = [1, 2, 3, 5]
    assert client.ask(classify_shm={"elements": 4})["result"]["classification"]["sum"] == 11
    segment.array[:] = 7
    for _ in range(3):
        client.ask(classify_continuous_shm={"elements": 2})
    reply = client.ask(classify_continuous_shm={"elements": 2})
    assert reply["result"]["classification"]["sum"] == 14
    segment.close()


def test_wrong_elements_are_named(greeted):
    client = greeted()
    assert client.error(classify_shm={}) == "Missing 'elements' in 'classify_data_shm'"
    assert (
        client.error(classify_shm={"elements": "4"}) == "Missing 'elements' in 'classify_data_shm'"
    )
    assert client.error(classify_continuous_shm={"elements": 4}) == (
        "Invalid value for 'classify_data_continuous_shm.elements', expected 2, but got 4"
    )


def test_without_shared_memory_a_client_hears_why(greeted):
    client = greeted(shared_memory=False)
    assert "features_shm" not in client.hello
    assert client.hello["features_shm_error"] == "shared memory is switched off"
    assert client.error(classify_shm={"elements": 4}) == (
        "Cannot use 'classify_shm', shared memory is switched off"
    )
    assert client.ask(classify=[1, 2, 3, 4])["success"]


def test_slices_are_answered_with_zeros_until_the_window_is_full(greeted):
    answer = {"result": {"classification": {"zebra": 1.0, "sum": 0.0}, "anomaly": 0.5}}
    client = greeted(answer, labels=["zebra", "sum"], has_anomaly=1)
    zeros = {"anomaly": 0.0, "classification": {"sum": 0.0, "zebra": 0.0}}
    for _ in range(3):
        reply = client.ask(classify_continuous=[1, 2])
        assert reply["result"] == zeros
        assert reply["timing"]["classification"] == 0
    reply = client.ask(classify_continuous=[1, 2])
    assert reply["result"] == {"anomaly": 0.5, "classification": {"sum": 3.0, "zebra": 1.0}}


@pytest.mark.parametrize(("parameters", "zeros"), [
    ({"model_type": "object_detection", "has_object_tracking": True},
     {"bounding_boxes": [], "object_tracking": []}),
    ({"has_anomaly": 3, "labels": []},
     {"anomaly": 0, "visual_anomaly_grid": [], "visual_anomaly_max": 0, "visual_anomaly_mean": 0}),
])  # fmt: skip
def test_zeros_have_the_parts_that_the_model_gives(greeted, parameters, zeros):
    assert greeted(**parameters).ask(classify_continuous=[1, 2])["result"] == zeros


def test_a_model_that_takes_no_slices_says_so_as_an_eim_does(greeted):
    client = greeted(slice_size=0)
    text = "Classifying failed, error code was -5"
    assert client.error(classify_continuous=[]) == text
    assert client.error(classify_continuous_shm={"elements": 0}) == text


def test_boxes_of_no_value_are_left_out(greeted):
    answer = {"result": {"bounding_boxes": [BOX, {**BOX, "value": 0.0}]}}
    assert greeted(answer).ask(classify=[1, 2, 3, 4])["result"] == {"bounding_boxes": [BOX]}


def test_a_track_of_no_value_counts_as_certain(greeted):
    tracks = [{"object_id": 1, **BOX}, {"object_id": 2, **BOX, "value": 0.0}]
    reply = greeted({"result": {"object_tracking": tracks}}).ask(classify=[1, 2, 3, 4])
    assert [track["value"] for track in reply["result"]["object_tracking"]] == [0.5, 1.0]


def test_visual_anomaly_stands_flat_in_the_result(greeted):
    visual = {
        "visual_anomaly_grid": [{**BOX, "label": "anomaly"}],
        "visual_anomaly_max": 2.0,
        "visual_anomaly_mean": 1.0,
    }
    result = greeted({"result": visual}).ask(classify=[1, 2, 3, 4])["result"]
    assert result == {**visual, "anomaly": 0.0}, "an .eim has both"


def test_nan_and_infinity_become_null(greeted):
    answer = {"result": {"classification": {"zebra": float("nan")}, "anomaly": float("inf")}}
    assert greeted(answer).ask(classify=[1, 2, 3, 4])["result"] == {
        "anomaly": None,
        "classification": {"zebra": None},
    }


def test_what_the_engine_says_is_passed_on(greeted):
    client = greeted({"result": {}, "info": "3 mW"})
    assert client.ask(classify=[1, 2, 3, 4])["info"] == "3 mW"


def test_tensors_come_in_the_reply_or_in_shared_memory(greeted):
    answer = {"result": {"freeform": [[1.5, 2.5], [3.5]]}}
    client = greeted(answer, model_type="freeform", labels=[])
    assert client.hello["freeform_outputs"] == [
        {"name": "tensor 0", "shape": [2]},
        {"name": "tensor 1", "shape": [1]},
    ]
    assert [row["index"] for row in client.hello["freeform_output_shm"]] == [0, 1]
    reply = client.ask(classify=[1, 2, 3, 4])
    assert reply["result"] == {"freeform": [[1.5, 2.5], [3.5]]}
    assert client.ask(classify_shm={"elements": 4})["result"] == {"freeform": "shm"}
    for row, expected in zip(client.hello["freeform_output_shm"], [[1.5, 2.5], [3.5]], strict=True):
        segment = Segment.attach(row["name"], row["elements"])
        np.testing.assert_array_equal(segment.array, np.float32(expected))
        segment.close()
    assert client.ask(classify_continuous=[1, 2])["result"] == {"freeform": [[0, 0], [0]]}


def test_tensors_come_in_the_reply_where_there_is_no_shared_memory(greeted):
    answer = {"result": {"freeform": [[1.5, float("nan")]]}}
    client = greeted(answer, shared_memory=False, model_type="freeform", labels=[])
    assert "freeform_output_shm" not in client.hello
    assert client.ask(classify=[1, 2, 3, 4])["result"] == {"freeform": [[1.5, None]]}


def test_thresholds_change(greeted):
    client = greeted()
    message = {"id": 7, "type": "ignored", "min_score": 0.75}
    assert client.ask(set_threshold=message) == {"id": 1, "success": True}
    assert client.model.thresholds[0].values == {"min_score": 0.75}
    assert client.ask(set_threshold={"id": 7})["success"]


@pytest.mark.parametrize(("message", "text"), [
    ({}, "set_threshold should have a numeric field 'id'"),
    ({"id": "7"}, "set_threshold should have a numeric field 'id'"),
    ({"id": 8, "min_score": 1}, "set_threshold: cannot find learn block with id 8"),
    ({"id": 7, "min_score": "1"}, "set_threshold, value for 'min_score' should be numeric"),
    ({"id": 7, "min_score": True}, "set_threshold, value for 'min_score' should be numeric"),
    ({"id": 7, "block_id": 1}, "set_threshold, setting key 'block_id' failed with error -34"),
    ({"id": 7, "min_score": -1},
     "set_threshold, setting key 'min_score' failed with error -34: a threshold is 0 or more"),
])  # fmt: skip
def test_a_wrong_threshold_is_named_and_changes_nothing(greeted, message, text):
    client = greeted()
    assert client.error(set_threshold=message) == text
    assert client.model.thresholds[0].values == {"min_score": 0.5}


def test_debug_shows_the_features(greeted, capfd):
    assert greeted().ask(classify=[1, 2, 3, 4], debug=True)["success"]
    assert "Features (4 values): [1. 2. 3. 4.]" in capfd.readouterr().out


def test_segments_go_when_they_are_closed(greeted):
    client = greeted()
    client.shared.close()
    with pytest.raises(OSError, match="No such file"):
        Segment.attach(client.hello["features_shm"]["name"], 4)
