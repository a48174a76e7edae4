"""What the distribution tells ei-runner about itself."""

from __future__ import annotations

from importlib.metadata import entry_points, requires, version

import pytest

import ei_runner_core
from ei_runner_core import BackendSpec, Network
from ei_runner_full_tflite.backend import FullTfliteBackend
from ei_runner_full_tflite.plugin import ei_runner_backends

HEAVY = ("numpy", "ai_edge_litert", "tflite_runtime", "ei_runner_full_tflite.backend")


def test_the_plugin_offers_one_backend_for_tflite_files():
    spec = ei_runner_backends()

    assert isinstance(spec, BackendSpec)
    assert (spec.name, spec.kind, spec.opens) == ("full-tflite", "tensor", (".tflite",))
    assert spec.extra == "full-tflite"


def test_the_entry_point_leads_to_the_plugin():
    (entry_point,) = entry_points(group="ei_runner", name="full-tflite")

    assert entry_point.load().ei_runner_backends() == ei_runner_backends()


def test_asking_the_plugin_loads_no_engine(run_script):
    loaded = run_script(
        "import sys, ei_runner_full_tflite.plugin as plugin\n"
        "plugin.ei_runner_backends()\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )

    assert loaded.strip() == "[]"


def test_the_core_and_the_backend_have_one_version():
    assert version("ei-runner-full-tflite") == ei_runner_core.__version__


def test_no_platform_gets_two_runtimes():
    runtimes = [
        line
        for line in requires("ei-runner-full-tflite") or ()
        if "tflite" in line or "lite" in line
    ]

    assert len(runtimes) == len({line.partition(";")[2] for line in runtimes})
    assert all(";" in line for line in runtimes)


@pytest.mark.parametrize(("suffix", "ok"), [(".tflite", True), (".onnx", False)])
def test_the_backend_supports_tflite_files_only(suffix, ok):
    support = FullTfliteBackend().supports(Network("network", suffix))

    assert bool(support) is ok
    assert ok or suffix in support.reason
