"""The examples of README and the documentation do what the pages say.

A ``python`` block runs in the namespace of its page. The ``$ `` lines of a ``console`` block run in
a shell. What follows them, or a ``text`` block right after a ``python`` block, is the expected
output; ``...`` stands for anything there. Two comments right before a block change that::

    <!-- exits with 2 -->        the last command of the block ends with this exit code
    <!-- not run: a reason -->   the block cannot run in a test

The working directory holds what the pages assume: the demo's model as the bundle ``model``, its
samples in the folder ``digits``, one of them as ``seven.png``, and ``network.tflite``, a bare
network that takes four numbers.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("backends/*/README.md"), *ROOT.glob("docs/**/*.md")])
FENCE = re.compile(
    r"(?:^<!-- (?P<note>[^\n]+) -->\n)?"
    r"^```(?P<language>\w+)\n(?P<code>.*?)^```$"
    r"(?P<next>\n\n?```text)?",
    re.MULTILINE | re.DOTALL,
)
NEEDS_ENGINE = re.compile(r"EdgeImpulseModel\(|ei-runner (run|demo|info|doctor)\b|full-tflite")
LOOSE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Block:
    language: str
    code: str
    line: int
    note: str
    expected: str | None

    @property
    def is_excused(self) -> bool:
        return self.note.startswith("not run: ")


def blocks_of(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        line = text[: match.start("code")].count("\n")
        expected = None
        if match["next"]:
            following = FENCE.search(text, match.start("next"))
            assert following is not None, f"{page.name}: the text block after line {line} is open"
            expected = following["code"]
        yield Block(match["language"], match["code"], line, match["note"] or "", expected)


def assert_output(expected: str, got: str, where: str) -> None:
    if not doctest.OutputChecker().check_output(expected, got, LOOSE):
        pytest.fail(f"{where}: the page says\n{expected}\nbut this came out:\n{got}", pytrace=False)


def pages_with(language: str) -> list[Any]:
    pages = [
        page
        for page in PAGES
        if any(block.language == language and not block.is_excused for block in blocks_of(page))
    ]
    return [pytest.param(page, id=str(page.relative_to(ROOT))) for page in pages]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory as the pages assume it, and an ``ei-runner`` on the path."""
    from ei_runner_core.demos import demo

    digits = demo("digits")
    shutil.copytree(digits.model("float32"), tmp_path / "model")
    (tmp_path / "digits").mkdir()
    for sample in digits.samples():
        shutil.copy(sample.path, tmp_path / "digits")
    shutil.copy(
        next(sample.path for sample in digits.samples() if sample.label == "7"),
        tmp_path / "seven.png",
    )
    shutil.copy(ROOT / "backends/full-tflite/tests/models/add.tflite", tmp_path / "network.tflite")
    script = tmp_path / "bin" / "ei-runner"
    script.parent.mkdir()
    call = "import sys; from ei_runner_core.cli import main; sys.exit(main())"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{call}" "$@"\n', encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")
    for name in ("EI_MODEL", "EI_BACKEND", "EI_RUNNER_DISABLE", "EI_RUNNER_PLUGINS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def skip_without_engine(page: Path) -> None:
    from ei_runner_core.plugins import registry

    needs_engine = any(NEEDS_ENGINE.search(block.code) for block in blocks_of(page))
    if needs_engine and not registry().backends:
        pytest.skip("the page runs models, and no backend is installed")


@pytest.mark.parametrize("page", pages_with("python"))
def test_python_examples_run(page: Path, workspace: Path) -> None:
    skip_without_engine(page)
    namespace: dict[str, Any] = {"__name__": "example"}
    for block in blocks_of(page):
        if block.language != "python" or block.is_excused:
            continue
        padding = "\n" * block.line  # so that a traceback names the line of the page
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(compile(padding + block.code, str(page), "exec"), namespace)
        if block.expected is not None:
            assert_output(block.expected, output.getvalue(), f"{page.name}:{block.line}")


@pytest.mark.skipif(os.name == "nt", reason="the console examples are written for a POSIX shell")
@pytest.mark.parametrize("page", pages_with("console"))
def test_console_examples_run(page: Path, workspace: Path) -> None:
    skip_without_engine(page)
    for block in blocks_of(page):
        if block.language == "console" and not block.is_excused:
            run_console(block, f"{page.name}:{block.line}")


def run_console(block: Block, where: str) -> None:
    commands = re.split(r"^\$ ", block.code, flags=re.MULTILINE)
    assert not commands[0].strip(), f"{where}: a console block begins with a `$ ` line"
    promised = re.fullmatch(r"exits with (\d+)", block.note)
    for command in commands[1:]:
        line, _, expected = command.replace("\\\n", "").partition("\n")
        code = int(promised[1]) if promised and command is commands[-1] else 0
        run = subprocess.run(
            line, shell=True, text=True, capture_output=True, check=False, timeout=120
        )
        assert run.returncode == code, f"{where}: {line}\n{run.stdout}{run.stderr}"
        if expected.strip():
            assert_output(expected, run.stdout + own_messages(run.stderr), f"{where}: {line}")


def own_messages(stderr: str) -> str:
    """The lines that are ours: engines write there too, as they please."""
    return "".join(
        line for line in stderr.splitlines(keepends=True) if line.startswith("ei-runner:")
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_block_that_is_not_run_has_a_reason(page: Path) -> None:
    for block in blocks_of(page):
        if block.is_excused:
            assert len(block.note) > len("not run: because"), f"{page.name}:{block.line}"
