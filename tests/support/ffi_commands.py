"""Typing commands of ``ei-runner`` in this process, as a program would see what they print."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

from ei_runner_core.cli import main


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What it printed as JSON, after it went well."""
        assert (self.code, self.err) == (0, ""), self
        return json.loads(self.out)

    @property
    def problem(self) -> str:
        """The one line that it complained with."""
        assert self.out == "", self
        (line,) = self.err.splitlines()
        return line.removeprefix("ei-runner: error: ")


def ei_runner(*arguments: object) -> Answer:
    """Type a command."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(list(map(str, arguments)))
    return Answer(code, out.getvalue(), err.getvalue())
