"""TensorFlow Lite networks of one operator, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import flatbuffers
import numpy as np
from msgspec import Struct

TYPES = {"float32": 0, "int32": 2, "int16": 7, "int8": 9}


class Tensor(Struct, frozen=True):
    """A tensor; with ``data`` it is a constant of the file."""

    shape: tuple[int, ...]
    dtype: str
    scale: float = 0.0
    zero_point: int = 0
    data: Any = None


def network_of(
    operator: str,
    inputs: Sequence[Tensor],
    outputs: Sequence[Tensor],
    options: tuple[str, Mapping[str, Any]] | None = None,
) -> bytes:
    """A network whose inputs are those of its operator that are no constants.

    Args:
        operator: its name in the schema.
        inputs: what it takes.
        outputs: what it makes.
        options: the name of its table in the schema, and the fields.
    """
    tensors = [*inputs, *outputs]
    numbers = range(len(tensors))
    free = [number for number in numbers if tensors[number].data is None]
    sources = [number for number in free if number < len(inputs)]
    targets = list(numbers[len(inputs) :])
    code = getattr(import_module("tflite").BuiltinOperator, operator)

    builder = flatbuffers.Builder(1024)
    buffers = [_buffer(builder, None), *(_buffer(builder, tensor.data) for tensor in tensors)]
    made = [_tensor(builder, number, tensors[number]) for number in numbers]
    step = _table(
        builder,
        "Operator",
        OpcodeIndex=0,
        Inputs=_integers(builder, list(numbers[: len(inputs)])),
        Outputs=_integers(builder, targets),
        **_options(builder, options),
    )
    graph = _table(
        builder,
        "SubGraph",
        Tensors=_offsets(builder, made),
        Inputs=_integers(builder, sources),
        Outputs=_integers(builder, targets),
        Operators=_offsets(builder, [step]),
    )
    known = _table(builder, "OperatorCode", DeprecatedBuiltinCode=code, BuiltinCode=code, Version=1)
    model = _table(
        builder,
        "Model",
        Version=3,
        OperatorCodes=_offsets(builder, [known]),
        Subgraphs=_offsets(builder, [graph]),
        Buffers=_offsets(builder, buffers),
    )
    builder.Finish(model, b"TFL3")
    return bytes(builder.Output())


def _table(builder: Any, kind: str, **fields: Any) -> int:
    schema = import_module("tflite")
    getattr(schema, f"{kind}Start")(builder)
    for name, value in fields.items():
        getattr(schema, f"{kind}Add{name}")(builder, value)
    return int(getattr(schema, f"{kind}End")(builder))


def _options(builder: Any, options: tuple[str, Mapping[str, Any]] | None) -> dict[str, int]:
    if options is None:
        return {}
    kind, fields = options
    number = getattr(import_module("tflite").BuiltinOptions, kind)
    return {"BuiltinOptionsType": number, "BuiltinOptions": _table(builder, kind, **fields)}


def _buffer(builder: Any, data: Any) -> int:
    if data is None:
        return _table(builder, "Buffer")
    content = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
    return _table(builder, "Buffer", Data=builder.CreateNumpyVector(content))


def _tensor(builder: Any, number: int, tensor: Tensor) -> int:
    name = builder.CreateString(f"t{number}")
    shape = _integers(builder, list(tensor.shape))
    fields = {}
    if tensor.scale:
        scale = builder.CreateNumpyVector(np.array([tensor.scale], np.float32))
        zero_point = builder.CreateNumpyVector(np.array([tensor.zero_point], np.int64))
        fields["Quantization"] = _table(
            builder, "QuantizationParameters", Scale=scale, ZeroPoint=zero_point
        )
    return _table(
        builder,
        "Tensor",
        Shape=shape,
        Type=TYPES[tensor.dtype],
        Buffer=number + 1,
        Name=name,
        **fields,
    )


def _integers(builder: Any, values: list[int]) -> int:
    return int(builder.CreateNumpyVector(np.array(values, np.int32)))


def _offsets(builder: Any, offsets: list[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())
