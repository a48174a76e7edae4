"""Pictures in a terminal, as well as it can show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rich.style import Style
from rich.text import Text

if TYPE_CHECKING:
    import numpy.typing as npt
    from rich.console import Console

__all__ = ["has_colour", "picture", "shrunk"]

SHADES = " ░▒▓█"
ASCII = " .:-=+*#%@"
UPPER_HALF = "▀"
MAX_PIXELS = 24


def shrunk(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """A picture of at most so many pixels that it fits beside others: the means of squares."""
    side = -(-max(pixels.shape[:2]) // MAX_PIXELS)
    if side == 1:
        return pixels
    height, width = (length // side for length in pixels.shape[:2])
    squares = pixels[: height * side, : width * side].reshape(height, side, width, side, 3)
    return np.asarray(squares.mean(axis=(1, 3)), np.uint8)


def picture(pixels: npt.NDArray[np.uint8], terminal: Console) -> Text:
    """A small picture as text, as well as the terminal can do it.

    Args:
        pixels: uint8, RGB, shape (height, width, 3).
        terminal: where it will be printed.
    """
    if has_colour(terminal):
        return _in_colour(pixels)
    return _in_characters(pixels, SHADES if _is_utf(terminal) else ASCII)


def has_colour(terminal: Console) -> bool:
    """Whether it can show two pixels in one character."""
    return _is_utf(terminal) and bool(terminal.color_system) and not terminal.no_color


def _is_utf(terminal: Console) -> bool:
    return terminal.encoding.lower().startswith("utf")


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
