"""Servers in processes of their own: sockets, standard streams, clients that misbehave, signals."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
from pathlib import Path

import numpy as np
import pytest

from ei_runner_core import EdgeImpulseModel
from ei_runner_core.demos import demo
from ei_runner_eim.shared_memory import Segment

HELLO = b'{"hello":1,"id":1}'
WINDOW = [1, 2, 3, 4]
MODELS = Path(__file__).parent / "models"


def held_out(name: str) -> np.ndarray:
    with np.load(demo(name).held_out) as arrays:
        return arrays["windows" if "windows" in arrays else "images"][:3]


def windows_of(model: EdgeImpulseModel, name: str) -> list[np.ndarray]:
    """Three windows that the demo never saw, as features."""
    from ei_runner_core.images import pack

    samples = held_out(name)
    if not model.parameters.is_image:
        return [np.ascontiguousarray(one, np.float32).reshape(-1) for one in samples]
    rgb = samples if samples.ndim == 4 else np.repeat(samples[..., None], 3, axis=3)
    return [pack(np.ascontiguousarray(one)) for one in rgb]


def parts(result: dict) -> dict:
    """A result as it looks after it went through JSON."""
    return json.loads(json.dumps(result, sort_keys=True))


@pytest.mark.parametrize(("name", "target"), [
    ("digits", ""), ("motion", ""), ("keywords", ""), ("scenes", ""), ("scenes", "stdin"),
])  # fmt: skip
def test_a_served_demo_answers_like_the_model_itself(demo_path, start, name, target):
    bundle = demo_path(name)
    server = start(bundle, target=target)
    if target:
        server.wait_for("listening for JSON messages on stdin")
    hello = server.ask(hello=1)

    with EdgeImpulseModel(bundle) as model:
        windows = windows_of(model, name)
        direct = [parts(model.infer(window).to_dict()["result"]) for window in windows]
        assert hello["model_parameters"] == parts(model.parameters.to_dict()["model_parameters"])
    segment = Segment.attach(hello["features_shm"]["name"], windows[0].size)

    for window, expected in zip(windows, direct, strict=True):
        assert server.ask(classify=window.tolist())["result"] == expected
        segment.array[:] = window
        assert server.ask(classify_shm={"elements": window.size})["result"] == expected
    segment.close()
    server.disconnect()
    assert server.end()[0] == 0


def test_a_stream_is_answered_like_by_the_model_itself(demo_path, start):
    bundle = demo_path("keywords")
    server = start(bundle)
    server.ask(hello=1)
    with EdgeImpulseModel(bundle) as model:
        stream = np.concatenate(windows_of(model, "keywords"))
        size = model.parameters.slice_size
        for begin in range(0, 6 * size, size):
            piece = stream[begin : begin + size]
            expected = model.infer_continuous(piece)
            found = server.ask(classify_continuous=piece.tolist())["result"]["classification"]
            assert found == (expected.classification or dict.fromkeys(model.labels, 0.0))


def test_thresholds_reach_the_model(demo_path, start):
    server = start(demo_path("scenes"))
    (block,) = server.ask(hello=1)["model_parameters"]["thresholds"]
    image = windows_of(EdgeImpulseModel(demo_path("scenes")), "scenes")[0].tolist()
    assert server.ask(classify=image)["result"]["bounding_boxes"]
    assert server.ask(set_threshold={"id": block["id"], "min_score": 1.0})["success"]
    assert server.ask(classify=image)["result"]["bounding_boxes"] == []


def test_a_bare_network_is_served_as_tensors(start):
    pytest.importorskip("ei_runner_onnx", reason="needs the backend onnx")
    network = MODELS.parents[2] / "onnx" / "tests" / "models" / "add.onnx"
    server = start(network, "--backend", "onnx")
    hello = server.ask(hello=1)
    assert hello["model_parameters"]["input_features_count"] == 4
    assert hello["model_parameters"]["model_type"] == "freeform"
    assert hello["freeform_outputs"] == [{"name": "y", "shape": [1, 4]}]
    assert server.ask(classify=[0, 1, 2, 3])["result"] == {"freeform": [[1, 2, 3, 4]]}
    assert server.ask(classify_continuous=[])["error"] == "Classifying failed, error code was -5"


def test_a_network_with_several_inputs_is_one_clear_error(start):
    pytest.importorskip("ei_runner_onnx", reason="needs the backend onnx")
    network = MODELS.parents[2] / "onnx" / "tests" / "models" / "scalars.onnx"
    code, _, errors = start(network, "--backend", "onnx").end()
    assert code == 2
    assert "serve a network with one float32 input of fixed shape" in errors
    assert errors.count("ei-runner: error:") == 1


def test_the_socket_is_the_owners_and_goes_with_the_client(told, start):
    server = start(told())
    assert server.ask(hello=1)["success"]
    assert stat.S_IMODE(server.path.stat().st_mode) == 0o600
    assert len(server.segments) == 1
    server.disconnect()
    code, out, errors = server.end()
    assert (code, errors) == (0, "")
    runner = "Edge Impulse Linux impulse runner"
    assert out.splitlines() == [
        f"{runner} - listening for JSON messages on socket '{server.path}'",
        f"Waiting for connection on {server.path}...",
        "Connected",
    ]
    assert server.is_gone


def test_answers_end_with_a_line_break_and_a_nul(told, start):
    server = start(told())
    client = server.connect()
    client.sendall(HELLO)
    received = b""
    while not received.endswith(b"\n\0"):
        received += client.recv(1 << 16)
    assert received.count(b"\n") == received.count(b"\0") == 1


def test_a_stale_socket_is_replaced(told, start, tmp_path):
    path = tmp_path / "stale.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    server = start(told(), target=str(path))
    assert server.ask(hello=1)["success"]
    server.disconnect()
    assert server.end()[0] == 0
    assert not path.exists()


def test_what_is_no_socket_is_left_alone(told, start, tmp_path):
    path = tmp_path / "precious.txt"
    path.write_text("mine")
    code, _, errors = start(told(), target=str(path)).end()
    assert code == 2
    assert "is there already and is no socket; name another path" in errors
    assert path.read_text() == "mine"


def test_a_path_that_is_too_long_is_one_clear_error(told, start, tmp_path):
    path = str(tmp_path / "s").ljust(104, "s")
    code, _, errors = start(told(), target=path).end()
    assert code == 2
    assert "has 104 bytes, the system takes 1 to 103" in errors


def test_a_folder_that_is_not_there_is_one_clear_error(told, start, tmp_path):
    code, _, errors = start(told(), target=str(tmp_path / "no" / "s.sock")).end()
    assert code == 2
    assert "cannot listen on" in errors
    assert errors.count("\n") == 1


def test_a_model_that_does_not_open_leaves_no_socket(start, tmp_path):
    server = start(tmp_path / "nothing.zip")
    code, _, errors = server.end()
    assert code == 2
    assert "there is no model at" in errors
    assert not server.path.exists()


def test_only_one_client_is_served(told, start):
    server = start(told())
    server.ask(hello=1)
    server.disconnect()
    assert server.end()[0] == 0


def test_with_keep_each_client_finds_the_model_as_new(told, start):
    server = start(told(), "--keep")
    for _ in range(3):
        (block,) = server.ask(hello=1)["model_parameters"]["thresholds"]
        assert block["min_score"] == 0.5
        assert server.ask(set_threshold={"id": 7, "min_score": 0.9})["success"]
        zeros = server.ask(classify_continuous=[1, 2])["result"]["classification"]
        assert set(zeros.values()) == {0}
        server.disconnect()
    server.connect()
    server.process.terminate()
    code, out, _ = server.end()
    assert code == 128 + signal.SIGTERM
    assert out.count("Connected") >= 3
    assert server.is_gone


def test_messages_may_come_in_any_pieces(told, start):
    server = start(told())
    message = b'junk } \n{"hello":1,"id":1,"note":"{{}"}\n{"classify":[1,2,3,4],"id":2}'
    for byte in message:
        server.send(bytes([byte]))
    assert [server.receive()["id"] for _ in range(2)] == [1, 2]


@pytest.mark.parametrize("between", [b"", b"\n", b"\0", b" \r\n\0 junk "])
def test_merged_messages_are_answered_in_order(told, start, between):
    server = start(told())
    several = [b'{"classify":[1,2,3,4],"id":%d}' % number for number in range(2, 30)]
    server.send(between.join([HELLO, *several]) + b"\n")
    assert [server.receive()["id"] for _ in range(29)] == list(range(1, 30))


def test_a_bad_message_never_ends_the_server(told, start):
    server = start(told())
    for bad in (b"{]}", b'{"id":1,}', b'{"id":"\xff"}', b"{" * 600 + b"}" * 600, b"{}"):
        server.send(bad + b"\n")
        assert server.receive() == {"success": False, "error": "Missing 'id' field in message"}
    assert server.ask(hello=1)["success"]
    assert server.ask(hello=1)["error"] == "Invalid message 'hello', already initialized"


def test_a_message_beyond_32_mib_ends_the_server(told, start):
    server = start(told())
    server.ask(hello=1)
    with pytest.raises(ConnectionError):
        server.send(b'{"id":1,"classify":[' + b"1," * (17 << 20))
    code, out, _ = server.end()
    assert code == 1
    assert "Invalid message, received more than 33554432 bytes" in out
    assert server.is_gone


def test_replies_of_many_megabytes_come_whole(told, start):
    labels = [f"label {number:07}" * 20 for number in range(20_000)]
    server = start(told(labels=labels))
    reply = server.ask(hello=1)
    assert reply["model_parameters"]["labels"] == labels


def test_a_client_that_goes_in_the_middle_of_an_answer_ends_the_server(told, start):
    server = start(told(labels=[f"label {number:07}" * 20 for number in range(20_000)]))
    server.connect().sendall(HELLO)
    assert server._socket.recv(10)
    server.disconnect()
    code, _, errors = server.end()
    assert (code, errors) == (0, "")
    assert server.is_gone


def test_standard_output_carries_answers_alone(told, start):
    server = start(told(), target="stdin")
    server.wait_for("listening")
    server.ask(hello=1)
    assert server.ask(classify=[-4, 0, 0, 0], debug=True)["success"]
    server.send(b'{"classify":[-4,0,0,0],"id":3}')
    server.disconnect()
    code, out, errors = server.end()
    assert code == 0
    banner, answer, end = out.split("\n")
    assert banner == "Edge Impulse Linux impulse runner - listening for JSON messages on stdin"
    assert json.loads(answer)["id"] == 3
    assert not end
    assert errors.count('{"native": "chatter"}') == 2
    assert "Features (4 values)" in errors


@pytest.mark.parametrize(("target", "number"), [
    ("", signal.SIGINT), ("", signal.SIGTERM), ("", signal.SIGHUP), ("stdin", signal.SIGTERM),
])  # fmt: skip
def test_a_signal_ends_the_server_and_leaves_nothing(told, start, target, number):
    server = start(told(), target=target)
    if target:
        server.wait_for("listening")
    server.ask(hello=1)
    assert len(server.segments) == 1
    server.process.send_signal(number)
    code, _, errors = server.end()
    assert (code, errors) == (128 + number, "")
    assert server.is_gone


def test_a_signal_ends_a_server_that_waits_for_a_client(told, start):
    server = start(told())
    server.wait_for("Waiting")
    server.process.terminate()
    assert server.end()[0] == 128 + signal.SIGTERM
    assert not server.path.exists()


def test_a_signal_ends_a_server_that_is_busy_in_native_code(told, start):
    server = start(told())
    server.ask(hello=1)
    server.send(b'{"classify":[-3,0,0,0],"id":2}')
    server.wait_for("busy")
    server.process.terminate()
    assert server.end()[0] == 128 + signal.SIGTERM
    assert server.is_gone


def test_a_signal_ends_a_server_that_opens_its_model(told, start):
    server = start(told(model_type="stuck"))
    server.wait_for("busy")
    assert server.path.exists()
    server.process.terminate()
    assert server.end()[0] == 128 + signal.SIGTERM
    assert server.is_gone


def test_the_socket_of_a_later_server_is_left_alone(told, start, tmp_path):
    path = tmp_path / "same.sock"
    first = start(told(), target=str(path))
    first.ask(hello=1)
    path.rename(tmp_path / "away.sock")
    second = start(told(), target=str(path))
    second.ask(hello=1)
    first.disconnect()
    assert first.end()[0] == 0
    assert path.exists()
    assert second.ask(classify=WINDOW)["success"]


def test_an_ignored_hangup_stays_ignored(told, tmp_path, start):
    earlier = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        server = start(told())
        server.ask(hello=1)
    finally:
        signal.signal(signal.SIGHUP, earlier)
    server.process.send_signal(signal.SIGHUP)
    assert server.ask(classify=WINDOW)["success"]


def test_the_end_of_standard_input_ends_the_server(told, start):
    server = start(told(), target="stdin")
    server.disconnect()
    assert server.end()[0] == 0


def test_a_server_whose_output_nobody_reads_goes_on(told, start):
    server = start(told())
    server.connect()
    server.process.stdout.close()
    assert server.ask(hello=1)["success"]
    assert server.ask(classify=WINDOW, debug=True)["success"]
    server.disconnect()
    assert server.process.wait(30) == 0


def test_the_description_is_printed(told, start):
    code, out, errors = start(told(), target="--print-info").end()
    assert (code, errors) == (0, "")
    banner, _, document = out.partition("\n")
    assert banner == "Edge Impulse Linux impulse runner - printing model metadata"
    assert json.loads(document)["model_parameters"]["labels"] == ["zebra", "sum", "Äffchen"]
    assert document.count("\n") > 10
    with pytest.raises(FileNotFoundError):
        Segment.attach(json.loads(document)["features_shm"]["name"], 4)


def test_shared_memory_can_be_switched_off(told, start):
    server = start(told(), "--no-shared-memory")
    assert "features_shm" not in server.ask(hello=1)
    assert not server.segments


def test_nothing_is_kept_from_call_to_call(told, start):
    server = start(told())
    server.ask(hello=1)
    folder = Path(f"/proc/{server.process.pid}")
    if not folder.is_dir():
        pytest.skip("needs /proc to count what a process holds")

    def held() -> tuple[int, int]:
        pages = int((folder / "statm").read_text().split()[1])
        return len(list((folder / "fd").iterdir())), pages * os.sysconf("SC_PAGE_SIZE")

    for _ in range(200):
        server.ask(classify=WINDOW)
    files, memory = held()
    for _ in range(2000):
        server.ask(classify=WINDOW)
        server.ask(classify_shm={"elements": 4})
    assert held()[0] == files
    assert held()[1] < memory + (2 << 20)
