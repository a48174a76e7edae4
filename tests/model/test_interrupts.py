"""Ctrl-C may strike anywhere in a call; the model is whole afterwards, for every thread."""

from __future__ import annotations

import signal
import threading

import numpy as np
import pytest
from dense_models import FEATURES, expected_scores

from ei_runner_core import EdgeImpulseModel

INTERRUPTS = 400
PATIENCE = 30.0
WINDOW = np.linspace(-1, 1, FEATURES, dtype=np.float32)

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "setitimer"), reason="this system has no interval timers"
)


class Interrupt(KeyboardInterrupt):
    """As Ctrl-C raises it, but never by hand."""


@pytest.fixture
def interrupts():
    """Arms a timer whose signal raises, some microseconds later."""

    def strike(*_):
        raise Interrupt

    before = signal.signal(signal.SIGALRM, strike)
    yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def infer_until_interrupted(model, arm, seconds):
    try:
        arm(seconds)
        for _ in range(20_000):  # an interrupt inside a callback of Python itself is lost
            model.infer(WINDOW)
    except Interrupt:
        pass


@pytest.fixture(params=["impulse", "network"])
def model(request, dense, bundle):
    path = bundle if request.param == "impulse" else bundle / "network.dense"
    with EdgeImpulseModel(path) as model:
        if request.param == "network":
            model.infer = lambda window: model.infer_freeform(window)  # type: ignore[method-assign]
        yield model


def test_a_model_outlives_any_number_of_interrupts(model, interrupts):
    for number in range(INTERRUPTS):
        infer_until_interrupted(model, interrupts, 50e-6 + number % 97 * 3e-6)

    answers = []
    thread = threading.Thread(target=lambda: answers.append(model.infer(WINDOW)), daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert len(answers) == 1, "another thread waits for ever"
    model.close()


def test_the_answer_after_an_interrupt_is_right(dense, bundle, interrupts):
    with EdgeImpulseModel(bundle) as model:
        for number in range(50):
            infer_until_interrupted(model, interrupts, 60e-6 + number * 2e-6)
            scores = list(model.infer(WINDOW).classification.values())
            np.testing.assert_allclose(scores, expected_scores(WINDOW), rtol=1e-5)
