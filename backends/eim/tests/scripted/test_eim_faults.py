"""Programs that misbehave while they are asked: one clear error, in time, and nothing is left."""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time

import pytest

from ei_runner_core import DeadlineError, InferenceError, ProcessDiedError

WINDOW = [1, 2, 3, 4]
RIGHT = {"sum": 10, "first": 1, "high": 1}
SHORT = {"timeout": 0.4, "stop_timeout": 0.2}


def test_a_death_in_a_call(eim, one_error, transport):
    model = eim("def on_classify(self, _): os.write(2, b'bad tensor'); os._exit(3)",
                transport=transport)  # fmt: skip
    with one_error(ProcessDiedError, "exit code 3", "bad tensor"):
        model.infer(WINDOW)
    with one_error(ProcessDiedError, "before this call", "exit code 3", "restart"):
        model.infer(WINDOW)


def test_a_crash_in_a_call(eim, one_error, transport):
    body = "def on_classify(self, _): os.kill(os.getpid(), signal.SIGSEGV)"
    model = eim(body, transport=transport)
    with one_error(ProcessDiedError, "SIGSEGV"):
        model.infer(WINDOW)


def test_a_death_between_two_calls(eim, one_error, bell, transport):
    model = eim(
        """
        def on_classify(self, values):
            self.bell = self.ring()
            threading.Thread(target=lambda: self.bell.recv(1) and os._exit(4)).start()
            return super().on_classify(values)
        """,
        first="import threading",
        transport=transport,
    )
    assert model.infer(WINDOW).classification == RIGHT
    rings = bell()
    rings.send(b"x")
    assert rings.recv(1) == b""  # the program is gone
    with one_error(ProcessDiedError, "exit code 4"):
        model.infer(WINDOW)


def test_no_answer(eim, one_error, transport):
    model = eim("def on_classify(self, _): self.wait_for_ever()", transport=transport, **SHORT)
    with one_error(DeadlineError, "classify", "0.4 s", "timeout", within=3):
        model.infer(WINDOW)
    with one_error(ProcessDiedError, "before this call", "did not answer"):
        model.infer(WINDOW)


def test_a_program_that_ignores_signals_is_killed(eim, one_error, bell, transport):
    model = eim(
        """
        def on_classify(self, _):
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            self.bell = self.ring()
            self.wait_for_ever()
        """,
        transport=transport,
        **SHORT,
    )
    with one_error(DeadlineError, within=4):
        model.infer(WINDOW)
    assert bell().recv(1) == b""


def test_what_a_program_has_started_goes_with_it(eim, one_error):
    body = """
    def on_classify(self, _):
        if os.fork() == 0:
            self.wait_for_ever()
        os._exit(1)
    """
    model = eim(body)
    with one_error(ProcessDiedError):
        model.infer(WINDOW)


def test_half_an_answer(eim, one_error, transport):
    body = """
    def on_classify(self, _):
        self.write(b'{"id":2,"success":true,"result":{"classification":{"sum":')
        self.wait_for_ever()
    """
    model = eim(body, transport=transport, **SHORT)
    with one_error(DeadlineError, "classify", within=3):
        model.infer(WINDOW)


def test_half_an_answer_and_death(eim, one_error, transport):
    body = """
    def on_classify(self, _):
        self.write(b'{"id":2,"success":true,"result":{"classification":{"sum":')
        os._exit(5)
    """
    model = eim(body, transport=transport)
    with one_error(ProcessDiedError, "exit code 5"):
        model.infer(WINDOW)


GARBAGE = {
    "another id": b'{"id":77,"success":true,"result":{}}',
    "an earlier id": b'{"id":1,"success":true,"result":{}}',
    "no id": b'{"success":true,"result":{"classification":{"sum":1.0}}}',
    "a text as id": b'{"id":"2","success":true,"result":{}}',
    "a text as result": b'{"id":2,"success":true,"result":"good"}',
    "a list as result": b'{"id":2,"success":true,"result":[]}',
    "a text as score": b'{"id":2,"success":true,"result":{"classification":{"sum":"1"}}}',
    "no JSON": b'{"id":2,"success":true,}',
    "an empty object": b"{}",
    "deep nesting": b'{"id":2,"success":true,"x":' + b'{"a":' * 5000 + b"1" + b"}" * 5001,
    "invalid UTF-8": b'{"id":2,"success":true,"result":{"classification":{"\xff\xfe":1}}}',
    "a lone surrogate": b'{"id":2,"success":true,"error":"\\ud800"}',
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage(eim, one_error, name, tmp_path):
    (tmp_path / "garbage").write_bytes(GARBAGE[name])
    path = str(tmp_path / "garbage")
    model = eim(f"def on_classify(self, _): self.write(open({path!r}, 'rb').read() + self.end)")
    with one_error(InferenceError):
        model.infer(WINDOW)


@pytest.mark.parametrize(
    "text", [b"Segfault ahead\n", bytes(range(1, 120)), b"[1,2,3]\n", b"null\n"]
)
def test_a_socket_that_gives_no_objects(eim, one_error, text):
    model = eim(f"def on_classify(self, _): self.write({text!r})", **SHORT)
    with one_error(InferenceError, "classify"):
        model.infer(WINDOW)


def test_a_large_answer(eim, transport):
    body = """
    def write_much(self):
        self.write(b'{"id":2,"success":true,"result":{"classification":{"sum":1.0}},"padding":"')
        for _ in range(50):
            self.write(b"x" * 1_000_000)
        self.write(b'"}' + self.end)
    def respond(self, message):
        if message["id"] == 2:
            self.write_much()
        else:
            super().respond(message)
    """
    model = eim(body, transport=transport)
    assert model.infer(WINDOW).classification == {"sum": 1}
    assert model.infer(WINDOW).classification == RIGHT


@pytest.mark.parametrize("first", [b"", b'{"id":2,"x":"'], ids=["garbage", "an object"])
def test_an_answer_without_an_end(eim, one_error, transport, first):
    body = f"""
    def on_classify(self, _):
        self.write({first!r})
        for _ in range(300):
            self.write(b"x" * 1_000_000)
    """
    model = eim(body, transport=transport)
    with one_error(InferenceError, "without an end" if transport == "stdin" or first else ""):
        model.infer(WINDOW)


def test_megabytes_of_text_are_skipped_on_stdin(eim):
    body = """
    def on_classify(self, values):
        for _ in range(500):
            self.write(b"y" * 99_999 + b"\\n")
        return super().on_classify(values)
    """
    assert eim(body, transport="stdin").infer(WINDOW).classification == RIGHT


@pytest.mark.parametrize("fd", [1, 2])
def test_megabytes_of_output_at_any_time_do_not_stop_it(eim, transport, fd):
    body = f"""
    def print_much(self):
        for _ in range(30):
            os.write({fd}, b"z" * 99_999 + b"\\n")
    def on_hello(self, _):
        self.print_much()
        return super().on_hello(_)
    def send(self, answer):
        super().send(answer)
        self.print_much()
    """
    model = eim(body, transport=transport)
    for _ in range(3):
        assert model.infer(WINDOW).classification == RIGHT
    begin = time.monotonic()
    model.close()
    assert time.monotonic() - begin < 1.5, "the program had to be killed"


CHATTER = {
    "braces": b"took {3} ms\n",
    "an open brace": b"tensor {\n",
    "a closing brace": b"}\n",
    "an object": b'{"native": "chatter"}\n',
    "an object that is no JSON": b"{dims: [1, 2]}\n",
    "a quote": b'5" screen\n',
    "a quote and a brace": b'{"\n',
    "no line break": b"done ",
    "a word and a brace": b"x{y ",
}


@pytest.mark.parametrize("name", CHATTER)
def test_chatter_on_stdin_is_no_answer(eim, name):
    body = f"""
    def respond(self, message):
        self.write({CHATTER[name]!r})
        super().respond(message)
    """
    model = eim(body, transport="stdin", timeout=2.0, start_timeout=2.0)
    for _ in range(2):
        assert model.infer(WINDOW).classification == RIGHT


def test_output_is_logged(eim, caplog, transport):
    body = """
    def on_classify(self, values):
        self.say("a line of the model", 2)
        return super().on_classify(values)
    """
    with caplog.at_level(logging.DEBUG, "ei_runner_eim"):
        model = eim(body, transport=transport)
        model.infer(WINDOW)
        model.close()
    assert "a line of the model" in caplog.text


def test_a_refusal_is_an_error_and_the_next_call_works(eim, one_error, transport):
    body = """
    def on_classify(self, values):
        if values[0] < 0:
            raise Refusal("Classifying failed, error code was -3")
        return super().on_classify(values)
    """
    model = eim(body, transport=transport)
    with one_error(InferenceError, "error code was -3", "TensorFlow Lite"):
        model.infer([-1, 0, 0, 0])
    assert model.infer(WINDOW).classification == RIGHT


def test_a_refusal_without_an_id(eim, one_error, transport):
    body = """
    def respond(self, message):
        if "classify" in message and message["classify"][0] < 0:
            self.send({"error": "invalid UTF-8 byte at index 3"})
        else:
            super().respond(message)
    """
    model = eim(body, transport=transport)
    with one_error(InferenceError, "invalid UTF-8 byte"):
        model.infer([-1, 0, 0, 0])
    assert model.infer(WINDOW).classification == RIGHT


def test_success_false_without_a_reason(eim, one_error):
    body = "def on_classify(self, _): return {'success': False}"
    with one_error(InferenceError, "no reason"):
        eim(body).infer(WINDOW)


def test_an_answer_in_single_bytes(eim, transport):
    body = """
    def write(self, data):
        for byte in data:
            os.write(self.writer, bytes([byte]))
    """
    assert eim(body, transport=transport).infer(WINDOW).classification == RIGHT


def test_a_slow_reader_of_a_long_question(eim, transport):
    body = """
    features = 200_000
    def converse(self, reader, writer, end):
        real = os.read
        os.read = lambda fd, size: real(fd, 5000)
        super().converse(reader, writer, end)
    def result(self, values):
        return {"classification": {"sum": sum(values), "first": values[0], "high": 0.0}}
    """
    model = eim(body, transport=transport, shared_memory="never")
    assert model.infer([0.5] * 200_000).classification["sum"] == 100_000


def test_a_program_that_stops_to_read(eim, one_error, transport):
    body = """
    features = 1_000_000
    def converse(self, reader, writer, end):
        self.reader, self.writer, self.end = reader, writer, end
        self.respond({"hello": 1, "id": 1})
        self.wait_for_ever()
    """
    model = eim(body, transport=transport, **SHORT)
    with one_error(DeadlineError, "classify", within=3):
        model.infer([0.123456] * 1_000_000)


def test_an_interrupt_leaves_the_model_usable(eim, bell, transport):
    body = """
    def on_classify(self, values):
        if values[0] < 0:
            self.ring().recv(1)
        return super().on_classify(values)
    """
    model = eim(body, transport=transport)
    main = threading.main_thread().ident

    def interrupt():
        rings.append(bell())
        deadline = time.monotonic() + 10
        while sys._current_frames()[main].f_code.co_name != "receive":
            assert time.monotonic() < deadline, "it does not wait for the answer"
            time.sleep(0.001)
        signal.pthread_kill(main, signal.SIGINT)

    rings = []
    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        model.infer([-1, 0, 0, 0])
    thread.join()
    rings[0].send(b"x")  # the answer to the first question comes late
    assert model.infer(WINDOW).classification == RIGHT
    assert model.infer([0, 0, 0, 0]).classification == {"sum": 0, "first": 0, "high": 0}
