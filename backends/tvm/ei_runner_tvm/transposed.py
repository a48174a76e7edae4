"""Transposed convolutions with the channels last, which TVM lowers only with the channels first."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

__all__ = ["transposed_convolutions"]

_CONVOLUTION, _LAST, _FIRST = "relax.nn.conv2d_transpose", "NHWC", "NCHW"


def transposed_convolutions() -> Any:
    """The pass over a module that turns the transposed convolutions, and what goes in and out."""

    def turn(module: Any, _: Any) -> Any:
        rewriter = _rewriter()(module)
        for variable, function in module.functions_items():
            if isinstance(function, import_module("tvm.relax").Function):
                rewriter.builder_.update_func(variable, rewriter.visit_expr(function))
        return rewriter.builder_.get()

    module_pass = import_module("tvm").transform.module_pass
    return module_pass(turn, opt_level=0, name="TransposedConvolutions")


@cache
def _rewriter() -> Any:
    """A class that needs TVM, which is imported late."""
    functor = import_module("tvm.relax.expr_functor")

    class Rewriter(functor.PyExprMutator):  # type: ignore[name-defined,misc]
        def visit_call_(self, call: Any) -> Any:
            call = self.visit_expr_post_order(call)
            is_other = getattr(call.op, "name", "") != _CONVOLUTION
            return call if is_other or call.attrs.data_layout != _LAST else _turned(call, self)

    return functor.mutator(Rewriter)


def _turned(call: Any, rewriter: Any) -> Any:
    op, emit = import_module("tvm.relax").op, rewriter.builder_.emit
    data, weights = call.args
    attributes = call.attrs
    made = op.nn.conv2d_transpose(
        emit(op.permute_dims(data, [_LAST.index(axis) for axis in _FIRST])),
        weights,
        strides=attributes.strides,
        padding=attributes.padding,
        output_padding=attributes.output_padding,
        dilation=attributes.dilation,
        groups=attributes.groups,
        data_layout=_FIRST,
        kernel_layout=attributes.kernel_layout,
        out_dtype=str(call.ty.dtype),
    )
    return op.permute_dims(emit(made), [_FIRST.index(axis) for axis in _LAST])
