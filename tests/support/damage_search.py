"""How many damaged models the tests look at, and on which backends."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from ei_runner_core.plugins import registry

FORMATS = {"full-tflite": ".tflite", "onnx": ".onnx"}
EXAMPLES = int(os.environ.get("EI_RUNNER_DAMAGE_EXAMPLES", "0"))

# What Hypothesis generates depends on the other tests that were loaded, even if derandomised, so
# the usual seeds are given to it. No shrinking: mutants differ in a few bytes only, and every try
# may cost a process.
PROFILE = settings(
    deadline=None,
    database=None,
    phases=[Phase.generate if EXAMPLES else Phase.explicit],
    suppress_health_check=list(HealthCheck),
)


def each_seed(count: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Call a test with the seeds 0, 1, ..., or with as many random ones as the variable says."""

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        for seed in reversed(range(count)):
            test = example(seed=seed)(test)
        limited = settings(PROFILE, derandomize=False, max_examples=EXAMPLES or count)
        return limited(given(seed=st.integers(0, 2**64 - 1))(test))

    return decorate


def on_each_backend(values: Callable[[str], list[Any]]) -> pytest.MarkDecorator:
    """Parametrise ``backend`` and ``case``; ``values`` gives the cases of a format.

    A case is a path, whose name identifies it, or a word.
    """
    return pytest.mark.parametrize(
        ("backend", "case"),
        [
            pytest.param(name, case, marks=_needs(name), id=f"{name}-{getattr(case, 'name', case)}")
            for name, suffix in FORMATS.items()
            for case in values(suffix)
        ],
    )


def _needs(backend: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        backend not in registry().backends,
        reason=f"needs the backend: pip install 'ei-runner[{backend}]'",
    )
