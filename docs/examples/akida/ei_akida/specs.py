"""The input and the output of a model of Akida, as ei-runner wants them."""

from __future__ import annotations

from typing import Any

from ei_runner_core import TensorSpec, UnsupportedModelError

__all__ = ["input_spec", "output_spec"]


def input_spec(model: Any, name: str, scale: float | None) -> TensorSpec:
    """The input: float32 for a model that quantises by itself, else integers.

    Unsigned ones stand for 0 to 1, as the pixels of an image block do: of 8 bits 255 is 1, of 4
    bits 15. What signed ones stand for the file does not tell.

    Args:
        model: Akida's.
        name: the network, for messages.
        scale: what 1 stands for, if the user said it.
    """
    first, shape = model.layers[0], (1, *model.input_shape)
    kind = first.parameters.layer_type.name
    if kind == "Quantizer":
        return TensorSpec("input", shape, "float32")
    bits = first.input_bits
    if bits > 8:
        raise UnsupportedModelError(f"{name} takes {bits} bits a value, expected 8 at most")
    if kind == "InputData" and first.parameters.input_signed:
        return TensorSpec("input", shape, "int8", scale or 0.0)
    return TensorSpec("input", shape, "uint8", scale or 1 / (2**bits - 1))


def output_spec(model: Any) -> TensorSpec:
    """The output: potentials, or scores of them, as real numbers."""
    return TensorSpec("output", (1, *model.output_shape), "float32")
