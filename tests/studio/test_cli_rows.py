"""Tables of names: ids are never broken, and a pipe gets one line a row."""

from __future__ import annotations

import io
import re

import pytest

from ei_runner_core.cli import _rows

ENGINES = "tflite, tflite-eon, tflite-eon-ram-optimized, tensorrt"
ROWS = [
    ("zip", "C++ library", ENGINES, "float32, int8", ""),
    ("runner-linux-aarch64-jetson-orin-6-0", "NVIDIA Jetson Orin (6.0)", ENGINES, "int8", ""),
    ("runner-linux-x86_64", "Linux (x86_64)", ENGINES, "float32, int8", "this machine"),
]
ANSI = re.compile(r"\x1b\[[0-9;]*m")
COLUMNS = ("target", "name", "engines", "variants", "")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, columns: int | None, term: str = "dumb"
) -> list[str]:
    monkeypatch.setattr("sys.stdout", stream)
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", term)
    _rows.show_rows(COLUMNS, ROWS, "nothing")
    return stream.getvalue().splitlines()


@pytest.mark.parametrize("term", ["dumb", "xterm"])
@pytest.mark.parametrize("columns", [20, 70, 80, 100, 300])
def test_no_word_is_broken_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, columns: int, term: str
) -> None:
    lines = [ANSI.sub("", line) for line in shown(monkeypatch, Terminal(), columns, term)]
    words = {word for row in (COLUMNS, *ROWS) for cell in row for word in cell.split()}
    assert {word for line in lines for word in line.split()} == words
    assert columns < 100 or max(len(line.rstrip()) for line in lines) <= columns


def test_a_pipe_gets_one_line_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown(monkeypatch, io.StringIO(), None)
    assert len(lines) == 1 + len(ROWS)
    for line, row in zip(lines[1:], ROWS, strict=True):
        assert all(cell in line for cell in row)


def test_nothing_is_said_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    _rows.show_rows(COLUMNS, [], "there is nothing")
    assert capsys.readouterr() == ("", "there is nothing\n")
