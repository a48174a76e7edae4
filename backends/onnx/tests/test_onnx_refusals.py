"""Networks that cannot run here say why, and what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from ei_runner_core import (
    EdgeImpulseError,
    ModelFormatError,
    ModelNotFoundError,
    Network,
    UnsupportedModelError,
)
from ei_runner_onnx.backend import OnnxBackend
from ei_runner_onnx.failures import reason

UNSUPPORTED = {
    "bfloat16": "the input 'x' is a tensor\\(bfloat16\\), expected a tensor of numbers",
    "custom_domain": "odd.ops:Frobnicate.*option 'custom_ops'",
    "float8": "the input 'x' is a tensor\\(float8e4m3fn\\), expected",
    "newer_format": "IR version: 99.*pip install -U onnxruntime",
    "newer_opset": "[Oo]pset 99.*pip install -U onnxruntime",
    "no_shapes": "the input 'x' declares no shape.*option 'input_shapes'",
    "per_channel": "the output 'y' is quantised with 4 scales.*expected one",
    "sequence": "the output 'y' is a seq\\(tensor\\(float\\)\\), expected",
    "string": "the input 'x' is a tensor\\(string\\), expected",
    "unknown_operator": "No Op registered for Frobnicate.*option 'custom_ops'",
}


@pytest.mark.parametrize(("name", "message"), UNSUPPORTED.items())
def test_what_is_missing_is_named_with_the_way_out(open_network, name, message):
    with pytest.raises(UnsupportedModelError, match=message) as caught:
        open_network(name)

    assert "\n" not in str(caught.value)
    assert "onnxruntime_src" not in str(caught.value)


NOT_A_MODEL = {
    "empty": b"",
    "a few bytes": b"\x08\x07",
    "text": b"this is certainly not a network" * 10,
    "zeros": bytes(1000),
    "a zip": b"PK\3\4" * 100,
    "ONNX Runtime's own format": b"\x18\0\0\0ORTM" + bytes(200),
}


@pytest.mark.parametrize("content", NOT_A_MODEL.values(), ids=NOT_A_MODEL)
def test_what_is_no_network_is_one_clear_error(open_network, content):
    with pytest.raises(ModelFormatError, match="^ONNX Runtime .* cannot load network.onnx: ."):
        open_network(content)


def test_a_missing_file_is_told(tmp_path):
    path = tmp_path / "gone.onnx"

    with pytest.raises(ModelNotFoundError, match="gone.onnx"):
        OnnxBackend().open(Network("gone", ".onnx", path=path), {})


def test_an_error_leaves_nothing_behind_that_breaks_the_next_network(open_network):
    with pytest.raises(UnsupportedModelError):
        open_network("custom_domain")

    assert open_network("add").inputs


@pytest.mark.parametrize("name", [*UNSUPPORTED, "external_outside"])
def test_a_refusal_prints_nothing(run_script, model_path, name):
    code = (
        "import sys; from pathlib import Path\n"
        "from ei_runner_core import EdgeImpulseError, Network\n"
        "from ei_runner_onnx.backend import OnnxBackend\n"
        "try:\n"
        "    OnnxBackend().open(Network('x', '.onnx', path=Path(sys.argv[1])), {})\n"
        "except EdgeImpulseError:\n"
        "    sys.stderr = sys.stdout\n"
    )

    assert run_script(f"{code}", model_path(name)) == ""


def test_the_places_in_the_engine_are_no_part_of_a_message():
    told = (
        "[ONNXRuntimeError] : 1 : FAIL : Exception during initialization: /a/graph.cc:46 void "
        "onnxruntime::f(const std::map<int, int>&, bool) const\n !path.empty() was false. Look!\n"
    )

    text = reason(RuntimeError(told))

    assert text == "Exception during initialization: !path.empty() was false. Look!"
    assert reason(RuntimeError("")) == "RuntimeError"


def open_content(content: bytes) -> None:
    OnnxBackend().open(Network("network.onnx", ".onnx", content=content), {})


def test_weights_in_another_file_are_read(open_network):
    (answer,) = open_network("external").run([np.ones((1, 4), np.float32)])

    np.testing.assert_array_equal(answer, [[1, 2, 3, 4]])


def test_a_network_in_memory_cannot_have_weights_in_another_file(model_bytes):
    with pytest.raises(UnsupportedModelError, match="'external.onnx.data', which needs a folder"):
        open_content(model_bytes("external"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("external_outside", "'../../secret.data', which is outside"),
        ("external_absolute", "outside"),
    ],
)
def test_no_path_leads_out_of_the_folder(open_network, tmp_path, name, message):
    with pytest.raises(ModelFormatError, match=message):
        open_network(name)


def test_no_link_leads_out_of_the_folder(model_path, tmp_path):
    secret, folder = tmp_path / "secret", tmp_path / "folder"
    secret.write_bytes(bytes(16))
    folder.mkdir()
    path = Path(shutil.copy(model_path("external"), folder))
    (folder / "external.onnx.data").symlink_to(secret)

    with pytest.raises(ModelFormatError, match="outside of its folder"):
        OnnxBackend().open(Network(path.name, ".onnx", path=path), {})


def test_missing_weights_are_named(model_path, tmp_path):
    path = Path(shutil.copy(model_path("external"), tmp_path))

    with pytest.raises(ModelNotFoundError, match="'external.onnx.data', which is not beside it"):
        OnnxBackend().open(Network(path.name, ".onnx", path=path), {})


def test_weights_that_are_too_short_are_one_clear_error(model_path, tmp_path):
    path = Path(shutil.copy(model_path("external"), tmp_path))
    (tmp_path / "external.onnx.data").write_bytes(bytes(3))

    with pytest.raises(EdgeImpulseError, match="cannot load external.onnx: ") as caught:
        OnnxBackend().open(Network(path.name, ".onnx", path=path), {})
    assert "\n" not in str(caught.value)


def test_two_outputs_of_one_name_are_refused(open_network, model_bytes):
    renamed = model_bytes("passthrough").replace(b"b\x13\n\x01x", b"b\x13\n\x01y")

    with pytest.raises(ModelFormatError, match="two outputs of the network have one name: y, y"):
        open_network(renamed)
