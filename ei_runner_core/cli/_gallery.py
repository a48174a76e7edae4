"""Samples in a terminal, with what a model says about each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.text import Text

from .._tables import plain_text
from ..demos.objects import compare_objects
from ._maps import object_map
from ._output import console
from ._output import show as print_all
from ._pictures import has_colour, picture, shrunk
from ._traces import trace

if TYPE_CHECKING:
    from rich.console import Console

    from ..demos import DemoObject
    from ..demos.objects import Comparison
    from ..results import BoundingBox
    from ._outcomes import Outcome, Report

__all__ = ["picture", "show"]


def show(report: Report) -> None:
    """Print all samples side by side, and the score in the last line."""
    terminal = console()
    title = f"{report.demo.title}, {report.variant} network on {report.backend}"
    heading = plain_text(title, style="bold"), plain_text(report.demo.description), ""
    cards = [_card(outcome, terminal) for outcome in report.outcomes]
    columns = Columns(cards, padding=(0, 2), equal=True)
    score = f"{report.right} of {len(report.outcomes)} right, median {report.median_us:.0f} us"
    print_all(*heading, columns, *_stream(report), Text(score, "bold"))


def _stream(report: Report) -> list[RenderableType]:
    if report.heard is None:
        return []
    heard = (f"{one.label} at {one.seconds:.2f} s" for one in report.heard)
    return [plain_text(f"As one stream: {', '.join(heard) or 'nothing heard'}")]


def _card(outcome: Outcome, terminal: Console) -> RenderableType:
    lines: list[RenderableType] = [_preview(outcome, terminal)]
    lines.append(plain_text(f"label {outcome.sample.label}"))
    if outcome.result is None:
        lines.append(plain_text("failed", style="bold red"))
    else:
        lines += _objects(outcome) if outcome.sample.objects else _answer(outcome)
        lines.append(Text(f"{outcome.microseconds} us", style="dim"))
    return Group(*lines, "")


def _preview(outcome: Outcome, terminal: Console) -> Text:
    content = outcome.content
    if content.ndim != 3:
        return trace(content, terminal.encoding)
    if outcome.sample.objects and not has_colour(terminal):
        return object_map(_compared(outcome), *content.shape[:2])
    return picture(shrunk(content), terminal)


def _compared(outcome: Outcome) -> Comparison:
    boxes = outcome.result.bounding_boxes if outcome.result is not None else None
    return compare_objects(outcome.sample.objects, boxes or ())


def _answer(outcome: Outcome) -> list[RenderableType]:
    label, score = outcome.answer
    style = "green" if outcome.is_right else "bold red"
    verdict = "answer" if outcome.is_right else "wrong:"
    lines: list[RenderableType] = [plain_text(f"{verdict} {label} {score:.3f}", style=style)]
    if outcome.result is not None and outcome.result.anomaly is not None:
        lines.append(Text(f"anomaly score {outcome.result.anomaly:.3f}"))
    return lines


def _objects(outcome: Outcome) -> list[RenderableType]:
    """What was found where, and what was not."""
    found = _compared(outcome)
    lines = [
        f"found {box.label} {box.value:.3f} at {_at(box)} (true {_at(thing)})"
        for thing, box in found.hits
    ]
    wrong = [f"missed: {thing.label} at {_at(thing)}" for thing in found.missed]
    wrong += [f"wrong: {box.label} {box.value:.3f} at {_at(box)}" for box in found.extra]
    return [
        *(plain_text(line, style="green") for line in lines),
        *(plain_text(line, style="bold red") for line in wrong),
    ]


def _at(thing: DemoObject | BoundingBox) -> str:
    """The middle, in pixels."""
    x, y = thing.centroid
    return f"{x:.0f},{y:.0f}"
