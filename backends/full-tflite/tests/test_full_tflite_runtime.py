"""Which runtime is taken, and what is said when none can be."""

from __future__ import annotations

import numpy as np
import pytest

WITHOUT = """
import sys, types
for name in ("ai_edge_litert.interpreter", "tflite_runtime.interpreter"):
    sys.modules[name] = None
if "old" in sys.argv:
    sys.modules["tflite_runtime.interpreter"] = types.ModuleType("tflite_runtime.interpreter")

from ei_runner_core import BackendUnavailableError
from ei_runner_full_tflite.backend import FullTfliteBackend
try:
    FullTfliteBackend()
except BackendUnavailableError as error:
    print(error)
"""


def test_without_a_runtime_the_message_says_how_to_get_one(run_script):
    message = run_script(WITHOUT)

    assert "ai-edge-litert: " in message
    assert "tflite-runtime: " in message
    assert message.endswith("pip install 'ei-runner[full-tflite]'\n")


@pytest.mark.skipif(np.__version__.startswith("1."), reason="NumPy 1 suits every runtime")
def test_tflite_runtime_with_numpy_2_is_refused_before_it_fails(run_script):
    message = run_script(WITHOUT, "old")

    assert f"does not work with NumPy {np.__version__}" in message
    assert message.endswith("pip install 'numpy<2'\n")
