"""Post-processing blocks, as they are listed in exports since 2025."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..tree import PostProcessingBlock
from .facts import Facts
from .learn import Learned
from .legacy_postprocessing import legacy_blocks
from .numbers import as_whole
from .sdk import MODES, STRUCTS, word
from .source import Source, named
from .values import Aggregate, Reference

__all__ = ["read_postprocessing"]

# what works on the results of others, by a part of its functions' names
_FOLLOWERS = {"tracking": "tracking", "counting": "counting", "perfcal": "calibration"}
_DTYPE = re.compile(r"_(?:f32|i8|u8)$")
_IMPLIED = {"implementation_version"}


def read_postprocessing(
    source: Source, facts: Facts, learned: tuple[Learned, ...], label_count: int
) -> tuple[PostProcessingBlock, ...]:
    """The steps behind the networks, in order.

    Where none of those that are listed decodes a network, as in older exports, the decoders
    follow from the learn blocks and stand first.
    """
    rows = source.array(facts.get("postprocessing_blocks"), "the list of post-processing blocks")
    listed = [_block(source, row) for row in rows]
    if any(block.type not in _FOLLOWERS.values() for block in listed):
        return _with_own_ids(listed)
    return _with_own_ids([*legacy_blocks(source, facts, learned, label_count), *listed])


def _with_own_ids(blocks: list[PostProcessingBlock]) -> tuple[PostProcessingBlock, ...]:
    """The blocks with ids that differ, as thresholds are set by them."""
    from msgspec.structs import replace

    taken: set[int] = set()
    result: list[PostProcessingBlock] = []
    for block in blocks:
        if block.id in taken:
            block = replace(block, id=max(b.id for b in (*blocks, *result)) + 1)
        taken.add(block.id)
        result.append(block)
    return tuple(result)


def _block(source: Source, value: Any) -> PostProcessingBlock:
    row = source.aggregate(value, "a post-processing block") or Aggregate()
    fields = named(row, STRUCTS["ei_postprocessing_block_t"], "a post-processing block")
    kind = _type(fields)
    config = _config(source, fields.get("config"))
    follows = kind in _FOLLOWERS.values()
    return PostProcessingBlock(
        id=as_whole(fields.get("block_id"), "block_id"),
        type=kind,
        input=None if follows else as_whole(fields.get("input_block_id"), "input_block_id"),
        config=config,
    )


def _type(fields: Mapping[str, Any]) -> str:
    functions = (fields.get(name) for name in ("postprocess_fn", "init_fn", "display_fn"))
    names = [function.name for function in functions if isinstance(function, Reference)]
    for part, kind in _FOLLOWERS.items():
        if any(part in name for name in names):
            return kind
    name = _DTYPE.sub("", names[0]).removeprefix("process_") if names else "unknown"
    if name == "classification" and word(fields.get("type"), MODES) == "REGRESSION":
        return "regression"
    return name


def _config(source: Source, value: Any) -> dict[str, Any]:
    order = STRUCTS.get(source.type_of(value), ())
    fields = source.struct(value, "a post-processing block", order)
    config = {name: _plain(source, name, v) for name, v in fields.items() if name not in _IMPLIED}
    return {name: v for name, v in config.items() if v is not None}


def _plain(source: Source, name: str, value: Any) -> Any:
    """A value as JSON has it; None where it is the name of something that is not known."""
    if isinstance(value, Reference) and value.name in source:
        value = source.aggregate(value, name)
    if name == "nms_config" and isinstance(value, Aggregate):
        return named(value, STRUCTS["ei_object_detection_nms_config_t"], name)
    if isinstance(value, Aggregate):
        return [_plain(source, "", item) for item in value.items]
    return None if isinstance(value, Reference) else value
