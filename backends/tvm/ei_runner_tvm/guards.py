"""Guards against what would end the process, or read memory of others, when a network runs.

Compiled code trusts its numbers: it reads and writes at every index that it is given, and a
division of integers by zero ends the process.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from ei_runner_core import EdgeImpulseError, ModelFormatError, UnsupportedModelError

__all__ = ["guarded"]

_DIVISIONS = {f"relax.{name}" for name in ("divide", "floor_divide", "floor_mod", "mod")}
_TOP = "relax.topk"
_TAKE, _TRUSTING = "relax.take", "fast"
_FROM_THE_END = {"relax.scatter_elements"}  # which counts negative indices itself


def guarded(module: Any, name: str) -> Any:
    """A network in TVM's form that reads and writes within its tensors, whatever its indices.

    Args:
        module: as TVM's readers make it.
        name: what messages call it.

    Raises:
        ModelFormatError: one of its indices is constant and beyond the end of a tensor.
        UnsupportedModelError: it divides integers by numbers that may be zero, or indexes a tensor
            of unknown size.
    """
    guard = _guard()(module)
    guard.network, guard.problems = name, []
    for variable, function in module.functions_items():
        if isinstance(function, import_module("tvm.relax").Function):
            guard.builder_.update_func(variable, guard.visit_expr(function))
    for problem in guard.problems:
        raise problem
    return guard.builder_.get()


@cache
def _guard() -> Any:
    """A class that needs TVM, which is imported late."""
    functor = import_module("tvm.relax.expr_functor")

    class Guard(functor.PyExprMutator):  # type: ignore[name-defined,misc]
        def visit_call_(self, call: Any) -> Any:
            call = self.visit_expr_post_order(call)
            try:
                return _safe(call, getattr(call.op, "name", ""), self)
            except EdgeImpulseError as error:  # which TVM, the caller, would change into another
                self.problems.append(error)
                return call

    return functor.mutator(Guard)


def _safe(call: Any, operator: str, guard: Any) -> Any:
    if operator in _DIVISIONS:
        _check_divisor(call, guard.network)
    if operator == _TOP:
        _check_count(call, guard.network)
    return _bounded(call, operator, guard) if operator in _EXTENTS else call


def _check_divisor(call: Any, name: str) -> None:
    divisor = call.args[1]
    values = _values(divisor)
    if "int" in str(divisor.ty.dtype) and (values is None or not values.all()):
        raise UnsupportedModelError(
            f"{name} divides integers (Div, Mod) by numbers that are not constant, or by zero, and "
            "a zero would end the process; export it with floats there, or run it with another "
            "backend"
        )


def _check_count(call: Any, name: str) -> None:
    count, size = int(call.attrs.k), int(call.args[0].ty.shape[int(call.attrs.axis)])
    if count > size:
        raise ModelFormatError(
            f"{name} looks for the {count} largest of {size} numbers (TopK); export it again"
        )


def _values(expression: Any) -> Any:
    """The numbers of a constant, None if it is none."""
    is_constant = isinstance(expression, import_module("tvm.ir").GenericConst)
    return expression.value.numpy() if is_constant else None


def _bounded(call: Any, operator: str, guard: Any) -> Any:
    """A call with its indices moved to the nearest place that there is, unless they are right."""
    if operator == _TAKE and call.attrs.mode != _TRUSTING:
        return call
    sizes = _sizes(call, operator, guard.network)
    lowest = -sizes if operator in _FROM_THE_END else 0 * sizes
    indices = call.args[1]
    source = _before_counting(indices, guard)
    if (values := _values(source)) is not None:
        least = lowest if source is indices else -sizes
        if ((values < least) | (values >= sizes)).any():
            raise ModelFormatError(
                f"{guard.network} has a constant index outside of its tensor ({operator[6:]}, "
                f"{sizes.tolist()} places); export it again"
            )
        if operator != _TAKE:
            return call
    return _clipped(call, operator, (lowest, sizes - 1), guard.builder_)


def _before_counting(indices: Any, guard: Any) -> Any:
    """What TVM's reader makes of ONNX's indices is ``where(i < 0, i + n, i)``: the i."""
    is_variable = isinstance(indices, import_module("tvm.ir").Var)
    bound: Any = guard.lookup_binding(indices) if is_variable else None
    is_counted = getattr(getattr(bound, "op", None), "name", "") == "relax.where"
    return bound.args[2] if is_counted else indices


def _clipped(call: Any, operator: str, bounds: tuple[Any, Any], builder: Any) -> Any:
    relax = import_module("tvm.relax")
    data, indices, *others = call.args
    if operator == _TAKE:
        return relax.op.take(data, indices, call.attrs.axis, "clip")
    kind = np.iinfo(str(indices.ty.dtype))
    low, high = (
        relax.const(np.clip(bound, kind.min, kind.max), str(kind.dtype)) for bound in bounds
    )
    not_below = builder.emit(relax.op.maximum(indices, low))
    inside = builder.emit(relax.op.minimum(not_below, high))
    return import_module("tvm.ir").Call(call.op, [data, inside, *others], call.attrs, call.ty_args)


def _sizes(call: Any, operator: str, name: str) -> Any:
    """How many places an index has; several where it is a row of coordinates."""
    shape: Any = getattr(call.args[0].ty, "shape", None)
    try:
        return np.asarray(_EXTENTS[operator](call, list(map(int, shape))))
    except TypeError as error:
        raise UnsupportedModelError(
            f"{name} looks up places ({operator[6:]}) in a tensor whose size is known only when it "
            "runs; export it with fixed sizes"
        ) from error


def _along_axis(call: Any, shape: list[int]) -> int:
    axis = call.attrs.axis
    return int(np.prod(shape)) if axis is None else shape[int(axis)]


def _coordinates(call: Any, shape: list[int]) -> list[int]:
    first = int(getattr(call.attrs, "batch_dims", 0))
    return shape[first : first + int(call.args[1].ty.shape[-1])]


def _lengths(call: Any, shape: list[int]) -> int:
    return shape[int(call.attrs.seq_axis)] + 1


_EXTENTS: dict[str, Callable[[Any, list[int]], int | list[int]]] = {
    _TAKE: _along_axis,
    "relax.gather_elements": _along_axis,
    "relax.gather_nd": _coordinates,
    "relax.reverse_sequence": _lengths,
    "relax.scatter_elements": _along_axis,
    "relax.scatter_nd": _coordinates,
}
