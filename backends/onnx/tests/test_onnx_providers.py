"""Execution providers: what is not there, and what runs only a part, is told."""

from __future__ import annotations

import logging
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from ei_runner_core import InvalidInputError, UnsupportedModelError

ROW = np.array([[1, 2, 0, 4]], np.float32)
AVAILABLE = onnxruntime.get_available_providers()
CAN_TELL = hasattr(onnxruntime.InferenceSession, "get_provider_graph_assignment_info")
needs_azure = pytest.mark.skipif(
    "AzureExecutionProvider" not in AVAILABLE, reason="needs the plain wheel of onnxruntime"
)
REAL = {
    "qnn": pytest.mark.skipif(find_spec("onnxruntime_qnn") is None, reason="needs onnxruntime-qnn"),
    "openvino": pytest.mark.skipif(
        "OpenVINOExecutionProvider" not in AVAILABLE, reason="needs onnxruntime-openvino"
    ),
}
SETTINGS = {"qnn": {"backend_type": "htp"}, "openvino": {}}
real_providers = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=mark) for name, mark in REAL.items()]
)


@pytest.mark.skipif("CUDAExecutionProvider" in AVAILABLE, reason="CUDA is there")
@pytest.mark.parametrize("name", ["cuda", "CUDA", "CUDAExecutionProvider"])
def test_a_provider_that_is_not_there_is_answered_with_those_that_are(open_network, name):
    with pytest.raises(
        InvalidInputError,
        match=f"'{name}' is not available; .*CPUExec.*pip install onnxruntime-gpu",
    ):
        open_network("add", providers=name)


def test_a_provider_that_nobody_knows_is_refused(open_network):
    with pytest.raises(InvalidInputError, match="'frobnicate' is not available; .*'library'"):
        open_network("add", providers=["frobnicate", "cpu"], allow_cpu=True)


@pytest.mark.parametrize("providers", ["cpu", "CPU", ["CPUExecutionProvider"], {"name": "cpu"}])
def test_the_cpu_goes_by_all_its_names(open_network, providers):
    (answer,) = open_network("add", providers=providers).run([ROW])

    np.testing.assert_array_equal(answer, ROW + 1)


@pytest.mark.parametrize(
    "ignored", [{"options": {"a": 1}}, {"device": "npu"}, {"library": Path(__file__)}]
)
def test_the_cpu_refuses_what_it_would_not_use(open_network, ignored):
    with pytest.raises(InvalidInputError, match=f"CPUExecutionProvider got {next(iter(ignored))}"):
        open_network("add", providers={"name": "cpu", **ignored})


def test_the_cpu_is_a_device_of_the_cpu(open_network):
    assert open_network("add", providers={"name": "cpu", "device": "cpu", "options": {}}).inputs


@needs_azure
def test_a_provider_without_devices_refuses_a_device(open_network):
    with pytest.raises(InvalidInputError, match="AzureExec.* takes no 'device' .got 'gpu'"):
        open_network("add", providers={"name": "azure", "device": "gpu"}, allow_cpu=True)


@pytest.mark.parametrize("again", ["cpu", "CPUExecutionProvider", {"name": "Cpu"}])
def test_a_provider_that_is_named_twice_is_refused(open_network, again):
    with pytest.raises(InvalidInputError, match="names CPUExecutionProvider twice"):
        open_network("add", providers=["cpu", again])


@needs_azure
def test_no_network_is_blamed_for_a_provider_that_is_named_twice(open_network):
    with pytest.raises(InvalidInputError, match="names AzureExecutionProvider twice"):
        open_network("add", providers=["azure", "azure"], allow_cpu=True)


def test_a_long_name_does_not_fill_the_screen(open_network):
    for providers in ("f" * 100_000, ["f" * 100_000] * 2):
        with pytest.raises(InvalidInputError, match="fff") as caught:
            open_network("add", providers=providers)
        assert len(str(caught.value)) < 800


def test_a_library_that_holds_another_provider_is_told(open_network, tmp_path: Path):
    library = tmp_path / "libonnxruntime_providers_cuda.so"
    library.write_text("not a library")

    with pytest.raises(InvalidInputError, match="holds the provider CUDAExec.*, not OpenVINOExec"):
        open_network("add", providers={"name": "openvino", "library": library})
    with pytest.raises(InvalidInputError, match="cannot be used as the execution provider CUDAEx"):
        open_network("add", providers={"name": "cuda", "library": library})


@REAL["qnn"]
def test_a_library_goes_by_every_path_to_it(open_network, tmp_path: Path):
    library = import_module("onnxruntime_qnn").get_library_path()
    link = tmp_path / "link.so"
    link.symlink_to(library)

    for path in (None, library, link):
        provider = {"name": "qnn", "options": SETTINGS["qnn"], "library": path}
        assert open_network("conv", providers=provider).inputs


@REAL["openvino"]
def test_a_provider_is_blamed_for_what_only_the_cpu_can_load(open_network):
    with pytest.raises(UnsupportedModelError, match="^OpenVINOExecutionProvider cannot take "):
        open_network("branches", providers="openvino", allow_cpu=True)


def test_a_library_that_is_not_there_is_one_clear_error(open_network, tmp_path: Path):
    with pytest.raises(InvalidInputError, match="there is no library of a provider at .*none.so"):
        open_network("add", providers={"name": "mine", "library": tmp_path / "none.so"})


def test_a_file_that_is_no_provider_is_one_clear_error(open_network, tmp_path: Path):
    library = tmp_path / "provider.so"
    library.write_text("not a library")

    for _ in range(2):
        with pytest.raises(InvalidInputError, match="cannot be used as the execution prov") as told:
            open_network("add", providers={"name": "mine", "library": library})
        assert "\n" not in str(told.value)


@needs_azure
def test_a_provider_that_takes_nothing_is_refused_by_name(open_network):
    with pytest.raises(
        UnsupportedModelError, match="AzureExecutionProvider.*allow_cpu=True"
    ) as told:
        open_network("half", providers="azure")

    if CAN_TELL:
        assert "takes 0 of the 6 nodes of half.onnx; the CPU would run 6" in str(told.value)
        assert "NonZero (find)" in str(told.value)
    else:
        assert "cannot tell which" in str(told.value)


@needs_azure
def test_naming_the_cpu_behind_a_provider_does_not_allow_it(open_network):
    with pytest.raises(UnsupportedModelError, match="allow_cpu=True"):
        open_network("half", providers=["azure", "cpu"])


@needs_azure
def test_the_cpu_may_be_allowed_and_the_log_tells_what_it_runs(open_network, caplog):
    with caplog.at_level(logging.INFO, "ei_runner_onnx"):
        session = open_network("half", providers="azure", allow_cpu=True)

    expected = "CPUExecutionProvider runs 6 of 6 nodes of half.onnx" if CAN_TELL else "cannot tell"
    assert expected in caplog.text
    np.testing.assert_array_equal(session.run([ROW])[0], ROW + 4)


@real_providers
def test_a_provider_that_takes_half_says_which_half(open_network, name):
    providers = {"name": name, "options": SETTINGS[name]}

    with pytest.raises(UnsupportedModelError, match="takes 3 of the 6 nodes of half.onnx") as told:
        open_network("half", providers=providers)

    assert "run 3: NonZero (find), Cast (cast), ReduceSum (sum);" in str(told.value)
    session = open_network("half", providers=providers, allow_cpu=True)
    np.testing.assert_allclose(session.run([ROW])[0], ROW + 4)


@real_providers
def test_a_provider_that_takes_all_runs_all(open_network, name):
    image = np.random.default_rng(1).normal(size=(1, 1, 6, 6)).astype(np.float32)
    (expected,) = open_network("conv").run([image])

    for _ in range(2):
        session = open_network("conv", providers={"name": name, "options": SETTINGS[name]})
        np.testing.assert_allclose(session.run([image])[0], expected, atol=1e-3)


@REAL["qnn"]
def test_a_kind_of_device_that_a_provider_lacks_is_told(open_network):
    with pytest.raises(InvalidInputError, match="no device of the kind 'gpu' here, only cpu"):
        open_network("conv", providers={"name": "qnn", "device": "gpu"})


@REAL["openvino"]
def test_an_option_that_a_provider_refuses_is_told(open_network):
    with pytest.raises(InvalidInputError, match="does not start: .*speed.*options given: speed=1"):
        open_network("conv", providers={"name": "openvino", "options": {"speed": 1}})
