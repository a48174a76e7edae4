"""The backend keeps what every tensor backend promises."""

from __future__ import annotations

from ei_runner_core.testing import TensorBackendSuite


class TestOnnx(TensorBackendSuite):
    backend = "onnx"
