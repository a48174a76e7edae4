"""What a terminal shows of a download."""

from __future__ import annotations

import io
import logging

import pytest

from ei_runner_core.studio import Progress, showing
from ei_runner_core.studio.showing import ShownProgress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


STEPS = [
    Progress("build", "building zip"),
    Progress("log", "Scheduling\x1b[31m job\n"),
    Progress("download", "version 1", 0, 3000),
    Progress("download", "version 1", 1500, 3000),
    Progress("download", "version 1", 3000, 3000),
    Progress("unpack", "version 1"),
]


def show(lines: io.StringIO | None = None) -> None:
    with ShownProgress(lines) as shown:
        for step in STEPS:
            shown(step)


def test_a_terminal_shows_the_log_and_a_bar_that_takes_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(showing, "progress_stream", lambda: terminal)
    monkeypatch.setattr(showing, "_PATIENCE", -1.0)
    show()
    text = terminal.getvalue()
    assert text.startswith("building zip\n  Scheduling\\x1b[31m job\n")
    assert "downloading" in text
    assert "3.0" in text


def test_a_quick_download_shows_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(showing, "progress_stream", lambda: terminal)
    show()
    assert "downloading" not in terminal.getvalue()


def test_elsewhere_lines_go_to_a_stream_or_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(showing, "progress_stream", lambda: None)
    stream = io.StringIO()
    show(stream)
    assert stream.getvalue() == "building zip\n  Scheduling\\x1b[31m job\n"
    with caplog.at_level(logging.INFO):
        show()
    assert [r.message for r in caplog.records] == ["building zip", "Scheduling\\x1b[31m job"]
