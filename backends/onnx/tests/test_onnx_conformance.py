"""The backend keeps what every tensor backend promises."""

from __future__ import annotations

from ei_runner_core.testing import TensorBackendSuite


class TestOnnx(TensorBackendSuite):
    backend = "onnx"


class TestSeveralThreads(TensorBackendSuite):
    """The engine's own threads, which a forked child has not and nobody may leave behind."""

    backend = "onnx"
    options = {
        "num_threads": 4,
        "session_options": {"session.intra_op.allow_spinning": "1"},
    }
