"""The backend keeps what every tensor backend promises."""

from __future__ import annotations

import pytest

from ei_runner_core.testing import NetworkCase, TensorBackendSuite, golden_cases

pytest.importorskip("onnxruntime_qnn")


class TestQnn(TensorBackendSuite):
    """With the ``.onnx`` networks of the suite; the ``.tflite`` ones need Qualcomm's SDK."""

    backend = "qnn"
    has_dynamic_shapes = False
    survives_fork = False

    def _golden(self) -> tuple[NetworkCase, ...]:
        return golden_cases((".onnx",))
