"""What QNN does not take, told so that one knows what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ei_runner_core import UnsupportedModelError
from ei_runner_onnx.failures import shortened
from ei_runner_onnx.network_file import Dimension
from ei_runner_onnx.shapes import fixed_symbols

from .options import HtpOptions

__all__ = ["check_shapes", "explain_refusal"]

_NOTHING = " takes 0 of the "  # as the backend onnx says it
_PROVIDER = "QNNExecutionProvider "
_CUSTOM_OPERATORS = "name the library that brings the operator in the option 'custom_ops'"
_OPTIONS_OF_PLACES = ("backend_type", "backend_path", "soc_model", "htp_arch", "device_id")


def check_shapes(
    name: str,
    declared: Mapping[str, tuple[Dimension, ...] | None],
    fixed: Mapping[str, tuple[int, ...]],
) -> None:
    """Refuse a network with dynamic shapes, of which QNN would leave all to the CPU.

    Args:
        name: the network.
        declared: the shapes of its inputs; None for one that declares none.
        fixed: those of the option ``input_shapes``.

    Raises:
        InvalidInputError: there is no input that ``fixed`` names, or a shape does not suit it.
        UnsupportedModelError: a dimension is free, or zero.
    """
    if declared:  # a slip in a name would look as if nothing had been given
        fixed_symbols(declared, fixed)
    for tensor, shape in declared.items():
        if shape and 0 in shape:
            raise UnsupportedModelError(
                f"the input {shortened(repr(tensor))} of {name} has the shape "
                f"{shortened(str(shape))}, and QNN takes sizes from 1 on; export the network with "
                "other sizes"
            )
        sizes = shape or ()
        is_free = any(not isinstance(size, int) for size in sizes)
        if is_free and (tensor not in fixed or None in sizes):
            shown = ", ".join("any size" if size is None else str(size) for size in sizes)
            raise UnsupportedModelError(
                f"the input {shortened(repr(tensor))} of {name} has the shape "
                f"({shortened(shown)}), and QNN takes fixed shapes only: {_way_out(tensor, sizes)}"
            )


def explain_refusal(
    error: UnsupportedModelError, name: str, content: bytes, options: HtpOptions
) -> UnsupportedModelError:
    """The error for a network that QNN does not take, with the reason where one is known.

    Args:
        error: what was said of it.
        name: the network.
        content: its file.
        options: how it was to be opened.
    """
    places = _places(options)
    if places and _NOTHING in str(error):
        return UnsupportedModelError(
            f"QNN takes nothing of {name} with {places}: most likely it does not start here with "
            "that, as there is no such GPU or chip, or it does not know the chip; leave that out, "
            "or pass allow_cpu=True to let the CPU run the network"
        )
    if _CUSTOM_OPERATORS in str(error):
        return UnsupportedModelError(
            str(error).replace(_CUSTOM_OPERATORS, "export the network without that operator")
        )
    if not str(error).startswith(_PROVIDER) or not _has_signed_activations(content):
        return error
    return UnsupportedModelError(
        f"QNN cannot take {name}, which is quantised to int8 as TensorFlow Lite does it: QNN wants "
        "uint8 for many operators; quantise the float network for QNN with: ei-runner quantize "
        "FLOAT.onnx --samples FOLDER -o OUT.onnx"
    )


def _way_out(tensor: str, sizes: Sequence[Dimension]) -> str:
    if None in sizes:  # ONNX Runtime fixes dimensions by their names
        return "export the network with fixed sizes"
    example = [size if isinstance(size, int) else 1 for size in sizes]
    return f"give it in the option 'input_shapes', such as {{{shortened(repr(tensor))}: {example}}}"


def _places(options: HtpOptions) -> str:
    """The options that say where a network runs, as far as they were given."""
    given = {name: getattr(options, name) for name in _OPTIONS_OF_PLACES}
    return ", ".join(
        f"{name}={value}" for name, value in given.items() if value != getattr(HtpOptions, name)
    )


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
