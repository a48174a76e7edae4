"""What the distribution tells ei-runner about itself."""

from __future__ import annotations

from importlib.metadata import entry_points, version

import pytest

import ei_runner_core
from ei_runner_core import BackendSpec, Network
from ei_runner_tvm.backend import TvmBackend
from ei_runner_tvm.copy_runtime import copy_runtime
from ei_runner_tvm.plugin import ei_runner_backends

HEAVY = ("numpy", "tvm", "tvm_ffi", "ei_runner_tvm.backend")


def test_the_plugin_offers_one_backend_that_compiles_and_runs():
    spec = ei_runner_backends()

    assert isinstance(spec, BackendSpec)
    assert (spec.name, spec.kind, spec.extra) == ("tvm", "tensor", "tvm")
    assert spec.opens == (".tvm", ".onnx", ".tflite")
    assert spec.compiles_to == ".tvm"


def test_the_entry_point_leads_to_the_plugin():
    (entry_point,) = entry_points(group="ei_runner", name="tvm")

    assert entry_point.load().ei_runner_backends() == ei_runner_backends()


def test_asking_the_plugin_loads_no_engine(run_script):
    loaded = run_script(
        "import sys, ei_runner_tvm.plugin as plugin\n"
        "plugin.ei_runner_backends()\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )

    assert loaded.strip() == "[]"


def test_making_the_backend_loads_no_engine(run_script):
    loaded = run_script(
        "import sys\n"
        "from ei_runner_tvm.backend import TvmBackend\n"
        "TvmBackend()\n"
        "print([name for name in ('tvm', 'tvm_ffi') if name in sys.modules])"
    )

    assert loaded.strip() == "[]"


def test_the_core_and_the_backend_have_one_version():
    assert version("ei-runner-tvm") == ei_runner_core.__version__


@pytest.mark.parametrize(
    ("suffix", "ok"), [(".tvm", True), (".onnx", True), (".tflite", True), (".pt", False)]
)
def test_the_backend_supports_what_it_opens(suffix, ok):
    support = TvmBackend().supports(Network("network", suffix))

    assert bool(support) is ok
    assert ok or suffix in support.reason


HINT = """
import sys
from ei_runner_tvm.backend import TvmBackend
if sys.argv[1:] == ["blocked"]:
    sys.modules["tvm"] = None
print(TvmBackend().hint())
print([name for name in ("tvm", "tvm_ffi") if sys.modules.get(name)])
"""


@pytest.mark.requires("compiler")
def test_a_whole_installation_needs_no_hint(run_script):
    assert run_script(HINT) == "\n[]\n"


def test_a_missing_runtime_is_a_hint_as_the_option_may_name_one(run_script):
    said = run_script(HINT, "blocked")

    assert said.startswith("without the option 'runtime' it runs nothing: TVM is not installed, ")
    assert "pip install 'ei-runner[tvm]'" in said
    assert said.endswith("\n[]\n")


def test_a_missing_compiler_is_a_hint(run_script, tmp_path):
    home = copy_runtime(tmp_path / "runtime")

    said = run_script(HINT, "blocked", TVM_HOME=str(home))

    assert said == "it runs .tvm files and compiles nothing\n[]\n"
