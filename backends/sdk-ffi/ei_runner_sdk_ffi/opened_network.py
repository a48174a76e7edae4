"""A network in a tensor backend, with memory that a compiled model reads and writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ei_runner_core import InferenceError, TensorSession, TensorSpec, UnsupportedModelError

__all__ = ["OpenedNetwork"]

Array = npt.NDArray[Any]

_ALIGNMENT = 64  # what vector units and engines that take memory as it is ask for
_READABLE = ("float32", "int8", "uint8")
_TYPE_CODES = {
    "float32": 1, "int32": 2, "uint8": 3, "int64": 4, "bool": 6, "int16": 7, "complex64": 8,
    "int8": 9, "float16": 10, "float64": 11, "complex128": 12, "uint64": 13, "uint32": 16,
    "uint16": 17,
}  # fmt: skip
"""The numbers of the types in TensorFlow Lite."""


class OpenedNetwork:
    """A session and the memory of its tensors, which stands until this object is gone.

    Args:
        session: an opened network; dynamic dimensions are taken as 1.
        name: what the network is called in errors.
        room: how many bytes must fit into the first input, whatever its size.
        ffi: the cffi instance that knows the structs of the library.

    Raises:
        UnsupportedModelError: the first input or output is of a type that the SDK does not handle,
            or there is none.
        InferenceError: the network does not run, or not on inputs of these shapes.
    """

    def __init__(self, session: TensorSession, name: str, room: int, ffi: Any) -> None:
        _check(name, "input", session.inputs)
        _check(name, "output", session.outputs)
        self.session = session
        self._inputs = [_array(spec, _fixed(spec), room) for spec in session.inputs]
        shapes = self._output_shapes()
        self._outputs = [
            _array(spec, shape) for spec, shape in zip(session.outputs, shapes, strict=True)
        ]
        self._told_inputs = _Description(ffi, session.inputs, self._inputs)
        self._told_outputs = _Description(ffi, session.outputs, self._outputs)
        self._run = session.run

    def describe(self, told: Any, handle: int) -> None:
        """Fill in an ``ei_runner_opened``."""
        told.handle = handle
        told.input_count = len(self._inputs)
        told.output_count = len(self._outputs)
        told.inputs = self._told_inputs.tensors
        told.outputs = self._told_outputs.tensors

    def run(self) -> None:
        """Run the network on what lies in the inputs' memory; the answer goes into the outputs'.

        Raises:
            InferenceError: an output has another shape or type than it was said to have.
        """
        for own, result in zip(self._outputs, self._run(self._inputs), strict=True):
            if result.shape != own.shape or result.dtype != own.dtype:
                raise InferenceError(
                    f"an output of the network has the shape {result.shape} and the type "
                    f"{result.dtype}, expected {own.shape} and {own.dtype} as when it was opened"
                )
            own[...] = result

    def _output_shapes(self) -> list[tuple[int, ...]]:
        """What the session tells, or where that is dynamic, what a run gives."""
        specs = self.session.outputs
        if all(size >= 0 for spec in specs for size in spec.shape):
            return [spec.shape for spec in specs]
        return [result.shape for result in self.session.run(self._inputs)]


class _Description:
    """An array of ``ei_runner_tensor`` with what it points to."""

    def __init__(self, ffi: Any, specs: Sequence[TensorSpec], arrays: Sequence[Array]) -> None:
        self._dims = [ffi.new("int32_t[]", array.shape) for array in arrays]
        self.tensors = ffi.new("ei_runner_tensor[]", len(arrays))
        for tensor, spec, array, dims in zip(self.tensors, specs, arrays, self._dims, strict=True):
            tensor.data = ffi.cast("void *", array.ctypes.data)
            tensor.bytes = array.nbytes
            tensor.type = _TYPE_CODES.get(array.dtype.name, 0)
            tensor.rank = array.ndim
            tensor.dims = dims
            tensor.scale = spec.scale
            tensor.zero_point = spec.zero_point


def _check(name: str, kind: str, specs: Sequence[TensorSpec]) -> None:
    if not specs:
        raise UnsupportedModelError(
            f"{name} has no {kind}, expected at least one; export the network again"
        )
    if specs[0].dtype not in _READABLE:
        raise UnsupportedModelError(
            f"the {kind} {specs[0].name!r} of {name} is of the type {specs[0].dtype}, but the C++ "
            f"SDK handles {', '.join(_READABLE)}; export the network with one of these"
        )


def _fixed(spec: TensorSpec) -> tuple[int, ...]:
    return tuple(1 if size < 0 else size for size in spec.shape)


def _array(spec: TensorSpec, shape: tuple[int, ...], room: int = 0) -> Array:
    """Zeros in aligned memory of at least ``room`` bytes."""
    dtype = np.dtype(spec.dtype)
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    memory = np.zeros(max(size, room) + _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start : start + size].view(dtype).reshape(shape)
