"""The order of a network's loops on a CPU, without hours of tuning.

TVM's own order adds up one number after the other. Here a tile of the result is added up at once:
the last dimension in vectors, some rows of the one before it side by side, the sum around both, so
that the tile stays in registers; bias and activation follow while it is there.
"""

from __future__ import annotations

import contextlib
from importlib import import_module
from typing import Any

__all__ = ["tiled_reductions"]

_REGISTERS = 8  # that a tile fills: half of those of SSE and AVX2, the rest holds the operands
_VECTORS = 2  # of them side by side
_FLOAT_BITS = 32
_FEWEST_LANES = 4


def tiled_reductions(vector_bits: int) -> Any:
    """The pass over a module that orders the loops of all its functions.

    Args:
        vector_bits: of a register of the processor.
    """
    function_type = import_module("tvm.tirx").PrimFunc
    module_pass = import_module("tvm").transform.module_pass
    lanes = vector_bits // _FLOAT_BITS

    def order(module: Any, _: Any) -> Any:
        functions = [
            (name, f) for name, f in module.functions_items() if isinstance(f, function_type)
        ]
        for name, function in functions:
            module[name] = _ordered(function, lanes)
        return module

    return module_pass(order, opt_level=0, name="TiledReductions")


def _ordered(function: Any, lanes: int) -> Any:
    """The function with its sums in tiles; as it was where one of them is of another kind."""
    analysis = import_module("tvm.s_tir.dlight.analysis")
    schedule = import_module("tvm.s_tir").Schedule(function)
    try:
        blocks = schedule.get_child_blocks(analysis.get_root_block(schedule))
        infos = [analysis.get_sblock_info(schedule, block) for block in blocks]
        _join_what_follows(schedule, infos)
        for info in infos:
            if set(info.dom_kind()) == {"S", "R"}:
                _tile(schedule, info, lanes)
    except (_schedule_error(), ValueError, TypeError):
        return function
    return schedule.mod["main"].with_attrs(function.attrs)


def _join_what_follows(schedule: Any, infos: list[Any]) -> None:
    """Behind a sum, make one step of those that change each number by itself."""
    is_behind = False
    for info in infos[:-1]:
        is_behind = is_behind or not info.is_injective()
        if is_behind and info.is_injective():
            with contextlib.suppress(_schedule_error()):  # it is a result of its own
                schedule.compute_inline(info.block_rv)


def _tile(schedule: Any, info: Any, lanes: int) -> None:
    block = info.block_rv
    loops = list(zip(schedule.get_loops(block), info.iters, strict=True))
    kept = [loop for loop, each in loops if each.kind == "S"]
    summed = [loop for loop, each in loops if each.kind == "R"]
    sizes = [int(each.dom) for _, each in loops if each.kind == "S"]
    long = [index for index, size in enumerate(sizes) if size > 1]
    if not long:
        return
    width = _divisor(sizes[long[-1]], _VECTORS * lanes)
    if width < _FEWEST_LANES:
        return
    across = kept.pop(long[-1])
    outer, vector = schedule.split(across, [None, width])
    inner = [vector]
    if len(long) > 1:
        height = _divisor(sizes[long[-2]], max(1, _REGISTERS * lanes // width))
        kept[long[-2]], rows = schedule.split(kept[long[-2]], [None, height])
        schedule.unroll(rows)
        inner = [rows, vector]
    schedule.reorder(*kept, outer, *summed, *inner)
    _finish_at(schedule, block, outer)
    schedule.vectorize(vector)
    schedule.decompose_reduction(block, summed[0])


def _finish_at(schedule: Any, block: Any, loop: Any) -> None:
    """Do what follows, or else the writing, while the tile is in registers."""
    consumers = schedule.get_consumers(block)
    step = consumers[0] if len(consumers) == 1 else None
    if step is not None and not _goes_along(schedule, block, step):
        step = None
    with contextlib.suppress(_schedule_error()):  # it needs more than the tile
        if step is None:
            step = schedule.cache_write(block, 0, "local")
        schedule.reverse_compute_at(step, loop)
        schedule.vectorize(schedule.get_loops(step)[-1])


def _goes_along(schedule: Any, block: Any, step: Any) -> bool:
    """Whether a step makes of each number one in the same place, and no others.

    TVM does not ask: what a padding adds around the numbers would never be written.
    """
    made, taker = schedule.get(block).writes[0].source, schedule.get(step)
    places = [each.var for each in taker.iter_vars]
    if [int(each.dom.extent) for each in taker.iter_vars] != list(map(int, made.shape)):
        return False
    taken = [region.region for region in taker.reads if region.source.same_as(made)]
    return all(
        int(each.extent) == 1 and each.min.same_as(place)
        for region in taken
        for each, place in zip(region, places, strict=True)
    )


def _schedule_error() -> type[Exception]:
    kind: type[Exception] = import_module("tvm.s_tir").ScheduleError
    return kind


def _divisor(size: int, most: int) -> int:
    """The largest number up to this one that divides a size."""
    return max(each for each in range(1, min(size, most) + 1) if size % each == 0)
