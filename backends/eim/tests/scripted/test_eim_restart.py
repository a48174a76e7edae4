"""A program that has failed is brought back where that is wanted, as it was."""

from __future__ import annotations

import pytest

from ei_runner_core import DeadlineError, InferenceError, InvalidInputError, ProcessDiedError

WINDOW = [1, 2, 3, 4]
AGAIN = {"restart": "on-failure"}
DIES_ON_NEGATIVE = """
def on_classify(self, values):
    if values[0] < 0:
        os._exit(3)
    return super().on_classify(values)
"""
DIES_AT_THE_THIRD_CALL = """
calls = 0
def on_classify(self, values):
    self.calls += 1
    if self.calls == 3:
        os._exit(3)
    return super().on_classify(values)
"""


def test_without_the_option_it_stays_away(eim, one_error, transport):
    model = eim(DIES_ON_NEGATIVE, transport=transport)
    for _ in range(2):
        with one_error(ProcessDiedError, "exit code 3"):
            model.infer([-1, 0, 0, 0])


def test_a_death_at_the_third_call_is_not_seen(eim, transport, caplog):
    model = eim(DIES_AT_THE_THIRD_CALL, transport=transport, **AGAIN)
    for number in range(7):
        assert model.infer([number, 0, 0, 0]).classification["first"] == number
    assert caplog.text.count("started again") == 3


def test_an_input_that_kills_it_is_one_error_and_the_next_call_works(eim, one_error, transport):
    model = eim(DIES_ON_NEGATIVE, transport=transport, **AGAIN)
    with one_error(ProcessDiedError, "exit code 3"):
        model.infer([-1, 0, 0, 0])
    assert model.infer(WINDOW).classification["sum"] == 10


def test_a_program_that_hangs_is_brought_back_by_the_next_call(eim, one_error, transport):
    body = """
    def on_classify(self, values):
        if values[0] < 0:
            self.wait_for_ever()
        return super().on_classify(values)
    """
    model = eim(body, transport=transport, timeout=0.5, stop_timeout=0.2, **AGAIN)
    with one_error(DeadlineError):
        model.infer([-1, 0, 0, 0])
    assert model.infer(WINDOW).classification["sum"] == 10


def test_garbage_is_an_error_and_the_next_call_works(eim, one_error):
    body = """
    def on_classify(self, values):
        if values[0] < 0:
            self.write(b"rubbish\\n")
        return super().on_classify(values)
    """
    model = eim(body, **AGAIN)
    with one_error(InferenceError, "rubbish"):
        model.infer([-1, 0, 0, 0])
    assert model.infer(WINDOW).classification["sum"] == 10


def test_thresholds_are_sent_again(eim, one_error):
    model = eim(DIES_ON_NEGATIVE, **AGAIN)
    model.set_threshold(7, min_score=100)
    assert model.infer(WINDOW).classification["high"] == 0
    with one_error(ProcessDiedError):
        model.infer([-1, 0, 0, 0])
    assert model.infer(WINDOW).classification["high"] == 0
    assert model.thresholds[0].values == {"min_score": 100}


def test_shared_memory_is_mapped_again(eim):
    body = """
    shared_memory = True
    calls = 0
    def on_classify_shm(self, told):
        self.calls += 1
        if self.calls == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().on_classify_shm(told)
    """
    model = eim(body, shared_memory="always", **AGAIN)
    for number in range(4):
        assert model.infer([number, 0, 0, 0]).classification["first"] == number


def test_a_death_while_a_threshold_is_set(eim, one_error):
    body = "def on_set_threshold(self, change): os._exit(4)"
    model = eim(body, **AGAIN)
    with one_error(ProcessDiedError, "exit code 4"):
        model.set_threshold(7, min_score=100)
    assert model.thresholds[0].values == {"min_score": 5}
    assert model.infer(WINDOW).classification["high"] == 1


def test_a_death_at_the_first_threshold_only(eim):
    body = """
    def on_set_threshold(self, change):
        if self.starts() == 1:
            os._exit(4)
        return super().on_set_threshold(change)
    """
    model = eim(body, **AGAIN)
    model.set_threshold(7, min_score=100)
    assert model.infer(WINDOW).classification["high"] == 0


@pytest.mark.parametrize("why", ["exits", "hangs", "is gone"])
def test_a_program_that_cannot_be_started_again(program, eim, one_error, why):
    body = (
        DIES_ON_NEGATIVE
        + {
            "exits": """
def on_hello(self, _):
    if self.starts() > 1:
        os._exit(5)
    return super().on_hello(_)
""",
            "hangs": """
def on_hello(self, _):
    if self.starts() > 1:
        self.wait_for_ever()
    return super().on_hello(_)
""",
            "is gone": "def interrupted(self, *_): pass",
        }[why]
    )
    model = eim(body, start_timeout=0.6, stop_timeout=0.3, **AGAIN)
    if why == "is gone":
        model.path.unlink()
    for _ in range(3):
        with one_error((ProcessDiedError, DeadlineError, FileNotFoundError)):
            model.infer([-1, 0, 0, 0])


def test_it_comes_back_when_it_can_be_started_again(eim, one_error):
    body = (
        DIES_ON_NEGATIVE
        + """
def on_hello(self, _):
    if self.starts() == 2:
        os._exit(5)
    return super().on_hello(_)
"""
    )
    model = eim(body, **AGAIN)
    with one_error(ProcessDiedError):
        model.infer([-1, 0, 0, 0])
    assert model.infer(WINDOW).classification["sum"] == 10


def test_a_stream_begins_anew(eim):
    body = """
    def on_classify_continuous(self, values):
        if values[0] < 0:
            os._exit(3)
        return super().on_classify_continuous(values)
    """
    model = eim(body, **AGAIN)
    ready = [model.infer_continuous([1]).ready for _ in range(5)]
    assert ready == [False, False, False, True, True]
    with pytest.raises(ProcessDiedError):
        model.infer_continuous([-1])
    results = [model.infer_continuous([value]) for value in (2, 3, 4, 5)]
    assert [result.ready for result in results] == [False, False, False, True]
    assert results[-1].classification == {"sum": 14, "first": 2, "high": 1}


def test_reset_starts_a_stream_anew_without_the_option(eim):
    model = eim()
    for _ in range(4):
        model.infer_continuous([1])
    model.set_threshold(7, min_score=100)
    model.reset()
    ready = [model.infer_continuous([value]).ready for value in (2, 3, 4)]
    assert ready == [False] * 3
    assert model.infer_continuous([5]).classification == {"sum": 14, "first": 2, "high": 0}


def test_a_closed_model_is_not_brought_back(eim, one_error):
    model = eim(DIES_ON_NEGATIVE, **AGAIN)
    model.close()
    with pytest.raises(InferenceError, match="closed"):
        model.infer(WINDOW)


def test_a_refused_threshold_changes_nothing_after_a_restart(eim, one_error):
    body = (
        DIES_ON_NEGATIVE
        + """
def on_set_threshold(self, change):
    raise Refusal("Failed to set threshold, failed with error -34")
"""
    )
    model = eim(body, **AGAIN)
    with one_error(InvalidInputError, "-34"):
        model.set_threshold(7, min_score=100)
    with one_error(ProcessDiedError):
        model.infer([-1, 0, 0, 0])
    assert model.infer(WINDOW).classification["high"] == 1


def test_a_value_is_not_lost_when_the_next_one_of_the_same_call_needs_a_restart(eim):
    body = """
    parameters = {"thresholds": [{"id": 7, "type": "t", "keep_grace": 5, "threshold": 0.5}]}
    def on_hello(self, _):
        self.values, self.number = {}, self.starts()
        return super().on_hello(_)
    def on_set_threshold(self, change):
        if self.number == 1 and "threshold" in change:
            os._exit(3)
        self.values |= change
        return {}
    def on_classify(self, values):
        scores = {"sum": self.values.get("keep_grace", 0), "first": 0, "high": 0}
        return {"result": {"classification": scores}}
    """
    model = eim(body, **AGAIN)
    model.set_threshold(7, keep_grace=9, threshold=0.25)
    assert model.thresholds[0].values == {"keep_grace": 9, "threshold": 0.25}
    assert model.infer(WINDOW).classification["sum"] == 9


def test_a_program_that_was_brought_back_can_be_reset(eim):
    body = """
    parameters = {"has_object_tracking": True}
    seen = 0
    def on_hello(self, _):
        self.number = self.starts()
        return super().on_hello(_)
    def on_classify(self, values):
        if self.number == 1:
            os._exit(3)
        self.seen += 1
        return {"result": {"classification": {"sum": self.seen, "first": 0, "high": 0}}}
    """
    model = eim(body, **AGAIN)
    assert model.infer(WINDOW).classification["sum"] == 1
    model.reset()
    assert model.infer(WINDOW).classification["sum"] == 1
