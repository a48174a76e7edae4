"""Networks of all kinds are quantised, or refused with the reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from qnn_float_networks import conv_network, dense_network, network_of, save, weights

from ei_runner_core import InvalidInputError, ModelFormatError, Network, UnsupportedModelError
from ei_runner_onnx.backend import OnnxBackend
from ei_runner_qnn import QuantizedModel, quantize_model

RANDOM = np.random.default_rng(7)


def quantized(folder: Path, model: onnx.ModelProto, **tensors: np.ndarray) -> QuantizedModel:
    """A network quantised with one file that holds these tensors."""
    path = save(model, folder / "network.onnx")
    np.savez(folder / "samples.npz", **tensors)
    return quantize_model(path, folder / "samples.npz", folder / "quantised.onnx")


def values(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("batch", ["n", None])
def test_an_open_batch_becomes_one(batch: str | None, tmp_path: Path) -> None:
    made = quantized(tmp_path, dense_network(batch), x=values(16, 8))
    assert made.windows == 16
    with OnnxBackend().open(Network("q", ".onnx", path=made.path), {}) as session:
        assert [spec.shape for spec in (*session.inputs, *session.outputs)] == [(1, 8), (1, 4)]


def test_other_open_sizes_are_refused(tmp_path: Path) -> None:
    model = network_of([helper.make_node("Relu", ["x"], ["y"])], {"x": [1, "t"]}, {"y": [1, "t"]})
    with pytest.raises(UnsupportedModelError, match=r"'x'.*\(1, -1\).*fixed sizes"):
        quantized(tmp_path, model, x=values(1, 5))


def test_a_network_with_two_inputs_takes_tensors_by_name(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Gemm", ["x", "w", "b"], ["g"]),
        helper.make_node("Add", ["g", "z"], ["y"]),
    ]
    model = network_of(
        nodes, {"x": [1, 8], "z": [1, 4]}, {"y": [1, 4]}, [weights("w", 8, 4), weights("b", 4)]
    )
    made = quantized(tmp_path, model, z=values(12, 4), x=values(12, 8))
    assert made.windows == 12
    assert made.largest_difference < 0.2
    np.savez(tmp_path / "samples.npz", x=values(12, 8))
    with pytest.raises(InvalidInputError, match=r"samples\.npz: .*x, z.*numpy\.savez"):
        quantize_model(tmp_path / "network.onnx", tmp_path / "samples.npz", tmp_path / "other.onnx")


def test_a_network_that_takes_integers_keeps_them(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Gather", ["e", "i"], ["v"]),
        helper.make_node("ReduceMean", ["v"], ["m"], axes=[1], keepdims=0),
        helper.make_node("Gemm", ["m", "w"], ["y"]),
    ]
    model = network_of(
        nodes, {"i": [1, 6]}, {"y": [1, 4]}, [weights("e", 20, 8), weights("w", 8, 4)],
        kind=TensorProto.INT64, output_kind=TensorProto.FLOAT,
    )  # fmt: skip
    made = quantized(tmp_path, model, i=RANDOM.integers(0, 20, (16, 6)))
    assert made.windows == 16
    with OnnxBackend().open(Network("q", ".onnx", path=made.path), {}) as session:
        assert session.inputs[0].dtype == "int64"


@pytest.mark.parametrize("opset", [7, 9, 12])
def test_old_opsets_are_brought_up(opset: int, tmp_path: Path) -> None:
    made = quantized(tmp_path, conv_network(opset), x=values(16, 3, 8, 8))
    assert made.agreement == 1.0


def test_weights_that_are_inputs_too_stay_weights(tmp_path: Path) -> None:
    model = dense_network()
    model.ir_version = 3
    for one in model.graph.initializer:
        model.graph.input.append(
            helper.make_tensor_value_info(one.name, one.data_type, list(one.dims))
        )
    assert quantized(tmp_path, model, x=values(16, 8)).largest_difference < 0.2


def test_weights_in_a_file_beside_are_taken_in(tmp_path: Path) -> None:
    model = dense_network()
    size = len(model.SerializeToString())
    onnx.save(
        model, tmp_path / "network.onnx", save_as_external_data=True, size_threshold=0,
        location="network.data",
    )  # fmt: skip
    np.save(tmp_path / "samples.npy", values(16, 8))
    made = quantize_model(
        tmp_path / "network.onnx", tmp_path / "samples.npy", tmp_path / "quantised.onnx"
    )
    assert made.bytes_before >= size - 64
    assert made.agreement is not None


def test_a_network_that_answers_with_integers_is_compared_by_them(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Gemm", ["x", "w"], ["g"]),
        helper.make_node("ArgMax", ["g"], ["y"], axis=1),
    ]
    model = network_of(
        nodes, {"x": [1, 8]}, {"y": [1, 1]}, [weights("w", 8, 4)], output_kind=TensorProto.INT64
    )
    made = quantized(tmp_path, model, x=values(16, 8))
    assert made.agreement is not None
    assert made.agreement > 0.8
    assert made.largest_difference == 0


def test_a_network_with_one_number_has_no_labels_to_agree_on(tmp_path: Path) -> None:
    nodes = [helper.make_node("Gemm", ["x", "w"], ["y"])]
    model = network_of(nodes, {"x": [1, 8]}, {"y": [1, 1]}, [weights("w", 8, 1)])
    assert quantized(tmp_path, model, x=values(16, 8)).agreement is None


@pytest.mark.parametrize(
    ("kind", "dtype"), [(TensorProto.FLOAT16, np.float16), (TensorProto.DOUBLE, np.float64)]
)
def test_other_floats_are_refused(kind: int, dtype: type, tmp_path: Path) -> None:
    nodes = [helper.make_node("Gemm", ["x", "w"], ["y"])]
    model = network_of(
        nodes, {"x": [1, 8]}, {"y": [1, 4]}, [weights("w", 8, 4, dtype=dtype)], kind=kind
    )
    with pytest.raises(UnsupportedModelError, match="expected float32"):
        quantized(tmp_path, model, x=values(4, 8).astype(dtype))


def test_a_network_with_nothing_to_quantise_is_refused(tmp_path: Path) -> None:
    nodes = [helper.make_node("Add", ["x", "x"], ["y"])]
    model = network_of(nodes, {"x": [1, 8]}, {"y": [1, 8]}, kind=TensorProto.INT64)
    with pytest.raises(UnsupportedModelError, match="quantises nothing.*Add"):
        quantized(tmp_path, model, x=np.ones((4, 8), np.int64))


def test_a_quantised_network_is_refused_with_what_shows_it(tmp_path: Path) -> None:
    made = quantized(tmp_path, dense_network(), x=values(16, 8))
    with pytest.raises(UnsupportedModelError, match=r"quantised already.*(Q|Deq)uantizeLinear"):
        quantize_model(made.path, tmp_path / "samples.npz", tmp_path / "twice.onnx")


def test_a_damaged_network_is_an_error_of_its_format(tmp_path: Path) -> None:
    content = dense_network().SerializeToString()
    (tmp_path / "network.onnx").write_bytes(content[: len(content) // 2])
    np.save(tmp_path / "samples.npy", values(16, 8))
    with pytest.raises(ModelFormatError, match=r"network\.onnx"):
        quantize_model(
            tmp_path / "network.onnx", tmp_path / "samples.npy", tmp_path / "quantised.onnx"
        )


def test_a_network_becomes_a_file_of_its_format(tmp_path: Path) -> None:
    path = save(dense_network(), tmp_path / "network.onnx")
    with pytest.raises(InvalidInputError, match=r"name it quantised\.onnx"):
        quantize_model(path, tmp_path, tmp_path / "quantised.zip")
