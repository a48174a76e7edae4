"""Kernels that round as those of TensorFlow Lite Micro, where that costs the least."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from ei_runner_core import InvalidInputError, UnsupportedModelError
from ei_runner_full_tflite.flatbuffer import Flatbuffer, Table
from ei_runner_full_tflite.inspection import inspect_model

ModelBytes = Callable[[str], bytes]

FROM_CONV_TO_SUB = range(5, 10)
IMAGES = np.random.default_rng(0).integers(-128, 128, (300, 1, 6, 6, 1)).astype(np.int8)


def _inside(part: Table | None) -> Table:
    assert part
    return part


@pytest.fixture
def signed(model_bytes: ModelBytes) -> bytes:
    """``conv_int8`` without ReLU: what its convolution gives lies on both sides of 0."""
    content = bytearray(model_bytes("conv_int8"))
    (graph,) = Flatbuffer(bytes(content)).root().tables(2)
    for index in FROM_CONV_TO_SUB:
        zero_points, _ = _inside(graph.tables(0)[index].table(4)).span(3, 8)
        struct.pack_into("<q", content, zero_points, 0)
    content[_inside(graph.tables(3)[0].table(4))._at(3, 1)] = 0
    return bytes(content)


def answers(session: Any, images: Sequence[np.ndarray] | np.ndarray = IMAGES) -> np.ndarray:
    return np.array([session.run([image])[0] for image in images])


def operators_of(session: Any) -> set[str]:
    return {operator["op_name"] for operator in session.engine.interpreter._get_ops_details()}


@pytest.mark.parametrize(
    ("name", "is_quantized"),
    [("conv", False), ("conv_half", False), ("conv_int8", True), ("dense_uint8", True)],
)
def test_a_network_is_quantised_if_it_computes_with_integers(
    model_bytes: ModelBytes, name: str, is_quantized: bool
) -> None:
    traits = inspect_model(model_bytes(name), name)
    assert (traits.is_quantized, traits.rounds_halves) == (is_quantized, False)


def test_a_convolution_with_results_below_zero_is_noticed(signed: bytes) -> None:
    assert inspect_model(signed, "signed").rounds_halves


def test_micros_rounding_leaves_xnnpack_out_of_quantised_networks_only(open_network: Any) -> None:
    if "DELEGATE" not in operators_of(open_network("conv")):
        pytest.skip("this runtime brings no XNNPACK, or does not show it")
    assert "DELEGATE" in operators_of(open_network("conv", kernels="micro"))
    assert "DELEGATE" in operators_of(open_network("conv_int8"))
    assert "DELEGATE" not in operators_of(open_network("conv_int8", kernels="micro"))


def test_micros_rounding_is_that_of_the_reference_kernels(open_network: Any, signed: bytes) -> None:
    """On processors with AVX the optimised ones say something else to some of these images."""
    micro, reference = (open_network(signed, kernels=name) for name in ("micro", "reference"))
    np.testing.assert_array_equal(answers(micro), answers(reference))


def test_where_no_half_can_be_rounded_otherwise_the_kernels_are_optimised(
    open_network: Any,
) -> None:
    micro = open_network("conv_int8", kernels="micro")
    assert not micro.engine._takes_reference()
    expected = answers(open_network("conv_int8", kernels="reference"))
    np.testing.assert_array_equal(answers(micro), expected)


@pytest.mark.usefixtures("strict_xnnpack")
def test_what_plain_kernels_would_end_the_process_on_is_left_to_xnnpack(
    open_network: Any, signed: bytes
) -> None:
    content = bytearray(signed)
    (graph,) = Flatbuffer(signed).root().tables(2)
    scales, _ = _inside(graph.tables(0)[FROM_CONV_TO_SUB[0]].table(4)).span(2, 4)
    struct.pack_into("<f", content, scales, 0.0)
    with pytest.raises(UnsupportedModelError, match="XNNPACK"):
        open_network(bytes(content), kernels="micro")


def test_after_a_failure_xnnpack_is_still_left_out(open_network: Any) -> None:
    session = open_network("conv_int8", kernels="micro")

    def fail() -> None:
        raise RuntimeError("the engine gave up")

    with pytest.raises(RuntimeError, match="gave up"):
        session.engine._attempt(fail)
    assert "DELEGATE" not in operators_of(session)


def test_micros_rounding_with_xnnpack_forced_is_refused(open_network: Any) -> None:
    with pytest.raises(InvalidInputError, match="kernels='micro' and default_delegates=True"):
        open_network("conv_int8", kernels="micro", default_delegates=True)
