"""A model in a worker process answers as it does in this one, and says what goes wrong there."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import signal
import sys
import threading
import time

import ffi_isolated_sessions as told
import msgspec
import numpy as np
import pytest
from fake_distributions import BACKEND_PLUGIN, add_distribution

from ei_runner_core import (
    BackendUnavailableError,
    DeadlineError,
    EdgeImpulseError,
    InferenceError,
    InferenceResult,
    InvalidInputError,
    ModelFormatError,
    ProcessDiedError,
    errors,
    plugins,
)
from ei_runner_core.testing import ImpulseBackendSuite, ImpulseCase
from ei_runner_core.testing.backend import assert_clear
from ei_runner_core.testing.threads import Worker
from ei_runner_sdk_ffi.isolation.answers import Result
from ei_runner_sdk_ffi.isolation.session import open_isolated

WINDOW = np.float32([1, 2, 3, 4.5])
PROMPT_S = 10.0


def asked(what, *more):
    """A window that lets the model do something."""
    return np.float32([what, *more, 0, 0, 0][:4])


@pytest.fixture
def start():
    """Opens a model in a process of its own, and closes it after the test."""
    with contextlib.ExitStack() as closing:

        def starter(target="tell", timeout=60.0, start_timeout=60.0, restart="never", **arguments):
            session = open_isolated(
                f"{told.__name__}:{target}", arguments, timeout=timeout,
                start_timeout=start_timeout, restart=restart, name="a.model",
            )  # fmt: skip
            return closing.enter_context(session)

        yield starter


@pytest.fixture(scope="module")
def shared():
    """A model that no test ends."""
    target = f"{told.__name__}:tell"
    with open_isolated(target, {}, timeout=60, start_timeout=60, name="a.model") as session:
        yield session


@contextlib.contextmanager
def one_error(kind, *words):
    """What happens in a block ends soon, with one clear error that has these words."""
    begin = time.monotonic()
    with pytest.raises(kind) as caught:
        yield
    assert time.monotonic() - begin < PROMPT_S
    assert_clear(caught.value)
    for word in words:
        assert word in str(caught.value)


def total(session):
    return session.classify(WINDOW).classification["sum"]


def scripted(folder):
    path = folder / "model.told"
    path.write_text(json.dumps({"length": 4}))
    return path


class TestConformance(ImpulseBackendSuite):
    """With a backend of the tests that opens its models apart."""

    backend = "told-apart"

    @pytest.fixture(autouse=True)
    def installed(self, tmp_path_factory, monkeypatch):
        folder = tmp_path_factory.mktemp("site")
        target = f"{told.__name__}:ToldBackend"
        about = {"name": "told-apart", "kind": "impulse", "target": target, "opens": (".told",)}
        code = BACKEND_PLUGIN.format(**about, more={"summary": "for tests"})
        add_distribution(folder, "told-apart", code)
        monkeypatch.syspath_prepend(folder)
        plugins.refresh()
        yield
        sys.modules.pop("told_apart", None)
        monkeypatch.undo()
        plugins.refresh()

    def cases(self):
        return [ImpulseCase("told", scripted, WINDOW, {"classification": {"sum": 10.5}})]

    @pytest.mark.skip(reason="starts 100 processes: see test_ffi_isolation_ends")
    def test_opening_and_ending_leaks_nothing(self):
        """Counted over fewer cycles elsewhere."""

    @pytest.mark.skip(reason="starts 50 processes: see test_ffi_isolation_ends")
    def test_a_model_that_is_refused_leaks_nothing(self):
        """Counted over fewer cycles elsewhere."""


def test_it_tells_of_itself_what_the_session_there_does(shared):
    here = told.tell()
    for name in ("parameters", "inputs", "outputs", "impulse", "refuses_non_finite", "thresholds"):
        assert getattr(shared, name) == getattr(here, name), name


def test_every_field_of_a_result_travels_exactly(shared):
    result = shared.classify(asked(told.SPEAK))
    expected = told.EVERYTHING
    assert list(result.classification.items()) == list(expected.classification.items())
    for got, right in zip(result.freeform, expected.freeform, strict=True):
        assert (got.dtype, got.shape) == (right.dtype, right.shape)
        assert got.tobytes() == right.tobytes()
        assert got.flags.writeable
    assert result.timing.round_trip_us > 0
    plain = {"freeform": None, "timing": expected.timing}
    assert msgspec.structs.replace(result, **plain) == msgspec.structs.replace(expected, **plain)
    assert msgspec.structs.replace(result.timing, round_trip_us=0) == expected.timing


def test_no_field_of_a_result_is_forgotten():
    assert {*Result.__struct_fields__, "image"} == {*InferenceResult.__struct_fields__}
    given = msgspec.structs.asdict(told.EVERYTHING)
    assert [name for name, value in given.items() if value is None] == ["image"]


def test_tensors_go_and_come_by_position_and_by_name(shared):
    tensors = [
        np.arange(24, dtype=np.int8).reshape(2, 3, 4)[:, ::2].T,
        np.array(2.5, ">f8"),
        np.zeros((0, 3), np.float16),
        np.array([True, False]),
        np.random.default_rng(0).random(1_000_000),
    ]
    by_name = {f"input {i}": tensor for i, tensor in enumerate(tensors)}
    for answer in (shared.freeform(tensors), shared.freeform(by_name)):
        for got, right in zip(answer.values(), tensors, strict=True):
            assert got.dtype == right.dtype
            np.testing.assert_array_equal(got, right, strict=True)
            got.fill(0)
    assert list(shared.freeform(by_name)) == list(by_name)


@pytest.mark.parametrize("inputs", [[object()], [np.array([None])], {"x": lambda: 0}, 5, "text"])
def test_what_is_no_tensor_is_refused(shared, inputs):
    if inputs == "text":
        inputs = np.zeros(3)
    with one_error(InvalidInputError):
        shared.freeform(inputs)
    assert total(shared) == 10.5


@pytest.mark.parametrize("kind", told.KINDS)
def test_errors_travel_as_their_leaf_with_their_message(shared, kind):
    expected = getattr(errors, kind, InferenceError)
    expected = InferenceError if expected is EdgeImpulseError else expected
    with one_error(expected, kind, "with an ä and"):
        shared.classify(asked(told.RAISE, told.KINDS.index(kind)))
    assert total(shared) == 10.5


def test_streams_and_reset(shared):
    ready = [shared.classify_continuous(WINDOW[:2]).ready for _ in range(3)]
    shared.reset()
    assert [*ready, shared.classify_continuous(WINDOW[:2]).ready] == [False, True, True, False]


def test_thresholds_are_those_of_the_session_there(start):
    session, here = start(), told.tell()
    for one in (session, here):
        one.set_threshold(7, min_score=0.1, iou=0.3)
    assert session.thresholds == here.thresholds
    assert session.thresholds[0].values["min_score"] == float(np.float32(0.1))
    with one_error(InvalidInputError, "block 8"):
        session.set_threshold(8, min_score=0.5)
    assert session.thresholds == here.thresholds


def test_not_finite_values_reach_who_refuses_them_himself(shared):
    assert shared.refuses_non_finite
    assert math.isnan(shared.classify(np.float32([0, 1, 2, np.nan])).classification["sum"])


def test_eight_threads_at_once_get_their_own_answers(start):
    session = start(length=1000)

    def work(value):
        window = np.full(1000, value, np.float32)
        for _ in range(100):
            assert session.classify(window).classification["sum"] == 1000 * value

    for worker in [Worker(lambda value=value: work(value)) for value in range(8)]:
        worker.finish()


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (told.ABORT, ["SIGABRT", "the engine gives up | assertion failed"]),
        (told.CRASH, ["SIGSEGV", "about to crash"]),
        (told.EXIT, ["exit code 3"]),
    ],
)
def test_the_end_of_the_process_is_one_clear_error(start, what, words, capfd):
    session = start()
    with one_error(ProcessDiedError, "a.model", *words):
        session.classify(asked(what))
    for call in (lambda: total(session), session.reset, lambda: session.freeform([])):
        with one_error(ProcessDiedError, "a.model", "since an earlier call", *words):
            call()
    session.close()
    with one_error(InferenceError, "closed"):
        total(session)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("what", [told.HANG, told.STOP])
def test_a_hang_ends_at_the_deadline(start, what):
    session = start(timeout=0.3)
    with one_error(DeadlineError, "a.model", "0.3 s", "timeout"):
        session.classify(asked(what))
    with one_error(ProcessDiedError, "a.model", "since an earlier call", "0.3 s"):
        total(session)


@pytest.mark.parametrize("what", [told.ABORT, told.HANG])
def test_the_next_call_brings_it_back_where_that_is_wanted(start, what):
    session = start(timeout=1.0, restart="on-failure")
    session.set_threshold(7, min_score=0.1)
    before = session.thresholds
    with one_error(DeadlineError if what == told.HANG else ProcessDiedError, "a.model"):
        session.classify(asked(what))
    session.set_threshold(7, iou=0.75)
    assert session.thresholds[0].values == {**before[0].values, "iou": 0.75}
    assert total(session) == 10.5


def test_a_restart_that_fails_is_tried_again(start, tmp_path, monkeypatch):
    session = start(restart="on-failure")
    session.set_threshold(7, min_score=0.25)
    with one_error(ProcessDiedError):
        session.classify(asked(told.ABORT))
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", str(tmp_path / "python"))
        for _ in range(2):
            with one_error(BackendUnavailableError, "a.model"):
                total(session)
    assert total(session) == 10.5
    assert session.thresholds[0].values["min_score"] == 0.25


@pytest.mark.parametrize(
    ("how", "kind", "words"),
    [
        ("damaged", ModelFormatError, ["the model is damaged"]),
        ("bug", InferenceError, ["cannot be opened", "ZeroDivisionError: a bug"]),
        ("nothing", InferenceError, ["cannot be opened", "NoneType"]),
        ("abort", ProcessDiedError, ["a.model", "SIGABRT", "not here"]),
        ("exit", ProcessDiedError, ["a.model", "exit code 4"]),
    ],
)
def test_a_model_that_does_not_open_is_one_clear_error(start, how, kind, words):
    with one_error(kind, *words):
        start("fail", how=how)


def test_a_model_that_hangs_while_it_opens_ends_at_the_deadline(start):
    with one_error(DeadlineError, "a.model", "0.5 s", "start_timeout"):
        start("fail", how="hang", start_timeout=0.5)


@pytest.mark.parametrize("value", ["\udc80", object(), 2**70])
def test_what_cannot_be_sent_is_refused(start, shared, value):
    with one_error(InvalidInputError, "open"):
        start(bell=value)
    with one_error(InvalidInputError, "set_threshold"):
        shared.set_threshold(7, min_score=value)
    assert total(shared) == 10.5


def test_a_function_that_is_not_there_is_one_clear_error(start):
    with one_error(InferenceError, "no_such_function"):
        start("no_such_function")


@pytest.mark.parametrize(
    ("name", "value"), [("frozen", True), ("executable", ""), ("executable", "/opt/editor")]
)
def test_a_program_without_a_python_is_refused(start, monkeypatch, name, value):
    monkeypatch.setattr(sys, name, value, raising=False)
    with one_error(BackendUnavailableError, "a.model", "Python"):
        start()


def test_a_flood_of_output_stops_nothing(start, caplog):
    session = start()
    session.classify(asked(told.FLOOD))
    assert total(session) == 10.5
    with one_error(ProcessDiedError, "much | much", "the endthe engine gives up"):
        session.classify(asked(told.ABORT))


def test_a_process_that_closes_its_output_still_answers(start):
    session = start()
    session.classify(asked(told.HUSH))
    assert total(session) == 10.5
    with one_error(ProcessDiedError, "SIGABRT"):
        session.classify(asked(told.ABORT))


def test_what_it_prints_is_logged_and_never_mixed_into_the_output(start, caplog, capfd):
    caplog.set_level(logging.DEBUG, "ei_runner_sdk_ffi.isolation")
    session = start()
    session.classify(WINDOW, debug=True)
    total(session)
    session.close()
    assert "a.model: this is said on the way" in caplog.messages
    assert capfd.readouterr() == ("", "")


def test_it_finds_what_can_be_imported_here_also_with_a_safe_path(start, tmp_path, monkeypatch):
    code = f"from {told.__name__} import tell"
    (tmp_path / "only_on_this_path.py").write_text(code)
    (tmp_path / "numpy.py").write_text("raise AssertionError")
    monkeypatch.syspath_prepend(tmp_path / "Ordner mit Ä:")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    for safe in ("", "1"):
        monkeypatch.setenv("PYTHONSAFEPATH", safe)
        monkeypatch.chdir(tmp_path)
        with open_isolated(
            "only_on_this_path:tell", {}, timeout=9, start_timeout=60, name="m"
        ) as s:
            assert total(s) == 10.5


def test_a_ctrl_c_in_a_terminal_is_not_for_the_process(start, tmp_path):
    bell = tmp_path / "bell"
    os.mkfifo(bell)
    session = start(bell=str(bell))
    worker = Worker(lambda: session.classify(asked(told.WAIT)))
    with bell.open("w") as ring:  # it waits
        pid = session._dialogue._process._process.pid
        assert os.getsid(pid) == pid != os.getsid(0)
        os.kill(pid, signal.SIGINT)
        ring.write("go on")
    worker.finish()
    assert total(session) == 10.5


@pytest.fixture
def interruptible():
    """Ctrl-C as in a terminal; what runs in the background ignores it."""
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, earlier)


def test_an_interrupted_call_leaves_a_model_that_answers_right(start, tmp_path, interruptible):
    bell = tmp_path / "bell"
    os.mkfifo(bell)
    session = start(bell=str(bell))
    go_on = threading.Event()

    def interrupt():
        with bell.open("w"):  # the model waits in its call
            os.kill(os.getpid(), signal.SIGINT)
            assert go_on.wait(PROMPT_S)

    worker = Worker(interrupt)
    with pytest.raises(KeyboardInterrupt):
        session.classify(asked(told.WAIT))
    go_on.set()
    assert total(session) == 10.5
    worker.finish()


def test_closing_from_a_signal_handler_within_a_call_is_an_error_of_that_call(start, tmp_path):
    session = start(bell=str(tmp_path / "bell"))

    def close(*_):
        session.close()

    def interrupt():
        while not (tmp_path / "bell").exists():
            time.sleep(0.001)
        os.kill(os.getpid(), signal.SIGUSR1)

    earlier = signal.signal(signal.SIGUSR1, close)
    try:
        worker = Worker(interrupt)
        with one_error((InferenceError, ProcessDiedError)):
            session.classify(asked(told.HANG))
        worker.finish()
    finally:
        signal.signal(signal.SIGUSR1, earlier)
