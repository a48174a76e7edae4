"""Many models at once, and many threads on one."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ei_runner_core import EdgeImpulseModel, InferenceError

WINDOW = [1, 2, 3, 4]


def test_twenty_models_at_once(program):
    path = program("shared_memory = True")
    with contextlib.ExitStack() as closing, ThreadPoolExecutor(4) as pool:

        def opened(_):
            return EdgeImpulseModel(path, backend="eim")

        models = [closing.enter_context(model) for model in pool.map(opened, range(20))]
        for number, model in enumerate(models):
            assert model.infer([number, 0, 0, 0]).classification["first"] == number
        list(pool.map(EdgeImpulseModel.close, models))


@pytest.mark.parametrize("shared_memory", ["always", "never"])
def test_eight_threads_get_their_own_answers(eim, transport, shared_memory):
    model = eim("shared_memory = True", transport=transport, shared_memory=shared_memory)

    def ask(thread):
        for number in range(50):
            found = model.infer([thread, number, 0, 0]).classification
            assert (found["first"], found["sum"]) == (thread, thread + number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))


def test_closing_waits_for_the_call_of_another_thread(eim, bell):
    model = eim("def on_classify(self, v): self.ring().recv(1); return super().on_classify(v)")
    with ThreadPoolExecutor(2) as pool:
        asked = pool.submit(model.infer, WINDOW)
        rings = bell()
        closing = pool.submit(model.close)
        rings.send(b"x")
        assert asked.result(20).classification["sum"] == 10
        closing.result(20)
    with pytest.raises(InferenceError, match="closed"):
        model.infer(WINDOW)


def test_closing_does_not_wait_longer_than_the_deadline_of_the_call(eim, bell, one_error):
    from ei_runner_core import DeadlineError

    body = "def on_classify(self, v): self.bell = self.ring(); self.wait_for_ever()"
    model = eim(body, timeout=0.5, stop_timeout=0.3)
    with ThreadPoolExecutor(2) as pool:
        asked = pool.submit(model.infer, WINDOW)
        bell()
        pool.submit(model.close).result(5)
        with one_error(DeadlineError):
            asked.result(5)


def test_one_model_waits_while_another_one_works(eim, program, bell):
    slow = eim("def on_classify(self, v): self.ring().recv(1); return super().on_classify(v)")
    with (
        ThreadPoolExecutor(1) as pool,
        EdgeImpulseModel(program(name="other.eim"), backend="eim") as other,
    ):
        asked = pool.submit(slow.infer, WINDOW)
        rings = bell()
        assert other.infer(WINDOW).classification["sum"] == 10
        rings.send(b"x")
        assert asked.result(20).classification["sum"] == 10


def test_threads_learn_of_a_death_one_by_one(eim):
    from ei_runner_core import ProcessDiedError

    model = eim("def on_classify(self, v): os._exit(6)")
    barrier = threading.Barrier(4)

    def ask(_):
        barrier.wait(20)
        with pytest.raises(ProcessDiedError, match="exit code 6"):
            model.infer(WINDOW)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, range(4)))
