"""Downloads from the local Studio, and looking at what they did."""

from __future__ import annotations

from pathlib import Path

from ei_runner_core.studio import DownloadedModel, download
from ei_runner_core.testing.studio import LocalStudio

__all__ = ["BUILD", "DOWNLOAD", "RUNNER", "count", "files_in", "program"]

BUILD = "/jobs/build-ondevice-model"
DOWNLOAD = "/download"
RUNNER = "runner-linux-x86_64"


def count(studio: LocalStudio, path: str) -> int:
    """How many requests came whose path ends so."""
    return sum(request.path.endswith(path) for request in studio.requests)


def files_in(folder: Path) -> list[str]:
    """The names of all files but locks, whatever is half-written among them."""
    names = (p for p in folder.rglob("*") if p.is_file() and p.suffix != ".lock")
    return sorted(p.name for p in names)


def program(**choices: object) -> DownloadedModel:
    """Download a program, which any machine can."""
    return download(form="eim", target=RUNNER, **choices)  # type: ignore[arg-type]
