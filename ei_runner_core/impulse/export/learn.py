"""Learn blocks: networks, and the detectors of anomalies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from ...parameters import AnomalyType, Engine
from ..tree import DspBlock, KMeansBlock, LearnBlock, NetworkBlock
from .anomaly import gmm_block, kmeans_block, legacy_kmeans
from .facts import Facts
from .numbers import as_whole, is_set, whole, wholes
from .sdk import IMAGE_SCALINGS, LAST_LAYERS, STRUCTS, word
from .source import Source
from .values import Reference

__all__ = ["Learned", "read_learn_blocks"]


@dataclass(frozen=True)
class Learned:
    """A learn block, the fields of its config, and the name of its network's bytes if it has."""

    block: LearnBlock
    config: Mapping[str, Any] = field(default_factory=dict)
    network: str | None = None


def read_learn_blocks(
    source: Source, facts: Facts, dsp: tuple[DspBlock, ...]
) -> tuple[Learned, ...]:
    """The learn blocks of an impulse; before 2023 they are not listed, and follow from macros."""
    rows = source.array(facts.get("learning_blocks"), "the list of learn blocks")
    if not rows:
        return _legacy(source, facts, dsp)
    return tuple(_learned(source, _Row.of(source, row), dsp) for row in rows)


@dataclass(frozen=True)
class _Row:
    """A row of the list; with the years it got a scaling, an id, a flag, inputs and a size."""

    id: int | None
    function: str
    config: Any
    scaling: Any
    inputs: tuple[int, ...] | None

    @classmethod
    def of(cls, source: Source, value: Any) -> _Row:
        row = source.aggregate(value, "a learn block")
        items = row.items if row is not None else []
        names = ("infer_fn", "config", "image_scaling", "input_block_ids", "input_block_ids_size")
        at = next((i for i, item in enumerate(items) if isinstance(item, Reference)), 0)
        fields = dict(zip(names, items[at:], strict=False)) | (row.fields if row else {})
        if at:
            fields.setdefault("blockId", items[0])
        function = fields.get("infer_fn")
        inputs = fields.get("input_block_ids")
        return cls(
            id=whole(fields, "blockId") if "blockId" in fields else None,
            function=function.name if isinstance(function, Reference) else "",
            config=fields.get("config"),
            scaling=fields.get("image_scaling"),
            inputs=None
            if inputs is None
            else wholes(source.array(inputs, "the inputs of a learn block"), "an input"),
        )


def _learned(source: Source, row: _Row, dsp: tuple[DspBlock, ...]) -> Learned:
    config = source.struct(row.config, f"the learn block {row.function}")
    number = row.id if row.id is not None else config.get("block_id")
    if number is None:
        number = _free(_number_in(row.config), dsp)
    identity = as_whole(number, "the id of a learn block")
    inputs = row.inputs if row.inputs is not None else tuple(block.id for block in dsp)
    if row.function == "run_kmeans_anomaly":
        return Learned(kmeans_block(source, config, identity, inputs), config)
    network = _network_symbol(source, config)
    files = (_file_name(network),) if network else ()
    if row.function == "run_gmm_anomaly" and not config.get("visual") and config.get("anom_axis"):
        return Learned(gmm_block(source, config, identity, inputs, files), config, network)
    block = NetworkBlock(
        id=identity,
        files=files,
        inputs=inputs,
        image_scaling=cast(Any, word(row.scaling, IMAGE_SCALINGS) or "NONE"),
        outputs=_outputs(source, config),
    )
    return Learned(block, config, network)


def _file_name(symbol: str) -> str:
    return symbol.replace("::", "_") + ".tflite"


def _free(number: int, dsp: tuple[DspBlock, ...]) -> int:
    """The number, or one behind those of the DSP blocks where one of them has it."""
    taken = {block.id for block in dsp}
    return number if number not in taken else max(taken) + 1


def _number_in(config: Any) -> int:
    match = re.search(r"(\d{1,9})$", config.name) if isinstance(config, Reference) else None
    return int(match[1]) if match else 0


def _network_symbol(source: Source, config: Mapping[str, Any]) -> str | None:
    """The name of a network's bytes; one that was compiled, or is of another engine, has none."""
    graph = config.get("graph_config")
    if "tflite" not in source.type_of(graph):
        return None
    order = STRUCTS["ei_config_tflite_graph_t"]
    model = source.struct(graph, "the graph of a learn block", order).get("model")
    return model.name if isinstance(model, Reference) else None


def _outputs(source: Source, config: Mapping[str, Any]) -> tuple[int, ...] | None:
    """The tensors that are used, by index."""
    if "output_tensors_indices" in config:
        indices = source.array(config["output_tensors_indices"], "the output tensors")
        return wholes(indices, "an output tensor") or None
    return _legacy_outputs(config, "output")


def _legacy_outputs(fields: Mapping[str, Any], prefix: str) -> tuple[int, ...] | None:
    """Before 2025: the tensor with the data; of SSD networks scores, boxes, count and labels."""
    names = [f"{prefix}_{name}_tensor" for name in ("data", "score", "labels")]
    if names[0] not in fields:
        return None
    data = whole(fields, names[0])
    layer = word(fields.get("object_detection_last_layer"), LAST_LAYERS)
    if not is_set(fields, "object_detection") or layer not in ("", "SSD", "UNKNOWN"):
        return (data,)
    score, labels = (whole(fields, name, -1) for name in names[1:])
    left = [i for i in range(4) if i not in (score, data, labels)]
    return (score, data, left[0], labels) if len(left) == 1 else None


def _legacy(source: Source, facts: Facts, dsp: tuple[DspBlock, ...]) -> tuple[Learned, ...]:
    inputs = tuple(block.id for block in dsp)
    found = []
    if whole(facts, "inferencing_engine", Engine.TFLITE) != Engine.NONE:
        found.append(_legacy_network(facts, inputs))
    if whole(facts, "has_anomaly", 0) == AnomalyType.KMEANS:
        anomaly: KMeansBlock | None = legacy_kmeans(source, facts, _free(len(found), dsp), inputs)
        found += [Learned(anomaly)] if anomaly is not None else []
    return tuple(found)


def _legacy_network(facts: Facts, inputs: tuple[int, ...]) -> Learned:
    stated = facts.get("tflite_file") or facts.get("model_arr")
    file = stated or Reference("trained_tflite")
    compiled = facts.get("compiled") and not stated
    network = file.name if isinstance(file, Reference) and not compiled else None
    block = NetworkBlock(
        id=0,
        files=(_file_name(network),) if network else (),
        inputs=inputs,
        outputs=_legacy_outputs(facts, "tflite_output"),
    )
    return Learned(block, {}, network)
