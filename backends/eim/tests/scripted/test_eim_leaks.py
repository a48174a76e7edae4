"""However a program and its host end, nothing is left of either."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading

import pytest

from ei_runner_core import EdgeImpulseModel, InferenceError

WINDOW = [1, 2, 3, 4]
SHELL = """\
#!/bin/sh
printf '{"id":1,"success":true,"model_parameters":{"input_features_count":4,"labels":["a"]}}\\n'
read -r line
while read -r line; do
  id=${line##*'"id":'}
  printf '{"id":%s,"success":true,"result":{"classification":{"a":0.5}}}\\n' "${id%\\}*}"
done
"""
PATIENCE = 8.0


@pytest.fixture
def host(program, request):
    """Starts a Python that opens a program and goes on with some lines, which print a line."""
    started = []

    def start(lines, body="", **options):
        code = (
            "import os, signal, sys, threading\nfrom ei_runner_core import EdgeImpulseModel\n"
            f"model = EdgeImpulseModel({str(program(body))!r}, backend='eim', options={options})\n"
            "model.infer([1, 2, 3, 4])\n"
        ) + lines
        path = os.pathsep.join(filter(None, sys.path))
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def ended(process):
    out, errors = process.communicate(timeout=20)
    return process.returncode, out.decode(), errors.decode()


IN_A_CALL = """
shared_memory = True
def on_classify_shm(self, told):
    answer = super().on_classify_shm(told)
    if answer["result"]["classification"]["first"] < 0:
        self.bell = self.ring()
        self.wait_for_ever()
    return answer
def on_classify(self, values):
    answer = super().on_classify(values)
    if values[0] < 0 and self.writer == 1:
        self.bell = self.ring()
        self.wait_for_ever()
    return answer
"""
ASK = "model.infer([-1, 0, 0, 0])\n"


@pytest.mark.parametrize("how", ["exit", "sys.exit", "exception", "os._exit", "abort"])
def test_a_host_that_ends_without_close(host, nothing_left, how):
    lines = {
        "exit": "",
        "sys.exit": "sys.exit()",
        "exception": "1 / 0",
        "os._exit": "os._exit(0)",
        "abort": "os.kill(os.getpid(), signal.SIGABRT)",
    }[how]
    code, _, errors = ended(host(lines, IN_A_CALL))
    assert code == {"exception": 1, "abort": -signal.SIGABRT}.get(how, 0), errors
    assert ("Traceback" in errors) == (how == "exception"), errors
    nothing_left(PATIENCE)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_host_that_is_ended_in_a_call(host, bell, transport, nothing_left, number):
    process = host(ASK, IN_A_CALL, transport=transport, stop_timeout=0.5)
    rings = bell()
    process.send_signal(number)
    code, _, errors = ended(process)
    assert code == -number, errors
    assert rings.recv(1) == b""
    nothing_left(PATIENCE)


def test_a_host_that_is_killed_with_a_program_that_ignores_signals(host, bell, nothing_left):
    body = """
    def on_classify(self, values):
        if values[0] < 0:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            self.bell = self.ring()
            self.wait_for_ever()
        return super().on_classify(values)
    """
    process = host(ASK, body, stop_timeout=0.3)
    rings = bell()
    process.kill()
    process.wait(20)
    assert rings.recv(1) == b""
    nothing_left(PATIENCE)


def test_a_host_that_is_killed_while_the_program_starts(host, bell, nothing_left):
    body = """
    def on_hello(self, _):
        self.bell = self.ring()
        self.wait_for_ever()
    """
    process = host("", body, stop_timeout=0.3)
    rings = bell()
    process.kill()
    process.wait(20)
    assert rings.recv(1) == b""
    nothing_left(PATIENCE)


def test_the_thread_that_opened_it_may_end(eim):
    opened = []
    thread = threading.Thread(target=lambda: opened.append(eim()))
    thread.start()
    thread.join()
    assert opened[0].infer(WINDOW).classification["sum"] == 10


def test_garbage_collection_ends_it(program, transport, nothing_left):
    model = EdgeImpulseModel(program(), backend="eim", options={"transport": transport})
    model.infer(WINDOW)
    del model
    gc.collect()
    nothing_left()


def test_a_cycle_of_references_ends_with_it(program, nothing_left):
    model = EdgeImpulseModel(program(), backend="eim")
    model.me = model
    del model
    gc.collect()
    nothing_left()


def test_an_exception_in_a_with_block_ends_it(program, nothing_left):
    with pytest.raises(KeyError), EdgeImpulseModel(program(), backend="eim"):
        raise KeyError
    nothing_left()


def test_forked_children_leave_the_program_alone(host, nothing_left):
    lines = """
children = []
for how in ("exit", "close", "infer", "own"):
    child = os.fork()
    if child == 0:
        try:
            if how == "close":
                model.close()
            elif how == "infer":
                try:
                    model.infer([1, 2, 3, 4])
                except Exception as error:
                    assert "another process" in str(error), error
                else:
                    os._exit(7)
            elif how == "own":
                with EdgeImpulseModel(model.path, backend="eim") as own:
                    own.infer([1, 2, 3, 4])
        except BaseException as error:
            print(repr(error))
            sys.stdout.flush()
            os._exit(8)
        sys.exit()
    children.append(os.waitpid(child, 0)[1])
    assert model.infer([1, 2, 3, 4]).classification["sum"] == 10
model.close()
print(children)
"""
    lines = "import warnings\nwarnings.simplefilter('ignore', DeprecationWarning)\n" + lines
    code, out, errors = ended(host(lines))
    assert (code, out.strip()) == (0, "[0, 0, 0, 0]"), errors
    nothing_left()


def test_a_program_ends_although_a_forked_child_lives(host, bell, nothing_left):
    lines = """
import warnings
warnings.simplefilter('ignore', DeprecationWarning)
reader, writer = os.pipe()
if os.fork() == 0:
    os.read(reader, 1)
    os._exit(0)
model.close()
print("closed", flush=True)
os.write(writer, b"x")
os.wait()
"""
    code, out, errors = ended(host(lines))
    assert (code, out.strip()) == (0, "closed"), errors
    nothing_left()


def test_two_hundred_cycles(tmp_path, nothing_left):
    path = tmp_path / "model.eim"
    path.write_text(SHELL)
    path.chmod(0o700)
    options = {"transport": "stdin"}

    def cycles():
        for _ in range(100):
            with EdgeImpulseModel(path, backend="eim", options=options) as model:
                assert model.infer(WINDOW).classification == {"a": 0.5}

    threads = [threading.Thread(target=cycles) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    nothing_left()


def test_twenty_failures_to_open_leave_nothing(program, nothing_left):
    path = program("def on_hello(self, _): raise Refusal('no licence')")
    for number in range(20):
        options = {"transport": ("socket", "stdin")[number % 2]}
        with pytest.raises(InferenceError, match="no licence"):
            EdgeImpulseModel(path, backend="eim", options=options)
    nothing_left()
