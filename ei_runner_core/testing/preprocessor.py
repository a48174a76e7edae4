"""What a signal-processing block promises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pytest

from .. import dsp
from ..contract import Preprocessor
from ..errors import InvalidInputError, UnsupportedModelError
from ..plugins import registry
from .backend import at_least_one
from .guard import Suite

__all__ = ["PreprocessorCase", "PreprocessorSuite"]

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class PreprocessorCase:
    """A window and its features.

    ``window`` is float32 of shape (n,), its axes interleaved; ``features`` float32 of shape (m,).
    ``settings`` are the keywords of :func:`ei_runner_core.dsp.create`, such as ``axis_count``.
    """

    name: str
    window: FloatArray
    features: FloatArray
    config: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    tolerance: float = 1e-5

    def check(self, features: FloatArray) -> None:
        """Compare dtype, shape and values; the tolerance is absolute."""
        assert isinstance(features, np.ndarray)
        assert features.dtype == np.float32
        assert features.shape == self.features.shape
        np.testing.assert_allclose(features, self.features, rtol=0, atol=self.tolerance)


class PreprocessorSuite(Suite):
    """The promises of a signal-processing block. Set ``block``, override :meth:`cases`."""

    block: ClassVar[str]
    """The name of the block, as in its spec."""

    takes_slices: ClassVar[bool] = False
    """Whether ``extract_slice`` works on the slices of a stream."""

    takes_any_length: ClassVar[bool] = False
    """Whether a window of any length suits the block, also one that is a value too short."""

    def cases(self) -> Sequence[PreprocessorCase]:
        """The windows to try, at least one. It is called when the tests are collected."""
        raise TypeError(f"{type(self).__name__} has to override cases()")

    def plan(self, case: PreprocessorCase, **settings: Any) -> Preprocessor:
        """The block, planned as the core does it."""
        return dsp.create(self.block, case.config, **{**case.settings, **settings})

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Give every case its own test."""
        if "case" in metafunc.fixturenames:
            several = at_least_one(self, self.cases())
            metafunc.parametrize("case", several, ids=[case.name for case in several])

    def test_the_plugin_can_be_used(self) -> None:
        """``ei-runner backends`` lists the block as ok."""
        spec = registry().preprocessors[self.block]
        assert spec.summary, "the spec has no summary for the list of plugins"

    def test_the_features_are_right(self, case: PreprocessorCase) -> None:
        """float32, of the case's shape, within its tolerance."""
        case.check(self.plan(case).extract(case.window))

    def test_one_window_leaves_nothing_behind(self, case: PreprocessorCase) -> None:
        """The same window gives the same features again, whatever came in between."""
        plan = self.plan(case)
        for _ in range(2):
            case.check(plan.extract(case.window))
            plan.extract(np.ones_like(case.window))

    def test_two_plans_do_not_touch_each_other(self, case: PreprocessorCase) -> None:
        """No state is shared between plans."""
        one, other = self.plan(case), self.plan(case)
        features = one.extract(case.window)
        other.extract(np.ones_like(case.window))
        case.check(features)
        case.check(one.extract(case.window))

    def test_the_window_is_only_read(self, case: PreprocessorCase) -> None:
        """It may be read-only memory, and keeps its values."""
        window = case.window.copy()
        window.flags.writeable = False
        case.check(self.plan(case).extract(window))
        np.testing.assert_array_equal(window, case.window)

    def test_the_features_belong_to_the_caller(self, case: PreprocessorCase) -> None:
        """Writing to them reaches neither the plan nor the window."""
        plan, window = self.plan(case), case.window.copy()
        plan.extract(window).fill(-1)
        np.testing.assert_array_equal(window, case.window)
        case.check(plan.extract(window))

    def test_features_go_into_a_buffer_too(self, case: PreprocessorCase) -> None:
        """``extract_into`` writes what ``extract`` returns."""
        buffer = np.full(case.features.size, np.nan, np.float32)
        self.plan(case).extract_into(case.window, buffer)
        case.check(buffer)

    def test_the_declared_number_of_features_is_accepted(self, case: PreprocessorCase) -> None:
        """An impulse declares it, and the block may hold itself against it."""
        case.check(self.plan(case, n_outputs=case.features.size).extract(case.window))

    def test_a_window_of_a_wrong_length_is_refused(self, case: PreprocessorCase) -> None:
        """It is an InvalidInputError, not a feature vector of another length."""
        if self.takes_any_length:
            pytest.skip(f"{self.block} says that it takes windows of any length")
        plan = self.plan(case, n_outputs=case.features.size)
        try:
            plan.extract(case.window[:-1])
        except InvalidInputError:
            return
        pytest.fail("it took a window that is a value too short; if it may, set takes_any_length")

    def test_an_unknown_field_of_the_config_is_refused_by_name(
        self, case: PreprocessorCase
    ) -> None:
        """A misspelt field is never ignored."""
        config = {**case.config, "no_such_field": 1}
        with pytest.raises(InvalidInputError, match="no_such_field"):
            dsp.create(self.block, config, **case.settings)

    def test_slices_work_or_are_refused(self, case: PreprocessorCase) -> None:
        """A block without slices says so; the core then keeps a sliding window for it."""
        plan = self.plan(case)
        plan.reset()
        if self.takes_slices:
            assert plan.extract_slice(case.window).dtype == np.float32
            return
        with pytest.raises(UnsupportedModelError):
            plan.extract_slice(case.window)
