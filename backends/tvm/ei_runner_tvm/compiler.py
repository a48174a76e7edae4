"""TVM's compiler: imported on first use, and told what to make of a network."""

from __future__ import annotations

import errno
import logging
import os
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from ei_runner_core import BackendUnavailableError, UnsupportedModelError
from ei_runner_core.authoring import one_line

from .messages import reason
from .networks import import_errors
from .processors import Processor
from .schedules import tiled_reductions
from .transposed import transposed_convolutions

__all__ = ["build_executable", "load_compiler"]

_TILES, _LAYOUT = 2, 3  # levels of optimisation
_CONVOLUTION = "relax.nn.conv2d"
_CHANNELS_LAST = {_CONVOLUTION: ["NHWC", "HWIO"]}
_INSTALL = "pip install 'ei-runner[tvm]'"
_LOG = logging.getLogger("ei_runner_tvm")


@cache
def load_compiler() -> ModuleType:
    """Import TVM, which a process that runs on the runtime of another TVM would not survive.

    Raises:
        BackendUnavailableError: it is not installed or does not work here.
    """
    try:
        tvm = import_module("tvm")
        import_module("tvm.relax")
        tvm.compile  # noqa: B018 - a TVM without a compiler can be imported
    except (ImportError, OSError, AttributeError, RuntimeError, MemoryError) as error:
        is_short = isinstance(error, MemoryError) or os.strerror(errno.ENOMEM) in str(error)
        raise BackendUnavailableError(
            f"TVM's compiler cannot be imported ({one_line(error)}); "
            + ("give this process more memory" if is_short else f"install it with: {_INSTALL}")
        ) from error
    return tvm


def build_executable(module: Any, processor: Processor, optimization: int, name: str) -> Any:
    """Machine code for a network, which has still to be linked.

    Args:
        module: TVM's form of it.
        processor: what shall run it.
        optimization: the level, from 0 to 3.
        name: what messages call it.

    Raises:
        UnsupportedModelError: TVM fails at it.
    """
    try:
        return _build(module, processor, optimization)
    except import_errors() as error:
        if optimization == 0:
            raise UnsupportedModelError(
                f"TVM cannot compile {name}: {reason(error)}; run it with another backend"
            ) from error
        _LOG.info("TVM cannot compile %s at level %d: %s", name, optimization, reason(error))
    return build_executable(module, processor, optimization - 1, name)


def _build(module: Any, processor: Processor, level: int) -> Any:
    tvm = load_compiler()
    pipeline = _pipeline(processor, level, has_convolutions=_has_convolutions(module))
    with tvm.transform.PassContext(opt_level=level):
        return tvm.compile(module, target=processor.llvm, relax_pipeline=pipeline)


def _has_convolutions(module: Any) -> bool:
    """Changing the layout of a network without one is of no use, and fails at some of them."""
    found: list[bool] = []
    convolution = import_module("tvm.ir").Op.get(_CONVOLUTION)

    def visit(node: Any) -> None:
        if getattr(node, "op", None) == convolution:
            found.append(True)

    import_module("tvm.relax.analysis").post_order_visit(module["main"], visit)
    return bool(found)


def _pipeline(processor: Processor, level: int, *, has_convolutions: bool) -> Any:
    """TVM's own one for CPUs, with a layout and an order of loops that suit vectors."""
    generic, relax = load_compiler().transform, import_module("tvm.relax.transform")
    usual = import_module("tvm.relax.backend.cpu_generic.pipeline")
    target = processor.llvm
    passes = [relax.DecomposeOpsForInference(), relax.CanonicalizeBindings()]
    if level >= _LAYOUT and has_convolutions:
        passes.append(relax.ConvertLayout(_CHANNELS_LAST))
    passes.append(transposed_convolutions())
    passes += usual.library_dispatch_passes(target) + usual.legalize_passes(target)
    if level >= _TILES:
        passes.append(tiled_reductions(processor.vector_bits))
    passes += usual.dataflow_lower_passes(target) + usual.finalize_passes(target)

    def run(module: Any, _: Any) -> Any:
        with target:
            return generic.Sequential(passes)(module)

    return generic.module_pass(run, opt_level=0, name="ForCpu")
