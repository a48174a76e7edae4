"""Conformance suites: what every plugin promises, as tests to inherit.

A suite is a class of pytest tests. A plugin's own tests inherit it, name the plugin, and get all of
its tests::

    from ei_runner_core.testing import NetworkCase, TensorBackendSuite

    class TestDense(TensorBackendSuite):
        backend = "dense"

        def cases(self):
            return [NetworkCase("layer", network, inputs=(x,), outputs=(y,))]

The suites need pytest, which ``pip install "ei-runner[testing]"`` brings. They are imported on
first use, because :mod:`ei_runner_core.testing.studio` works without pytest.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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

_HOMES = {
    "BackendSuite": "backend",
    "Case": "cases",
    "ImpulseBackendSuite": "impulse_backend",
    "ImpulseCase": "cases",
    "NetworkCase": "cases",
    "PreprocessorCase": "preprocessor",
    "PreprocessorSuite": "preprocessor",
    "Suite": "guard",
    "TensorBackendSuite": "tensor_backend",
    "UploaderSuite": "uploader",
    "golden_cases": "cases",
}

# The tests are in a package, where pytest does not explain a failed assert unless it is told to.
if "pytest" in sys.modules:
    sys.modules["pytest"].register_assert_rewrite(
        *(f"{__name__}.{home}" for home in sorted({*_HOMES.values()} - {"guard"}))
    )


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
