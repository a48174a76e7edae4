"""How the card of a model looks in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from .._tables import plain_text
from ..authoring.output import fact_table
from ..impulse import KMeansBlock, NetworkBlock, TimeSeriesInput
from ._output import plain_table

if TYPE_CHECKING:
    from ..contract import TensorSpec
    from ..impulse import DspBlock, Impulse, LearnBlock, PostProcessingBlock
    from ..parameters import ModelParameters
    from ._card import Card

__all__ = ["model_facts", "render"]


def render(card: Card) -> RenderableType:
    """The card as tables, one below the other."""
    parts: list[RenderableType] = [fact_table(_facts(card))]
    if card.impulse is not None:
        parts += _blocks(card, card.impulse)
    return Group(*parts)


def _facts(card: Card) -> Iterator[tuple[str, str]]:
    if card.impulse is not None and card.impulse.name:
        yield "model", card.impulse.name
    yield "path", f"{card.source.path} ({card.source.kind})"
    if card.parameters is not None:
        yield from model_facts(card.parameters, card.impulse)
    yield from _backend(card)


def model_facts(
    parameters: ModelParameters, impulse: Impulse | None = None
) -> Iterator[tuple[str, str]]:
    """What a model says about itself, each fact with its name."""
    yield from _told(parameters)
    yield "input", _input(impulse, parameters)
    if parameters.engine_properties:
        yield "engine", ", ".join(parameters.engine_properties)
    labels = parameters.labels
    yield "labels", f"{len(labels)}: {', '.join(labels)}" if labels else "none"
    if impulse is None:
        yield from _told_by_program(parameters)


def _told_by_program(parameters: ModelParameters) -> Iterator[tuple[str, str]]:
    """What stands with the blocks, for a model that tells no blocks."""
    if parameters.has_anomaly:
        yield "anomaly", parameters.has_anomaly.name.lower()
    if parameters.has_object_tracking:
        yield "tracking", "yes"
    for block in parameters.thresholds:
        yield "thresholds", f"block {block.id} ({block.type}): {_settings(block.values)}"
    if parameters.features_shm is not None:
        yield "shared memory", f"{parameters.features_shm.elements} values"


def _told(parameters: ModelParameters) -> Iterator[tuple[str, str]]:
    project = parameters.project
    if project.name or project.id:
        number = f" (id {project.id}, version {project.deploy_version})" if project.id else ""
        owner = f"{project.owner} / " if project.owner else ""
        yield "project", f"{owner}{project.name}{number}"
    yield "type", parameters.model_type


def _backend(card: Card) -> Iterator[tuple[str, str]]:
    if card.selection is None:
        yield "backend", card.problem
        return
    yield "backend", f"{card.selection.spec.name}: {card.selection.reason}"
    for name, reason in card.selection.considered:
        yield "not taken", f"{name}: {reason}"


def _input(impulse: Impulse | None, parameters: ModelParameters) -> str:
    count = parameters.input_features_count
    if not count:
        return "the tensors of the network"
    if parameters.is_image:
        size = f"{parameters.image_input_width}x{parameters.image_input_height} pixels"
        colour = {1: "grayscale", 3: "RGB"}.get(parameters.image_channel_count, "")
        frames = parameters.image_input_frames
        many = f"{frames} frames of " if frames > 1 else ""
        facts = [f"image, {many}{size}", colour, f"resized by {parameters.image_resize_mode}"]
        return ", ".join(fact for fact in facts if fact)
    return _time_series(impulse, parameters)


def _time_series(impulse: Impulse | None, parameters: ModelParameters) -> str:
    samples = parameters.input_features_count // max(parameters.axis_count, 1)
    series = impulse.input if impulse is not None else None
    if isinstance(series, TimeSeriesInput):
        axes = f"axes {', '.join(series.axes)}"
    else:
        axes = f"{parameters.axis_count} axes"
    facts = [parameters.sensor.name.lower(), axes, f"{samples} samples"]
    if parameters.frequency:
        milliseconds = 1000 * samples / parameters.frequency
        facts.append(f"{parameters.frequency:g} Hz, window {milliseconds:g} ms")
    facts.append(f"slice {parameters.slice_size} samples")
    return ", ".join(facts)


def _blocks(card: Card, impulse: Impulse) -> Iterator[RenderableType]:
    if impulse.dsp:
        yield _section("signal processing", map(_dsp_row, impulse.dsp))
    yield _section("learning", map(_learn_row, impulse.learn))
    for block_id, tensors in card.tensors.items():
        yield _tensor_table(block_id, (("in", tensors.inputs), ("out", tensors.outputs)))
    if impulse.postprocessing:
        now = {row.id: row.values for row in card.parameters.thresholds} if card.parameters else {}
        rows = (_postprocessing_row(block, now) for block in impulse.postprocessing)
        yield _section("post-processing", rows)


def _section(title: str, rows: Iterable[tuple[object, ...]]) -> RenderableType:
    table = plain_table("id", "name", "type", "")
    for row in rows:
        table.add_row(*map(plain_text, row))
    return Group(Text(f"\n{title}", style="bold"), table)


def _dsp_row(block: DspBlock) -> tuple[object, ...]:
    axes = {} if block.axes is None else {"axes": list(block.axes)}
    scaled = {} if block.normalization is None else {"normalization": block.normalization.method}
    facts = {"version": block.version, "outputs": block.outputs} | axes | scaled | block.config
    return block.id, block.name, block.type, _settings(facts)


def _learn_row(block: LearnBlock) -> tuple[object, ...]:
    facts: dict[str, Any] = {"inputs": list(block.inputs)} if block.inputs else {}
    if isinstance(block, KMeansBlock):
        facts |= {"axes": list(block.axes), "clusters": len(block.clusters)}
        return block.id, block.name, "kmeans", _settings(facts)
    facts |= {"files": ", ".join(block.files) or "none (compiled)"}
    if isinstance(block, NetworkBlock):
        facts |= {"image_scaling": block.image_scaling} if block.image_scaling != "NONE" else {}
        return block.id, block.name, "network", _settings(facts)
    return block.id, block.name, "gmm", _settings(facts | {"axes": list(block.axes)})


def _postprocessing_row(
    block: PostProcessingBlock, thresholds: Mapping[int, Mapping[str, float]]
) -> tuple[object, ...]:
    reads = {} if block.input is None else {"input": block.input}
    facts = reads | block.config | dict(thresholds.get(block.id, {}))
    return block.id, block.name, block.type, _settings(facts)


def _settings(facts: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in facts.items())


def _tensor_table(
    block_id: int, sides: Iterable[tuple[str, tuple[TensorSpec, ...]]]
) -> RenderableType:
    table = Table(box=None, pad_edge=False, show_header=False)
    for side, specs in sides:
        for spec in specs:
            cells = (f"  {block_id} {side}", spec.name, spec.dtype, _shape(spec), _scale(spec))
            table.add_row(*map(plain_text, cells))
    return table


def _scale(spec: TensorSpec) -> str:
    return f"scale {spec.scale:g}, zero point {spec.zero_point}" if spec.is_quantized else ""


def _shape(spec: TensorSpec) -> str:
    return "x".join("?" if length < 0 else str(length) for length in spec.shape) or "scalar"
