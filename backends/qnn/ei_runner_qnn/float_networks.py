"""The float networks of a model, read and made ready to be quantised."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ei_runner_core import (
    ModelSource,
    Network,
    TensorSession,
    TensorSpec,
    UnsupportedModelError,
)
from ei_runner_core.impulse import NetworkBlock
from ei_runner_onnx.backend import OnnxBackend

if TYPE_CHECKING:
    import onnx

__all__ = ["FORMAT", "FloatNetwork", "float_networks"]

FORMAT = ".onnx"
_WHAT = "quantize takes the float .onnx form of a network"
_QUANTIZED = ("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "MatMulNBits")
_QUANTIZED_PARTS = ("QLinear", "Integer")  # in the names of operators


@dataclass(frozen=True)
class FloatNetwork:
    """A network with the shapes of its inputs by name, in their order; an open batch is 1.

    ``is_wanted``: whether it is to be quantised. One that scores anomalies (a Gaussian mixture) is
    not: its scores span more than whole numbers of 8 bits can tell apart.
    """

    network: Network
    model: onnx.ModelProto
    shapes: dict[str, tuple[int, ...]]
    is_wanted: bool

    def open(self, instead: Network | None = None) -> TensorSession:
        """Open it, or another form of it, on the CPU."""
        return OnnxBackend().open(instead or self.network, {"input_shapes": self.shapes})


def float_networks(source: ModelSource) -> dict[int, FloatNetwork]:
    """The networks of all learn blocks, by the ids of the blocks.

    Raises:
        UnsupportedModelError: one has no ``.onnx`` file, is quantised already, or has an input
            whose size is open.
        ModelFormatError: a file is damaged.
        ModelNotFoundError: a file is missing.
    """
    blocks = source.impulse.networks if source.impulse else ()
    if not blocks:
        raise UnsupportedModelError(f"{source.path} holds no network to quantise; {_WHAT}")
    return {
        block.id: _read(_onnx_file(source, block.id), is_wanted=isinstance(block, NetworkBlock))
        for block in blocks
    }


def _onnx_file(source: ModelSource, block_id: int) -> Network:
    files = source.networks.get(block_id, ())
    for network in files:
        if network.format == FORMAT:
            return network
    if source.kind == "network":
        found = f"{source.path} is a {files[0].format} file"
    else:
        has = ", ".join(Path(network.name).name for network in files) or "compiled code"
        found = f"{source.path} has {has} only"
    raise UnsupportedModelError(
        f"{_WHAT}, but {found}; export the network as {FORMAT} from where it was "
        "trained, and name that file, or give it with network= (--network)"
    )


def _read(network: Network, *, is_wanted: bool) -> FloatNetwork:
    import onnx

    with OnnxBackend().open(network, {}) as session:  # what is damaged shows here
        inputs = session.inputs
    if network.path is not None and network.content is None:
        model = onnx.load(network.path)  # with its external data
    else:
        model = onnx.load_model_from_string(network.read())
    if is_wanted:
        _check_float(model, inputs, network.name)
    shapes = {spec.name: _fixed(spec, network.name) for spec in inputs}
    return FloatNetwork(network, model, shapes, is_wanted)


def _check_float(model: onnx.ModelProto, inputs: tuple[TensorSpec, ...], name: str) -> None:
    for node in model.graph.node:
        kind = node.op_type
        if kind == "EPContext":
            raise UnsupportedModelError(f"{name} is compiled already; {_WHAT}")
        if kind in _QUANTIZED or any(part in kind for part in _QUANTIZED_PARTS):
            raise UnsupportedModelError(
                f"{name} is quantised already: it has a {kind} at "
                f"{node.name or node.output[0]!r}; {_WHAT}"
            )
    for spec in inputs:
        if spec.dtype in ("float16", "float64"):
            raise UnsupportedModelError(
                f"the input {spec.name!r} of {name} is {spec.dtype}, expected float32 or integers; "
                "export the network in float32"
            )


def _fixed(spec: TensorSpec, name: str) -> tuple[int, ...]:
    """The shape of an input with a batch of 1; other sizes have to be known."""
    shape = (1, *spec.shape[1:]) if len(spec.shape) > 1 and spec.shape[0] == -1 else spec.shape
    if -1 in shape:
        raise UnsupportedModelError(
            f"the input {spec.name!r} of {name} has the shape {spec.shape} (-1: any size), and "
            "only the batch may be open; export the network with fixed sizes"
        )
    return shape
