"""The backend keeps what every tensor backend promises."""

from __future__ import annotations

from ei_runner_core.testing import TensorBackendSuite


class TestFullTflite(TensorBackendSuite):
    backend = "full-tflite"


class TestSeveralThreads(TensorBackendSuite):
    """The engine's own threads, which a forked child has not and nobody may leave behind."""

    backend = "full-tflite"
    options = {"num_threads": 4}
