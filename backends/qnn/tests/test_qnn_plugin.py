"""What the distribution tells ei-runner about itself, and what it says of missing parts."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points, version
from importlib.util import find_spec

import pytest

import ei_runner_core
import ei_runner_qnn
from ei_runner_core import BackendSpec, InvalidInputError, Network, UnsupportedModelError
from ei_runner_qnn.backend import QnnBackend
from ei_runner_qnn.plugin import ei_runner_backends

HEAVY = (
    "numpy",
    "onnx",
    "onnxruntime",
    "onnxruntime_qnn",
    "ei_runner_onnx",
    "ei_runner_qnn.backend",
)

OPEN = """
import sys
from pathlib import Path
from ei_runner_core import BackendUnavailableError, Network
from ei_runner_qnn.backend import QnnBackend
try:
    QnnBackend().open(Network("network.onnx", ".onnx", path=Path(sys.argv[1])), {})
except BackendUnavailableError as error:
    print(error)
"""
WITHOUT = "import sys; sys.modules['onnxruntime_qnn'] = None\n" + OPEN
OTHER_VERSION = (
    "import onnxruntime, onnxruntime_qnn, sys\n"
    "onnxruntime_qnn.__version__, onnxruntime.__version__ = sys.argv[2:]\n"
) + OPEN
MOVED = (
    """
import onnxruntime_qnn, sys
onnxruntime_qnn.get_library_path = lambda: sys.argv[2]
"""
    + OPEN
)


@pytest.fixture
def needs_provider():
    pytest.importorskip("onnxruntime_qnn")


def test_the_plugin_offers_one_backend_for_both_formats():
    spec = ei_runner_backends()

    assert isinstance(spec, BackendSpec)
    assert (spec.name, spec.kind, spec.opens) == ("qnn", "tensor", (".onnx", ".tflite"))
    assert spec.extra == "qnn"
    assert "emulator" in spec.never_run


def test_the_entry_point_leads_to_the_plugin():
    (entry_point,) = entry_points(group="ei_runner", name="qnn")

    assert entry_point.load().ei_runner_backends() == ei_runner_backends()


def test_asking_the_plugin_loads_no_engine(run_script):
    loaded = run_script(
        "import sys, ei_runner_qnn.plugin as plugin\n"
        "plugin.ei_runner_backends()\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )

    assert loaded.strip() == "[]"


def test_the_core_and_the_backend_have_one_version():
    assert version("ei-runner-qnn") == ei_runner_core.__version__


LITERT = find_spec("ei_runner_full_tflite") is not None


@pytest.mark.parametrize(("suffix", "ok"), [(".onnx", True), (".tflite", LITERT), (".x", False)])
def test_the_backend_supports_both_formats(suffix, ok):
    support = QnnBackend().supports(Network("network", suffix))

    assert bool(support) is ok
    assert ok or suffix in support.reason


def test_without_litert_a_tflite_network_is_not_supported(monkeypatch):
    monkeypatch.setitem(sys.modules, "ei_runner_full_tflite", None)
    support = QnnBackend().supports(Network("network", ".tflite"))

    assert not support
    assert "pip install 'ei-runner-qnn[delegate]'" in support.reason
    assert "pass the .onnx form" in support.reason


def test_a_tflite_network_without_an_sdk_is_told_what_to_do(open_network, demo, monkeypatch):
    monkeypatch.delenv("QNN_SDK_ROOT", raising=False)

    with pytest.raises(UnsupportedModelError, match="set QNN_SDK_ROOT .*'delegate'.*the .onnx"):
        open_network(demo("digits", suffix=".tflite"))


@pytest.mark.parametrize(
    ("name", "suffix", "wanted"),
    [("delegate", ".onnx", ".tflite"), ("context_cache", ".tflite", ".onnx")],
)
def test_an_option_for_the_other_format_says_so(open_network, demo, name, suffix, wanted):
    with pytest.raises(InvalidInputError, match=f"'{name}' of qnn is for {wanted} networks, this"):
        open_network(demo("digits", suffix=suffix), **{name: True})


def test_without_the_execution_provider_the_message_says_how_to_get_it(run_script, demo):
    message = run_script(WITHOUT, demo("motion"))

    assert message.startswith(
        "qnn runs .onnx networks with onnxruntime-qnn, which is not installed"
    )
    assert ": pip install onnxruntime-qnn" in message


@pytest.mark.usefixtures("needs_provider")
@pytest.mark.parametrize(
    ("own", "runtime", "expected"),
    [
        ("2.7.0", "1.23.2", "onnxruntime-qnn 2.7.0 needs onnxruntime>=1.24.2, 1.23.2 is installed"),
        ("1.23.2", "1.32.0", "onnxruntime-qnn 1.23.2 is installed, qnn needs 2.7 or newer"),
    ],
)
def test_a_wrong_version_is_one_clear_error(run_script, demo, own, runtime, expected):
    message = run_script(OTHER_VERSION, demo("motion"), own, runtime)

    assert expected in message
    assert "pip install -U onnxruntime" in message


def test_what_can_be_called_is_listed():
    assert {"QuantizedModel", "quantize_model"} <= set(dir(ei_runner_qnn))


@pytest.mark.usefixtures("needs_provider")
def test_a_provider_for_another_machine_is_refused_before_it_is_loaded(
    run_script, demo, foreign_library
):
    message = run_script(MOVED, demo("motion"), foreign_library("libonnxruntime_providers_qnn.so"))

    assert "is for riscv64 Linux, this is" in message
    assert "pip install --force-reinstall --no-deps onnxruntime-qnn" in message


@pytest.mark.usefixtures("needs_provider")
def test_a_provider_whose_file_is_gone_is_told(run_script, demo, tmp_path):
    message = run_script(MOVED, demo("motion"), tmp_path / "libonnxruntime_providers_qnn.so")

    assert "cannot be read: No such file" in message


CALLS_BACK = (
    OPEN
    + """
import cffi
made = cffi.FFI().callback("int(int)", lambda number: number + 1)
print(made(3))
"""
)


def test_cffi_keeps_its_own_libffi_when_it_is_imported_later(needs_provider, run_script, demo):
    pytest.importorskip("cffi")
    assert run_script(CALLS_BACK, demo("motion")).splitlines()[-1] == "4"
