"""Samples from streams of readings: lines come in, windows of them go out."""

from __future__ import annotations

from .lines import LINE_FORMATS, OnBadLine, Readings, read_lines
from .recording import Recording, recorded

__all__ = ["LINE_FORMATS", "OnBadLine", "Readings", "Recording", "read_lines", "recorded"]
