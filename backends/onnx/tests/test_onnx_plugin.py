"""What the distribution tells ei-runner about itself."""

from __future__ import annotations

from importlib.metadata import entry_points, version

import pytest

import ei_runner_core
from ei_runner_core import BackendSpec, Network
from ei_runner_onnx.backend import OnnxBackend
from ei_runner_onnx.plugin import ei_runner_backends

HEAVY = ("numpy", "onnxruntime", "ei_runner_onnx.backend")

WITHOUT = """
import sys
sys.modules["onnxruntime"] = None
from ei_runner_core import BackendUnavailableError
from ei_runner_onnx.backend import OnnxBackend
try:
    OnnxBackend()
except BackendUnavailableError as error:
    print(error)
"""


def test_the_plugin_offers_one_backend_for_onnx_files():
    spec = ei_runner_backends()

    assert isinstance(spec, BackendSpec)
    assert (spec.name, spec.kind, spec.opens) == ("onnx", "tensor", (".onnx",))
    assert spec.extra == "onnx"


def test_the_entry_point_leads_to_the_plugin():
    (entry_point,) = entry_points(group="ei_runner", name="onnx")

    assert entry_point.load().ei_runner_backends() == ei_runner_backends()


def test_asking_the_plugin_loads_no_engine(run_script):
    loaded = run_script(
        "import sys, ei_runner_onnx.plugin as plugin\n"
        "plugin.ei_runner_backends()\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )

    assert loaded.strip() == "[]"


def test_the_core_and_the_backend_have_one_version():
    assert version("ei-runner-onnx") == ei_runner_core.__version__


@pytest.mark.parametrize(("suffix", "ok"), [(".onnx", True), (".tflite", False)])
def test_the_backend_supports_onnx_files_only(suffix, ok):
    support = OnnxBackend().supports(Network("network", suffix))

    assert bool(support) is ok
    assert ok or suffix in support.reason


def test_without_a_runtime_the_message_says_how_to_get_one(run_script):
    message = run_script(WITHOUT)

    assert "ONNX Runtime cannot be imported" in message
    assert message.endswith("pip install --force-reinstall onnxruntime\n")
