"""Questions and answers stay in step, and nothing waits longer than it may."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ei_runner_eim.client import EimClient, Garbage, OutOfStep, Refused
from ei_runner_eim.connection import Connection, Expired
from ei_runner_eim.framing import FrameReader
from ei_runner_eim.messages import numbers
from ei_runner_eim.wires import PipeWire

PATIENCE = 20.0


class Peer:
    """The other side of a socket, that says what a test tells it to."""

    def __init__(self) -> None:
        ours, self.socket = socket.socketpair()
        self.socket.settimeout(PATIENCE)
        self._ours = ours
        frames = FrameReader(1 << 24, strict=True)
        self.client = EimClient(Connection(ours.fileno(), ours.fileno(), frames))
        self._frames = FrameReader(1 << 24)

    def say(self, **reply):
        self.socket.sendall(json.dumps(reply).encode() + b"\n\0")

    def hear(self):
        while (message := self._frames.next()) is None:
            self._frames.feed(self.socket.recv(1 << 16))
        return json.loads(message)

    def close(self) -> None:
        self._ours.close()
        self.socket.close()


@pytest.fixture
def peer():
    peer = Peer()
    yield peer
    peer.close()


def test_each_question_has_a_number_of_its_own(peer):
    for number in (1, 2, 3):
        peer.say(id=number, success=True, result={"anomaly": number / 2})
        reply = peer.client.ask(lambda: b'{"classify":[1.5]', PATIENCE, "classify")
        assert reply.result.anomaly == number / 2
        assert peer.hear() == {"classify": [1.5], "id": number}


@pytest.mark.parametrize("number", [-1, 0, 1, 3, 999, 2**40])
def test_the_answer_to_another_question_is_garbage(peer, number):
    peer.say(id=1, success=True)
    peer.client.hello(PATIENCE)
    peer.say(id=number, success=True)
    with pytest.raises(Garbage, match=f"id {number} when it was asked 'classify' with the id 2"):
        peer.client.ask(lambda: b'{"classify":[1]', PATIENCE, "classify")
    with pytest.raises(OutOfStep):
        peer.client.ask(lambda: b'{"classify":[1]', PATIENCE, "classify")


@pytest.mark.parametrize("is_lost", [False, True])
def test_an_interrupted_question_does_not_spoil_the_next_one(peer, monkeypatch, is_lost):
    def interrupt(deadline):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(peer.client._connection, "receive", interrupt)
        for _ in range(2):  # in the first question, and when its answer is waited for
            with pytest.raises(KeyboardInterrupt):
                peer.client.ask(lambda: b'{"classify":[1]', PATIENCE, "classify")
    written = []

    def question():
        written.append(peer.client._last_answered)  # nothing is under way any more
        return b'{"classify":[2]'

    if not is_lost:  # the interrupt may also have come when the answer had been read
        peer.say(id=1, success=True, result={"anomaly": 1.0})
    for number in (2, 3):
        peer.say(id=number, success=False, error="Failed to handle message")
    peer.say(id=4, success=True, result={"anomaly": 4.0})
    assert peer.client.ask(question, PATIENCE, "classify").result.anomaly == 4.0
    assert written == [3]
    assert [peer.hear()["id"] for _ in range(4)] == [1, 2, 3, 4]


def test_a_flood_of_nothing_ends_at_the_deadline(peer):
    stop = threading.Event()

    def flood() -> None:
        peer.socket.settimeout(0.05)
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                peer.socket.sendall(b" " * 65536)

    thread = threading.Thread(target=flood)
    thread.start()
    try:
        with pytest.raises(Expired):
            peer.client.ask(lambda: b'{"classify":[1]', 0.2, "classify")
    finally:
        stop.set()
        thread.join()


def test_a_question_that_was_interrupted_half_sent_ends_the_conversation(peer, monkeypatch):
    def interrupt(message, deadline):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(peer.client._connection, "send", interrupt)
        with pytest.raises(KeyboardInterrupt):
            peer.client.ask(lambda: b'{"classify":[1]', PATIENCE, "classify")
    with pytest.raises(OutOfStep):
        peer.client.ask(lambda: b'{"classify":[1]', PATIENCE, "classify")


def test_a_refusal_says_what_its_code_means_and_the_next_question_goes_on(peer):
    peer.say(id=1, success=False, error="Classifying failed, error code was -11")
    with pytest.raises(Refused, match=r"error code was -11 \(out of memory\)"):
        peer.client.ask(lambda: b'{"classify":[1]', PATIENCE, "classify")
    peer.say(success=False, error="Missing 'id'\n field")
    with pytest.raises(Refused, match=r"refused 'classify': Missing 'id' field$"):
        peer.client.ask(lambda: b'{"classify":[1]', PATIENCE, "classify")
    peer.say(id=3, success=True)
    assert peer.client.ask(lambda: b'{"classify":[1]', PATIENCE, "classify").id == 3


@pytest.mark.parametrize("answer", [b'{"id":1,"succ', b"", b"\n\0\n"])
def test_an_answer_that_does_not_come_ends_at_the_deadline(peer, answer):
    peer.socket.sendall(answer)
    begin = time.monotonic()
    with pytest.raises(Expired):
        peer.client.ask(lambda: b'{"classify":[1]', 0.1, "classify")
    assert 0.1 <= time.monotonic() - begin < PATIENCE / 2


def test_an_answer_that_trickles_in_ends_at_the_deadline_too(peer):
    stop = threading.Event()

    def trickle() -> None:
        peer.socket.sendall(b'{"id":1,"error":"')
        while not stop.wait(0.01):
            peer.socket.sendall(b"x")

    thread = threading.Thread(target=trickle)
    thread.start()
    try:
        with pytest.raises(Expired):
            peer.client.ask(lambda: b'{"classify":[1]', 0.2, "classify")
    finally:
        stop.set()
        thread.join()


def test_a_question_that_nobody_reads_ends_at_the_deadline(peer):
    with pytest.raises(Expired):
        peer.client.ask(lambda: b'{"classify":[' + b"1," * (4 << 20) + b"1]", 0.1, "classify")


def test_long_messages_in_both_directions_do_not_block_each_other(peer):
    """The other side prints more than fits into the pipe before it reads the question."""
    text = "x" * (4 << 20)

    def talk() -> None:
        peer.say(id=1, success=True, info=text)
        peer.hear()

    thread = threading.Thread(target=talk)
    thread.start()
    question = b'{"classify":[' + b"1," * (2 << 20) + b"1]"
    assert peer.client.ask(lambda: question, PATIENCE, "classify").info == text
    thread.join()


def test_a_program_that_prints_on_its_standard_output_does_not_disturb():
    said: list[bytes] = []
    wire = PipeWire()
    wire.pass_on(said.append)
    try:
        os.write(wire.program_writes, b'Listening\nINFO: ready\n{"id":1,"success":true}\n')
        assert EimClient(wire.connection).hello(PATIENCE).success
    finally:
        wire.close()
    assert said == [b"Listening", b"INFO: ready"]


@given(arrays.arrays(np.float32, st.integers(1, 20), elements=st.floats(width=32, allow_nan=False)))
def test_numbers_come_back_as_they_were(values):
    finite = np.nan_to_num(values)
    for are_pixels in (False, True):
        read = np.array(json.loads(numbers(finite, are_pixels)), np.float32)
        np.testing.assert_array_equal(read, finite)


def test_pixels_go_as_whole_numbers():
    pixels = np.array([0, 255, 0xFFFFFF], np.float32)
    assert numbers(pixels, are_pixels=True) == b"[0,255,16777215]"
    assert numbers(pixels[:2] + np.float32(0.5), are_pixels=True) == b"[0.5,255.5]"
