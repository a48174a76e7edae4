"""What an impulse backend promises."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from ..contract import ImpulseSession
from ..errors import InvalidInputError
from .backend import BackendSuite, assert_clear
from .cases import ImpulseCase

__all__ = ["ImpulseBackendSuite"]


class ImpulseBackendSuite(BackendSuite):
    """The promises of an impulse backend. Override :meth:`cases` with models that it opens."""

    kind = "impulse"

    has_continuous_mode: ClassVar[bool] = True
    """Whether ``classify_continuous`` takes the slices of a stream."""

    def cases(self) -> Sequence[ImpulseCase]:
        """The models to try, at least one."""
        raise TypeError(f"{type(self).__name__} has to override cases()")

    def test_the_parameters_fit_the_window(
        self, case: ImpulseCase, session: ImpulseSession
    ) -> None:
        """``parameters`` says how many values a window has, and which labels there are."""
        parameters = session.parameters
        assert parameters.input_features_count == case.window.size
        scores = case.expected.get("classification")
        if isinstance(scores, dict):
            assert list(parameters.labels) == list(scores)

    def test_the_window_is_only_read(self, case: ImpulseCase, session: ImpulseSession) -> None:
        """It may be read-only memory, and keeps its values."""
        window = case.window.copy()
        window.flags.writeable = False
        case.check(session.classify(window))
        np.testing.assert_array_equal(window, case.window)

    def test_debug_changes_no_answer(self, case: ImpulseCase, session: ImpulseSession) -> None:
        """It logs what happens on the way, no more."""
        case.check(session.classify(case.window, debug=True))

    def test_another_window_in_between_changes_no_answer(
        self, case: ImpulseCase, session: ImpulseSession
    ) -> None:
        """``classify`` answers one window; it does not remember the last one."""
        session.classify(np.zeros_like(case.window))
        case.check(session.classify(case.window))

    def test_reset_is_legal_at_any_time(self, case: ImpulseCase, session: ImpulseSession) -> None:
        """Before the first window and between two of them."""
        session.reset()
        case.check(session.classify(case.window))
        session.reset()
        case.check(session.classify(case.window))

    def test_thresholds_can_be_set_and_read_back(
        self, case: ImpulseCase, session: ImpulseSession
    ) -> None:
        """Each value of each block takes a new one, and ``thresholds`` shows it."""
        for block in session.thresholds:
            for name, value in block.values.items():
                session.set_threshold(block.id, **{name: value / 2})
                now = {other.id: other.values for other in session.thresholds}
                assert now[block.id][name] == pytest.approx(value / 2)
                session.set_threshold(block.id, **{name: value})

    def test_an_unknown_threshold_is_refused_and_changes_nothing(
        self, session: ImpulseSession
    ) -> None:
        """The message names the block or the value that is not there."""
        before = session.thresholds
        with pytest.raises(InvalidInputError) as caught:
            session.set_threshold(987_654, no_such_value=0.5)
        assert_clear(caught.value)
        for block in before:
            first = next(iter(block.values.items()), ("min_score", 0.5))
            with pytest.raises(InvalidInputError):
                session.set_threshold(block.id, **dict([first]), no_such_value=0.5)
        assert session.thresholds == before

    def test_a_stream_is_answered_slice_by_slice(
        self, case: ImpulseCase, session: ImpulseSession
    ) -> None:
        """From some slice on the answers are ready, and ``reset`` starts anew."""
        if not self.has_continuous_mode:
            pytest.skip(f"{self.backend} says that it has no continuous mode")
        parameters = session.parameters
        size = parameters.slice_size * parameters.axis_count
        pieces = [np.ascontiguousarray(case.window[:size])] * 12
        first = [session.classify_continuous(piece).ready for piece in pieces]
        session.reset()
        again = [session.classify_continuous(piece).ready for piece in pieces]
        assert first[-1], "twelve slices gave no answer"
        assert first == again, "after reset() a stream begins as the first one did"

    def test_a_user_can_run_it(self, case: ImpulseCase, model: Path) -> None:
        """Through ``EdgeImpulseModel``, which checks the window before the backend sees it."""
        from ..model import EdgeImpulseModel

        with EdgeImpulseModel(model, backend=self.backend, options=self.options) as opened:
            case.check(opened.infer(case.window))
            with pytest.raises(InvalidInputError):
                opened.infer(case.window[:-1])
