"""Pictures in a terminal, with what a model says about each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.style import Style
from rich.text import Text

from .._tables import plain_text
from ._output import console
from ._output import show as print_all

if TYPE_CHECKING:
    import numpy.typing as npt
    from rich.console import Console

    from ._outcomes import Outcome, Report

__all__ = ["picture", "show"]

SHADES = " ░▒▓█"
ASCII = " .:-=+*#%@"
UPPER_HALF = "▀"


def show(report: Report) -> None:
    """Print all samples side by side, and the score in the last line."""
    terminal = console()
    title = f"{report.demo.title}, {report.variant} network on {report.backend}"
    heading = plain_text(title, style="bold"), plain_text(report.demo.description), ""
    cards = [_card(outcome, terminal) for outcome in report.outcomes]
    columns = Columns(cards, padding=(0, 2), equal=True)
    score = f"{report.right} of {len(report.outcomes)} right, median {report.median_us:.0f} us"
    print_all(*heading, columns, Text(score, "bold"))


def _card(outcome: Outcome, terminal: Console) -> RenderableType:
    lines: list[RenderableType] = [picture(outcome.pixels, terminal)]
    lines.append(plain_text(f"label {outcome.sample.label}"))
    if outcome.result is None:
        lines.append(plain_text("failed", style="bold red"))
    else:
        label, score = outcome.answer
        style = "green" if outcome.is_right else "bold red"
        verdict = "answer" if outcome.is_right else "wrong:"
        lines.append(plain_text(f"{verdict} {label} {score:.3f}", style=style))
        lines.append(Text(f"{outcome.microseconds} us", style="dim"))
    return Group(*lines, "")


def picture(pixels: npt.NDArray[np.uint8], terminal: Console) -> Text:
    """A small picture as text, as well as the terminal can do it.

    Args:
        pixels: uint8, RGB, shape (height, width, 3).
        terminal: where it will be printed.
    """
    is_utf = terminal.encoding.lower().startswith("utf")
    if is_utf and terminal.color_system and not terminal.no_color:
        return _in_colour(pixels)
    return _in_characters(pixels, SHADES if is_utf else ASCII)


def _in_colour(pixels: npt.NDArray[np.uint8]) -> Text:
    """Two pixels in each character: the upper is its colour, the lower its background."""
    if len(pixels) % 2:
        pixels = np.concatenate([pixels, np.zeros_like(pixels[:1])])
    text = Text()
    for upper, lower in zip(pixels[::2], pixels[1::2], strict=True):
        for above, below in zip(upper.tolist(), lower.tolist(), strict=True):
            text.append(UPPER_HALF, Style(color=_rgb(above), bgcolor=_rgb(below)))
        text.append("\n")
    text.right_crop()
    return text


def _rgb(pixel: list[int]) -> str:
    return f"rgb({pixel[0]},{pixel[1]},{pixel[2]})"


def _in_characters(pixels: npt.NDArray[np.uint8], ramp: str) -> Text:
    """Two characters for each pixel, so that it is about square; denser means brighter."""
    brightness = pixels.mean(axis=2)
    levels = np.rint(brightness / 255 * (len(ramp) - 1)).astype(int)
    lines = ("".join(2 * ramp[level] for level in row) for row in levels.tolist())
    return Text("\n".join(lines))
