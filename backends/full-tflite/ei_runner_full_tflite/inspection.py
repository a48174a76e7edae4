"""Looking through a ``.tflite`` file before a runtime gets to see it.

Not every runtime checks what it loads: a cut-off file is enough to crash tflite-runtime, and all
of them trust indices, quantisation and options of operators that a flipped bit can spoil. A crash
takes the whole process along, so what is surely wrong is refused here.
"""

from __future__ import annotations

from dataclasses import dataclass

from ei_runner_core import ModelFormatError

from .calls import check_calls
from .flatbuffer import DamageError, Flatbuffer, OutOfBytesError, Table
from .operators import Operator, check_operator, keeps_state
from .schema import COMPILED_NETWORKS, CONVOLUTIONS, VAR_HANDLE
from .tensors import Tensor, check_tensor
from .variables import check_variables

__all__ = ["ModelTraits", "inspect_model"]

_MAGIC = b"TFL3"
_SHORTEST = 16
_SCHEMA_VERSION = 3


@dataclass(frozen=True)
class ModelTraits:
    """What the file tells about how the model may be handled.

    ``is_stateful``: a run changes the next one. ``is_risky``: some operator computes with a
    quantisation that has no range, which XNNPACK refuses, while plain kernels end the process.
    ``trips_xnnpack``: some operator takes the value of a resource variable twice, and XNNPACK ends
    the process, while plain kernels run it. ``is_quantized``: it computes with integers that stand
    for real numbers. ``rounds_halves``: some quantised convolution gives numbers below 0, whose
    halves optimised kernels round upwards, and the reference kernels downwards.
    """

    is_stateful: bool
    is_risky: bool
    trips_xnnpack: bool
    is_quantized: bool
    rounds_halves: bool


@dataclass(frozen=True)
class _Graph:
    tensors: list[Tensor]
    operators: list[Operator]
    has_variables: bool
    is_risky: bool

    @property
    def is_quantized(self) -> bool:
        """Whether an operator gives quantised numbers."""
        return any(tensor.is_quantized for tensor in self._given_by(self.operators))

    @property
    def rounds_halves(self) -> bool:
        """Whether a convolution gives quantised numbers of both signs."""
        convolutions = [op for op in self.operators if op.code in CONVOLUTIONS]
        return any(tensor.is_signed for tensor in self._given_by(convolutions))

    def _given_by(self, operators: list[Operator]) -> list[Tensor]:
        return [self.tensors[index] for op in operators for index in op.outputs if index >= 0]

    @property
    def takes_twice(self) -> bool:
        """Whether an operator takes one tensor more than once."""
        return any(len(set(op.inputs)) < len(op.inputs) for op in self.operators)


def inspect_model(content: bytes, name: str) -> ModelTraits:
    """Check the structure of a model and tell its traits.

    Raises:
        ModelFormatError: the file is damaged, or not a TensorFlow Lite model at all.
    """
    if len(content) < _SHORTEST or content[4:8] != _MAGIC:
        raise ModelFormatError(
            f"{name} is not a TensorFlow Lite model: expected {_MAGIC!r} at byte 4, found "
            f"{content[4:8]!r} ({len(content)} bytes); export it again"
        )
    try:
        return _check_model(Flatbuffer(content))
    except OutOfBytesError:
        reason = f"it ends after {len(content)} bytes, but points beyond that"
    except DamageError as error:
        reason = str(error)
    raise ModelFormatError(
        f"{name} is a damaged TensorFlow Lite model: {reason}; copy or export it again"
    )


def _check_model(buffer: Flatbuffer) -> ModelTraits:
    model = buffer.root()
    version = model.number(0, "I")
    if version != _SCHEMA_VERSION:
        raise DamageError(f"its schema has version {version}, expected {_SCHEMA_VERSION}")
    codes = [_operator_code(table) for table in model.tables(1)]
    compiled = {i for i, table in enumerate(model.tables(1)) if table.text(1) in COMPILED_NETWORKS}
    buffers = [_buffer_size(table, buffer.size) for table in model.tables(4)]
    graphs = [_check_graph(table, codes, compiled, buffers) for table in model.tables(2)]
    if not graphs:
        raise DamageError("it has no graph")
    check_calls([{call for op in graph.operators for call in op.calls} for graph in graphs])
    if VAR_HANDLE in codes:
        check_variables((graph.tensors, graph.operators) for graph in graphs)
    _check_notes(model, len(buffers))
    for signature in model.tables(7):
        _check_signature(signature, [len(graph.tensors) for graph in graphs])
    return ModelTraits(
        is_stateful=keeps_state(codes) or any(graph.has_variables for graph in graphs),
        is_risky=any(graph.is_risky for graph in graphs),
        trips_xnnpack=VAR_HANDLE in codes and any(graph.takes_twice for graph in graphs),
        is_quantized=any(graph.is_quantized for graph in graphs),
        rounds_halves=any(graph.rounds_halves for graph in graphs),
    )


def _operator_code(table: Table) -> int:
    """Old files have the code in field 0, which is too small for newer operators."""
    table.text(1)
    return max(table.number(0, "b"), table.number(3, "i"))


def _buffer_size(table: Table, file_size: int) -> int:
    """Bytes of a buffer; the data of large models lie behind the FlatBuffer itself."""
    _, inside = table.span(0)
    offset, size = table.number(1, "Q"), table.number(2, "Q")
    if offset <= 1:
        return inside
    if offset + size > file_size:
        raise OutOfBytesError
    return size


def _check_graph(table: Table, codes: list[int], compiled: set[int], buffers: list[int]) -> _Graph:
    tensors = [check_tensor(tensor, buffers) for tensor in table.tables(0)]
    inputs = [require_index(index, len(tensors), "tensor") for index in table.numbers(1)]
    outputs = [require_index(index, len(tensors), "tensor") for index in table.numbers(2)]
    operators, strict = [], []
    for operator in table.tables(3):
        kind = require_index(operator.number(0, "I"), len(codes), "operator code")
        operators.append(check_operator(operator, codes[kind], tensors))
        strict.append(kind not in compiled)
    _check_order(inputs, list(zip(operators, strict, strict=True)), outputs, tensors)
    table.text(4)
    return _Graph(
        tensors,
        operators,
        has_variables=any(tensor.is_variable for tensor in tensors),
        is_risky=any(operator.is_risky for operator in operators),
    )


def _check_order(
    inputs: list[int],
    operators: list[tuple[Operator, bool]],
    outputs: list[int],
    tensors: list[Tensor],
) -> None:
    """Memory is planned as if each tensor were written once, before it is read.

    Operators come with whether that counts for what they read: a network that was compiled for a
    chip has tensors to work in.
    """

    def require_value(index: int) -> None:
        if index >= 0 and index not in written and tensors[index].needs_writer:
            raise DamageError(f"the tensor {index} is read before an operator writes it")

    written = {index for index, tensor in enumerate(tensors) if tensor.is_constant}
    written.update(inputs)
    for operator, is_strict in operators:
        for index in operator.inputs if is_strict else ():
            require_value(index)
        for index in operator.outputs:
            if index >= 0 and index in written:
                raise DamageError(f"two operators write the tensor {index}")
            written.add(index)
    for index in outputs:
        require_value(index)


def _check_notes(model: Table, buffer_count: int) -> None:
    model.text(3)
    for index in model.numbers(5):
        require_index(index, buffer_count, "buffer")
    for note in model.tables(6):
        note.text(0)
        require_index(note.number(1, "I"), buffer_count, "buffer")


def _check_signature(signature: Table, tensor_counts: list[int]) -> None:
    signature.text(2)
    graph = require_index(signature.number(4, "I"), len(tensor_counts), "graph")
    for entry in (*signature.tables(0), *signature.tables(1)):
        entry.text(0)
        require_index(entry.number(1, "I"), tensor_counts[graph], "tensor")


def require_index(index: int, count: int, what: str) -> int:
    """Refuse an index that points to nothing."""
    if not 0 <= index < count:
        raise DamageError(f"it refers to {what} {index} of {count}")
    return index
