"""What QNN does not take, told so that one knows what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ei_runner_core import UnsupportedModelError
from ei_runner_onnx.failures import shortened
from ei_runner_onnx.network_file import Dimension

__all__ = ["check_shapes", "explain_signed"]


def check_shapes(
    name: str,
    declared: Mapping[str, Sequence[Dimension] | None],
    fixed: Mapping[str, Sequence[int]],
) -> None:
    """Refuse a network with dynamic shapes, of which QNN would leave all to the CPU.

    Args:
        name: the network.
        declared: the shapes of its inputs; None for one that declares none.
        fixed: those of the option ``input_shapes``.

    Raises:
        UnsupportedModelError: a dimension is free.
    """
    for tensor, shape in declared.items():
        sizes = shape or ()
        is_free = any(not isinstance(size, int) for size in sizes)
        if is_free and (tensor not in fixed or None in sizes):
            shown = ", ".join("any size" if size is None else str(size) for size in sizes)
            raise UnsupportedModelError(
                f"the input {shortened(repr(tensor))} of {name} has the shape "
                f"({shortened(shown)}), and QNN takes fixed shapes only: {_way_out(tensor, sizes)}"
            )


def explain_signed(
    error: UnsupportedModelError, name: str, content: bytes
) -> UnsupportedModelError:
    """The error for a network that QNN does not take: of an int8 one that is the reason.

    Args:
        error: what was said of it.
        name: the network.
        content: its file.
    """
    if not _has_signed_activations(content):
        return error
    return UnsupportedModelError(
        f"QNN cannot take {name}, which is quantised to int8 as TensorFlow Lite does it: QNN wants "
        "uint8 for many operators; quantise the float network for QNN with: ei-runner quantize "
        f"FLOAT.onnx --samples FOLDER -o OUT.onnx ({shortened(str(error))})"
    )


def _way_out(tensor: str, sizes: Sequence[Dimension]) -> str:
    if None in sizes:  # ONNX Runtime fixes dimensions by their names
        return "export the network with fixed sizes"
    example = [size if isinstance(size, int) else 1 for size in sizes]
    return f"give it in the option 'input_shapes', such as {{{shortened(repr(tensor))}: {example}}}"


def _has_signed_activations(content: bytes) -> bool:
    """Whether something is quantised to int8 while the network runs, which weights are not."""
    import onnx

    graph = onnx.load_model_from_string(content).graph
    kinds = {tensor.name: tensor.data_type for tensor in graph.initializer}
    return any(
        node.op_type == "QuantizeLinear"
        and kinds.get(node.input[2] if len(node.input) > 2 else "") == onnx.TensorProto.INT8
        for node in graph.node
    )
