"""How results look in a terminal; imported only where one is shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ._text import printable

if TYPE_CHECKING:
    from .results import InferenceResult, Timing

__all__ = ["plain_text", "result_table", "timing_text"]

MAX_ROWS = 20
MAX_NUMBERS = 6


def result_table(result: InferenceResult, tensor_names: Sequence[str] = ()) -> RenderableType:
    """All parts of a result, one below the other.

    Args:
        result: what to show.
        tensor_names: names for the tensors of ``result.freeform``; their index where it is short.
    """
    parts: list[RenderableType] = []
    if not result.ready:
        parts.append(Text("not enough data yet for an answer"))
    if result.classification is not None:
        parts.append(_classes(result.top(len(result.classification))))
    if result.bounding_boxes is not None:
        parts.append(_boxes(result.bounding_boxes))
    if result.object_tracking is not None:
        parts.append(_boxes(result.object_tracking, tracked=True))
    if result.visual_anomaly is not None:
        parts.extend(_visual_anomaly(result))
    if result.anomaly is not None:
        parts.append(Text(f"anomaly score {result.anomaly:.4g}"))
    if result.freeform is not None:
        parts.append(_tensors(result.freeform, tensor_names))
    if result.counts is not None:
        parts.append(Text(f"lines crossed: {', '.join(map(str, result.counts))}"))
    if result.detected_label is not None:
        parts.append(plain_text(f"detected: {result.detected_label}"))
    if result.info:
        parts.append(plain_text(result.info))
    parts.append(timing_text(result.timing))
    return Group(*parts)


def timing_text(timing: Timing) -> Text:
    """The time that the steps took, in milliseconds; steps that took none are left out."""
    steps = {
        "DSP": timing.dsp_us,
        "network": timing.classification_us,
        "anomaly": timing.anomaly_us,
        "post-processing": timing.postprocessing_us,
    }
    shown = ", ".join(f"{name} {us / 1000:.3f}" for name, us in steps.items() if us)
    total = f"{total_time_us(timing) / 1000:.3f} ms"
    if timing.round_trip_us:
        total += " from question to answer"
    return Text(f"{total} ({shown})" if shown else total, style="dim")


def total_time_us(timing: Timing) -> int:
    """How long an answer took: with the way to the process that gave it, if there is one."""
    return timing.round_trip_us or timing.total_us


def plain_text(value: object, style: str = "") -> Text:
    """Text from a model or a file, without anything that a terminal would obey."""
    return Text(printable(str(value)), style=style, overflow="fold")


def _classes(ranked: Sequence[tuple[str, float]]) -> Table:
    are_scores = all(0 <= value <= 1 for _, value in ranked)
    table = _table("label", "score")
    if are_scores:
        table.add_column()
    for i, (label, value) in enumerate(ranked[:MAX_ROWS]):
        style = "" if i else "bold"
        row: list[RenderableType] = [plain_text(label, style), Text(_number(value), style=style)]
        if are_scores:
            row.append(_bar(value))
        table.add_row(*row)
    return _with_rest(table, len(ranked))


def _bar(score: float) -> ProgressBar:
    return ProgressBar(
        total=1.0, completed=score, width=24, complete_style="green", finished_style="green"
    )


def _boxes(boxes: Sequence[Any], *, tracked: bool = False) -> RenderableType:
    if not boxes:
        return Text("no objects tracked" if tracked else "no objects found")
    table = _table(*(["track"] if tracked else []), "label", "score", "x", "y", "width", "height")
    for box in boxes[:MAX_ROWS]:
        where = (str(v) for v in (box.x, box.y, box.width, box.height))
        number = [str(box.object_id)] if tracked else []
        table.add_row(*number, plain_text(box.label), _number(box.value), *where)
    return _with_rest(table, len(boxes))


def _visual_anomaly(result: InferenceResult) -> Iterable[RenderableType]:
    visual = result.visual_anomaly
    if visual is not None:
        yield Text(
            f"visual anomaly: max {visual.max:.4g}, mean {visual.mean:.4g}, "
            f"{len(visual.grid)} cells above the threshold"
        )
        if visual.grid:
            yield _boxes(visual.grid)


def _tensors(tensors: Sequence[Any], names: Sequence[str]) -> Table:
    table = _table("tensor", "dtype", "shape", "values")
    for i, tensor in enumerate(tensors):
        name = names[i] if i < len(names) else str(i)
        first = ", ".join(map(_short, tensor.ravel()[:MAX_NUMBERS].tolist()))
        values = first + (", ..." if tensor.size > MAX_NUMBERS else "")
        shape = "x".join(map(str, tensor.shape)) or "scalar"
        table.add_row(plain_text(name), str(tensor.dtype), shape, values)
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in columns:
        is_text = name in ("label", "tensor", "dtype", "shape", "values")
        table.add_column(name, justify="left" if is_text else "right", overflow="fold")
    return table


def _with_rest(table: Table, count: int) -> Table:
    if count > MAX_ROWS:
        table.caption = f"and {count - MAX_ROWS} more"
        table.caption_justify = "left"
    return table


def _number(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 1000 else f"{value:.6g}"


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else plain_text(value).plain
