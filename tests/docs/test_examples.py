"""The examples of README and the documentation do what the pages say.

The blocks of a page run one after the other in one folder, which is empty at first. The ``python``
blocks share a namespace. The ``$ `` lines of a ``console`` block run in a shell. What follows them,
or a ``text`` block right after a ``python`` block, is the expected output; ``...`` stands for
anything there. A comment right before a block changes that::

    <!-- exits with 2 -->        the last command of the block ends with this exit code
    <!-- file: a/b.json -->      the block is the content of that file
    <!-- not run: a reason -->   the block cannot run in a test

A page that says ``<!-- continues other.md -->`` begins where the page beside it ended. One that
says ``<!-- needs exports -->`` finds C++ exports in its folder: ``export``, whose network is a
``.tflite``, and ``detector``, which was made with the EON compiler. One that says
``<!-- needs studio -->`` has the variables of a local Studio in its environment, where a project
waits that can be built into ``export``, if there is one.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fake_distributions import make_installed
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("backends/*/README.md"), *ROOT.glob("docs/**/*.md")])
FENCE = re.compile(
    r"(?:^<!-- (?P<note>[^\n]+) -->\n)?"
    r"^```(?P<language>\w+)\n(?P<code>.*?)^```$"
    r"(?P<next>\n\n?```text)?",
    re.MULTILINE | re.DOTALL,
)
CONTINUES = re.compile(r"^<!-- continues (\S+) -->$", re.MULTILINE)
NEEDS_EXPORTS = re.compile(r"^<!-- needs exports -->$", re.MULTILINE)
NEEDS_STUDIO = re.compile(r"^<!-- needs studio -->$", re.MULTILINE)
PROJECT_ID = 12345
BUILD_VARIABLES = ("CLEAN_MODEL", "CC", "CXX", "CFLAGS", "CXXFLAGS", "USE_FULL_TFLITE")
STUDIO_VARIABLES = (
    "EI_API_KEY", "EI_PROJECT_ID", "EI_HMAC_KEY", "EI_HOST", "EDGE_IMPULSE_STUDIO_HOST",
    "EI_API_ENDPOINT", "EI_INGESTION_ENDPOINT", "EI_RUNNER_OFFLINE", "EI_ENGINE",
)  # fmt: skip
NEEDS_ENGINE = re.compile(r"EdgeImpulseModel\(|ei-runner (run|demo|info|doctor)\b|full-tflite")
NAMED_ENGINE = re.compile(r"\b(?:(?:backend|EI_BACKEND)[= ]\"?|ei-runner )([a-z][a-z-]*)")
OWN_ENGINES = {path.name for path in ROOT.glob("backends/*")}
RUNS = ("python", "console")
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

    @property
    def file(self) -> str | None:
        return self.note.removeprefix("file: ") if self.note.startswith("file: ") else None

    @property
    def is_run(self) -> bool:
        return not self.is_excused and (self.file is not None or self.language in RUNS)


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


def pages_with_examples() -> list[Any]:
    pages = [page for page in PAGES if any(block.is_run for block in blocks_of(page))]
    return [
        pytest.param(
            page,
            id=str(page.relative_to(ROOT)),
            marks=[pytest.mark.requires("compiler")] if needs_exports(page) else [],
        )
        for page in pages
    ]


def needs_exports(page: Path) -> bool:
    return NEEDS_EXPORTS.search(page.read_text(encoding="utf-8")) is not None


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all pages keep what they compile."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> Path:
    """An empty working directory, with ``ei-runner`` and ``python`` on the path."""
    programs = tmp_path / "programs"
    folder = tmp_path / "folder"
    folder.mkdir()
    call = "import sys; from ei_runner_core.cli import main; sys.exit(main())"
    add_program(programs / "python", f'"{sys.executable}"')
    add_program(programs / "ei-runner", f'"{sys.executable}" -c "{call}"')
    add_program(folder / ".venv" / "bin" / "ei-runner", f'"{sys.executable}" -c "{call}"')
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("EI_RUNNER_CACHE", str(cache))
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    ours = ("EI_MODEL", "EI_BACKEND", "EI_RUNNER_DISABLE", "EI_RUNNER_PLUGINS")
    for name in (*ours, *STUDIO_VARIABLES, *BUILD_VARIABLES):
        monkeypatch.delenv(name, raising=False)
    return folder


def add_program(path: Path, command: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def skip_without_engine(page: Path) -> None:
    from ei_runner_core.plugins import registry

    code = "".join(block.code for block in blocks_of(page) if block.is_run)
    version = ".".join(map(str, sys.version_info[:3]))
    installed = {
        name
        for name, spec in registry().backends.items()
        if SpecifierSet(spec.python_versions).contains(version)
    }
    if NEEDS_ENGINE.search(code) and not installed:
        pytest.skip("the page runs models, and no backend is installed")
    named = set(NAMED_ENGINE.findall(code)) & OWN_ENGINES
    if needs_exports(page):
        named |= {"sdk-ffi", "full-tflite"}
    if missing := named - installed:
        pytest.skip(f"the page runs models on {', '.join(sorted(missing))}, not installed here")


@pytest.mark.skipif(os.name == "nt", reason="the console examples are written for a POSIX shell")
@pytest.mark.parametrize("page", pages_with_examples())
def test_the_examples_of_a_page_run(
    page: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_without_engine(page)
    if needs_exports(page):
        write_exports(workspace)
    with local_studio(page, workspace, monkeypatch):
        run_page(page, monkeypatch)


@contextlib.contextmanager
def local_studio(page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Studio as long as the page runs, if it needs one."""
    if NEEDS_STUDIO.search(page.read_text(encoding="utf-8")) is None:
        yield
        return
    pytest.importorskip("werkzeug", reason="the local Studio needs werkzeug")
    from ei_runner_core.testing.studio import LocalStudio

    with LocalStudio() as studio:
        project = studio.add_project(id=PROJECT_ID)
        if (folder / "export").exists():
            project.builds["zip"] = zipped(folder / "export")
        named = {"EI_PROJECT_ID": str(PROJECT_ID), "EI_API_KEY": project.api_key}
        for name, value in {**studio.environment, **named, "NO_PROXY": "127.0.0.1"}.items():
            monkeypatch.setenv(name, value)
        yield


def zipped(folder: Path) -> bytes:
    from ffi_exports import zip_export

    return zip_export(folder, folder.with_suffix(".zip")).read_bytes()


def write_exports(folder: Path) -> None:
    from ffi_exports import Recipe, write_export

    write_export(folder / "export", Recipe("dense", network="incbin"))
    write_export(folder / "detector", Recipe("objects"))


def run_page(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run all blocks of a page, after those of the page that it continues."""
    if (continued := CONTINUES.search(page.read_text(encoding="utf-8"))) is not None:
        run_page(page.parent / continued[1], monkeypatch)
    namespace: dict[str, Any] = {"__name__": "example"}
    for block in blocks_of(page):
        where = f"{page.name}:{block.line}"
        if block.file is not None:
            write_file(Path(block.file), block.code, monkeypatch)
        elif block.is_run and block.language == "python":
            run_python(block, page, namespace, where)
        elif block.is_run:
            run_console(block, where)


def write_file(path: Path, content: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    if path.name == "pyproject.toml":
        make_installed(path.parent.absolute())
        monkeypatch.setenv("PYTHONPATH", str(path.parent.absolute()), prepend=os.pathsep)


def run_python(block: Block, page: Path, namespace: dict[str, Any], where: str) -> None:
    padding = "\n" * block.line  # so that a traceback names the line of the page
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(padding + block.code, str(page), "exec"), namespace)
    if block.expected is not None:
        assert_output(block.expected, output.getvalue(), where)


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
