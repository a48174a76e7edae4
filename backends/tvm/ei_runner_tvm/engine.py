"""One compiled network in TVM's virtual machine, ready to run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ei_runner_core import ModelFormatError, TensorSpec, UnsupportedModelError
from ei_runner_core.authoring import one_line

from .failures import engine_errors, missing_function
from .library import Library
from .manifest import Manifest
from .runtime import Runtime

__all__ = ["Arrays", "Engine"]

Arrays = tuple[np.ndarray, ...]
Call = Callable[[Sequence[np.ndarray]], Arrays]

_ALIGNMENT = 64  # bytes; what compiled code may count on
_CPU, _FIRST, _POOLED = 1, 0, 2  # the kind of device, which one, and how its memory is had


class Engine:
    """A virtual machine with its inputs; it takes one call at a time.

    Args:
        library: the code of the network.
        manifest: its inputs and outputs.
        runtime: what runs it.
        name: of the network, for messages.

    Raises:
        ModelFormatError: the network is not what the manifest says.
        UnsupportedModelError: it needs a function that the runtime lacks.
    """

    def __init__(self, library: Library, manifest: Manifest, runtime: Runtime, name: str) -> None:
        self.inputs, self.outputs = manifest.inputs, manifest.outputs
        self._library = library
        try:
            machine = library.executable["vm_load_executable"]()
            machine["vm_initialization"](_CPU, _FIRST, _POOLED)
            self.call = _call_of(machine["main"], manifest.inputs, runtime.ffi)
            answers = self.call([np.zeros(spec.shape, spec.dtype) for spec in self.inputs])
        except engine_errors(runtime.ffi) as error:
            if missing := missing_function(error):
                raise UnsupportedModelError(
                    f"{name} needs the function {missing}, which the runtime "
                    f"{runtime.files.runtime} lacks; use that of the same apache-tvm, with its "
                    "library of extra functions"
                ) from error
            raise ModelFormatError(
                f"TVM cannot run {name}: {one_line(error)}; compile the network again"
            ) from error
        _check_answers(answers, self.outputs, name)


def _call_of(function: Any, specs: Sequence[TensorSpec], ffi: Any) -> Call:
    """Copies into tensors that stand ready, runs, and copies what comes out."""
    copy, as_array = np.copyto, np.from_dlpack
    free = [_Sources(specs, ffi)]
    gives_one = isinstance(function(*free[0].tensors), ffi.Tensor)

    def call(arrays: Sequence[np.ndarray]) -> Arrays:
        # None is free where a signal handler calls in the middle of a call of its own thread.
        mine = free.pop() if free else _Sources(specs, ffi)
        try:
            for source, array in zip(mine.arrays, arrays):  # noqa: B905 - they were counted
                copy(source, array)
            answer = function(*mine.tensors)
            if gives_one:
                return (as_array(answer).copy(),)
            return tuple([as_array(tensor).copy() for tensor in answer])
        finally:
            free.append(mine)

    return call


class _Sources:
    """Inputs as NumPy sees them and as TVM does."""

    def __init__(self, specs: Sequence[TensorSpec], ffi: Any) -> None:
        self.arrays = [_aligned(spec) for spec in specs]
        self.tensors = [ffi.from_dlpack(array) for array in self.arrays]


def _aligned(spec: TensorSpec) -> np.ndarray:
    dtype = np.dtype(spec.dtype)
    count = int(np.prod(spec.shape, dtype=np.int64)) * dtype.itemsize
    memory = np.zeros(count + _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start : start + count].view(dtype).reshape(spec.shape)


def _check_answers(answers: Arrays, specs: tuple[TensorSpec, ...], name: str) -> None:
    got = [(array.shape, array.dtype.name) for array in answers]
    said = [(spec.shape, spec.dtype) for spec in specs]
    if got != said:
        raise ModelFormatError(
            f"{name} gives outputs that its manifest does not describe ({got}, expected {said}): "
            "compile the network again"
        )
