"""What the readers of network files have in common."""

from __future__ import annotations

import contextlib
import struct
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from msgspec import Struct

from ei_runner_core import TensorSpec, UnsupportedModelError

from .messages import shortened

__all__ = ["ROLES", "Imported", "end_builder", "import_errors", "shaped_specs"]

ROLES = ("input", "output")


class Imported(Struct, frozen=True):
    """A network in TVM's form, and its tensors as the engine of its file describes them."""

    module: Any
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


def import_errors() -> tuple[type[Exception], ...]:
    """What TVM's frontends raise: they look nothing up before they use it."""
    return (
        ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, MemoryError,
        OSError, RuntimeError, TypeError, ValueError, struct.error,
    )  # fmt: skip


def end_builder(error: Exception) -> None:
    """End what a frontend was building when it failed; TVM prints a warning about it otherwise."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        builder = frame.f_locals.get("bb") or getattr(frame.f_locals.get("self"), "bb", None)
        if builder is not None:
            with contextlib.suppress(RuntimeError):  # there is nothing left to end
                while True:
                    builder._end_block()  # noqa: SLF001 - nothing public ends it


def shaped_specs(module: Any, role: str, specs: Sequence[TensorSpec]) -> tuple[TensorSpec, ...]:
    """The inputs or outputs with the shapes that they have in compiled code.

    Raises:
        UnsupportedModelError: TVM makes others, or knows the shape of one only when it runs.
    """
    main = module["main"]
    if role == "input":
        kinds = [parameter.ty for parameter in main.params]
    else:
        kinds = list(getattr(main.ret_ty, "fields", [main.ret_ty]))
    if len(kinds) != len(specs):
        names = shortened(", ".join(spec.name for spec in specs), 200)
        raise UnsupportedModelError(
            f"TVM makes {len(kinds)} {role}s of the {len(specs)} of the network ({names}); export "
            "it without those that are not used"
        )
    return tuple(_shaped(role, *each) for each in zip(specs, kinds, strict=True))


def _shaped(role: str, spec: TensorSpec, kind: Any) -> TensorSpec:
    shown = f"the {role} {shortened(repr(spec.name), 200)}"
    fixed = (int, import_module("tvm.tirx").IntImm)
    shape = getattr(kind, "shape", None)
    sizes: list[Any] = list(shape) if shape is not None else [None]
    if not all(isinstance(size, fixed) for size in sizes):
        raise UnsupportedModelError(
            f"{shown} has a shape that is known only when it runs ({shortened(str(kind), 200)}), "
            "and TVM compiles for fixed sizes; export the network with fixed sizes"
        )
    if str(kind.dtype) != spec.dtype:
        raise UnsupportedModelError(
            f"{shown} is {spec.dtype}, and TVM makes {kind.dtype} of it; export the network with "
            "another type"
        )
    return spec.with_shape(tuple(map(int, sizes)))
