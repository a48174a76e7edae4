"""The backend keeps what every tensor backend promises."""

from __future__ import annotations

import pytest

from ei_runner_core.testing import TensorBackendSuite


@pytest.mark.requires("compiler")
class TestTvm(TensorBackendSuite):
    """With networks that are compiled when they are opened."""

    backend = "tvm"
    has_dynamic_shapes = False
