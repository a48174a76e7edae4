"""Conformance suites: what every plugin promises, as tests to inherit.

A suite is a class of pytest tests. A plugin's own tests inherit it, name the plugin, and get all of
its tests::

    from ei_runner_core.testing import NetworkCase, TensorBackendSuite

    class TestDense(TensorBackendSuite):
        backend = "dense"

        def cases(self):
            return [NetworkCase("layer", network, inputs=(x,), outputs=(y,))]

The suites need pytest, which ``pip install "ei-runner[testing]"`` brings.
"""

from __future__ import annotations

import pytest

# The tests are in a package, where pytest does not explain a failed assert unless it is told to.
pytest.register_assert_rewrite(
    *(f"{__name__}.{name}" for name in ("backend", "tensor_backend", "impulse_backend")),
    *(f"{__name__}.{name}" for name in ("cases", "preprocessor", "uploader")),
)

from .backend import BackendSuite
from .cases import Case, ImpulseCase, NetworkCase, golden_cases
from .guard import Suite
from .impulse_backend import ImpulseBackendSuite
from .preprocessor import PreprocessorCase, PreprocessorSuite
from .tensor_backend import TensorBackendSuite
from .uploader import UploaderSuite

__all__ = [
    "BackendSuite",
    "Case",
    "ImpulseBackendSuite",
    "ImpulseCase",
    "NetworkCase",
    "PreprocessorCase",
    "PreprocessorSuite",
    "Suite",
    "TensorBackendSuite",
    "UploaderSuite",
    "golden_cases",
]
