"""The program as a whole: its help, its plugins' commands, and how it ends."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import Result
from fake_distributions import add_distribution

from ei_runner_core import __version__
from ei_runner_core.cli import _output
from ei_runner_core.cli._app import ei_runner
from ei_runner_core.cli._lazy import LazyGroup

Invoke = Callable[..., Result]
SECTIONS = {
    "Run": ["demo", "run", "info"],
    "Models": [
        "download",
        "models",
        "projects",
        "impulses",
        "targets",
        "convert",
        "compile",
        "package",
    ],
    "Data": ["upload", "collect"],
    "Setup": ["login", "logout", "backends", "doctor"],
}
COMMANDS = [name for names in SECTIONS.values() for name in names]
GROUP = "ei_runner_commands"
HELLO = "import click\n@click.command()\ndef hello(): click.echo('hello from a plugin')"


@pytest.fixture
def commands(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, invoke: Invoke
) -> Callable[..., None]:
    """Install a command of a plugin: name, code, and where the entry point leads."""
    folder = tmp_path / "commands"
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delenv("EI_RUNNER_PLUGINS")

    def install(distribution: str, code: str, name: str, target: str = ":hello") -> None:
        add_distribution(folder, distribution, code, group=GROUP, entry=name)
        module = distribution.replace("-", "_")
        entries = next(folder.glob(f"{module}-*.dist-info")) / "entry_points.txt"
        entries.write_text(f"[{GROUP}]\n{name} = {module}{target}\n")

    return install


def test_the_version_is_that_of_the_package(invoke: Invoke) -> None:
    result = invoke("--version")
    assert (result.exit_code, result.output) == (0, f"ei-runner {__version__}\n")


def test_the_help_lists_all_commands_in_the_order_of_a_newcomer(
    invoke: Invoke, commands: Callable[..., None]
) -> None:
    commands("ei-hello", HELLO, "hello")
    listed = invoke("--help").stdout.partition("\nRun:\n")[2].splitlines()
    words = [line.split()[0] for line in ["Run:", *listed] if line]
    assert words[: words.index("Plugins:")] == [
        word for heading, names in SECTIONS.items() for word in (f"{heading}:", *names)
    ]
    assert "hello" in words[words.index("Plugins:") :]
    texts = [line for line in listed if line.split()[:1] and line.split()[0] in COMMANDS]
    assert len({re.match(r" *\S+ +", line).end() for line in texts}) == 1  # type: ignore[union-attr]


def test_without_plugins_there_is_no_heading_for_them() -> None:
    group = LazyGroup(builtins={"Run": {"run": ("run:run", "Runs.")}}, package="x", name="x")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ei_runner_core.cli._lazy.plugin_commands", dict)
        assert "Plugins" not in group.get_help(click.Context(group))


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_that_agrees_with_the_list(invoke: Invoke, name: str) -> None:
    command = ei_runner.get_command(click.Context(ei_runner), name)
    assert command is not None
    assert f" {command.get_short_help_str(100)}" in invoke("--help").stdout
    assert invoke(name, "--help").exit_code == 0
    assert all(getattr(p, "help", "") for p in command.params if isinstance(p, click.Option))


@pytest.mark.parametrize(
    "arguments",
    [["--version"], ["--help"], *([name, "--help"] for name in ("run", "upload", "collect"))],
)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys; from ei_runner_core.cli import main; main(sys.argv[1:]); "
        "print(sorted({'numpy', 'rich', 'msgspec', 'requests', 'PIL'} & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True, text=True, check=True, timeout=60,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip
    assert answer.stdout.splitlines()[-1] == "[]"


def test_nothing_typed_shows_the_help(invoke: Invoke) -> None:
    result = invoke()
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Usage: ei-runner")


@pytest.mark.parametrize("arguments", [["rnu"], ["--nope"], ["doctor", "too", "much"]])
def test_wrong_usage_is_one_line(invoke: Invoke, arguments: list[str]) -> None:
    result = invoke(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("ei-runner: error: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("typed", "near"),
    [("downlaod", "download"), ("rnu", "run"), ("hallo", "hello"), ("project", "projects")],
)
def test_a_mistyped_command_is_told_with_those_that_are_near(
    invoke: Invoke, commands: Callable[..., None], typed: str, near: str
) -> None:
    commands("ei-hello", HELLO, "hello")
    message = invoke(typed).stderr
    assert message.startswith(f"ei-runner: error: No such command {typed!r} (did you mean {near}")
    assert message.endswith("?); see: ei-runner --help\n")
    assert invoke("quux").stderr.startswith("ei-runner: error: No such command 'quux'; see")


def test_the_help_names_the_distribution_of_a_command_without_importing_it(
    invoke: Invoke, commands: Callable[..., None]
) -> None:
    commands("ei-broken", "raise RuntimeError('imported')", "broken")
    result = invoke("--help")
    assert result.exit_code == 0
    assert any(
        line.split() == ["broken", "from", "ei-broken"] for line in result.stdout.splitlines()
    )


def test_a_command_of_a_plugin_runs(invoke: Invoke, commands: Callable[..., None]) -> None:
    commands("ei-hello", HELLO, "hello")
    result = invoke("hello")
    assert (result.exit_code, result.output) == (0, "hello from a plugin\n")


@pytest.mark.parametrize(
    ("code", "target", "message"),
    [
        ("import nothing_of_that_name", ":hello", "ModuleNotFoundError: No module named 'nothing_"),
        ("raise SystemExit(3)", ":hello", "cannot be loaded: SystemExit: 3"),
        ("", ":hello", "AttributeError"),
        ("hello = 3", ":hello", "is a int, expected a click command"),
        ("def hello(): pass", ":hello", "is a function, expected a click command"),
    ],
)
def test_a_broken_command_is_one_line_when_it_is_typed(
    invoke: Invoke, commands: Callable[..., None], code: str, target: str, message: str
) -> None:
    commands("ei-broken", code, "broken", target)
    result = invoke("broken")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("ei-runner: error: the command 'broken' of ei-broken ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert invoke("--version").exit_code == 0
    sys.modules.pop("ei_broken", None)


def test_a_built_in_command_keeps_its_name(invoke: Invoke, commands: Callable[..., None]) -> None:
    commands("ei-thief", "raise RuntimeError", "doctor")
    assert "ei-thief" not in invoke("--help").stdout
    assert "Check Python" in invoke("doctor", "--help").stdout


def test_two_plugins_with_one_command_are_a_conflict(
    invoke: Invoke, commands: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    commands("ei-one", HELLO, "hello")
    commands("ei-two", HELLO, "hello")
    result = invoke("hello")
    assert result.exit_code == 2
    assert "'hello' is offered by ei-one and ei-two; block one" in result.stderr
    monkeypatch.setenv("EI_RUNNER_DISABLE", "ei-two")
    assert invoke("hello").exit_code == 0


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("EI_RUNNER_DISABLE", "ei-hello"),
        ("EI_RUNNER_DISABLE", "hello"),
        ("EI_RUNNER_DISABLE", "*"),
        ("EI_RUNNER_PLUGINS", ""),
    ],
)
def test_a_blocked_command_is_not_there(
    invoke: Invoke,
    commands: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
) -> None:
    commands("ei-hello", HELLO, "hello")
    monkeypatch.setenv(variable, value)
    assert "ei-hello" not in invoke("--help").stdout
    assert "No such command 'hello'" in invoke("hello").stderr


@pytest.mark.parametrize(
    ("raised", "code", "message"),
    [
        ("KeyError('x')", 2, "KeyError: 'x'; this is a bug in ei-runner or a plugin"),
        (
            "OSError(28, 'No space left on device')",
            2,
            "OSError: [Errno 28] No space left on device; this is",
        ),
        ("FileNotFoundError(2, 'No such file', 'abc')", 2, "No such file: abc"),
        ("KeyboardInterrupt()", 130, ""),
        ("EOFError()", 130, ""),
        ("click.Abort()", 130, ""),
        ("click.ClickException('too\\n bad.')", 2, "too bad"),
        ("core.InferenceError('it broke')", 1, "it broke"),
        ("core.DeadlineError('too late')", 1, "too late"),
        ("core.BuildError('no compiler')", 1, "no compiler"),
        ("core.StudioError('refused')", 1, "refused"),
        ("core.IngestionError('full')", 1, "full"),
        ("click.exceptions.Exit(7)", 7, ""),
    ],
)
def test_whatever_happens_is_a_line_and_an_exit_code(
    invoke: Invoke, commands: Callable[..., None], raised: str, code: int, message: str
) -> None:
    imports = "import click\nimport ei_runner_core as core\n"
    commands("ei-raiser", f"{imports}@click.command()\ndef hello(): raise {raised}", "hello")
    result = invoke("hello")
    assert (result.exit_code, result.stdout) == (code, "")
    wanted = f"ei-runner: error: {message}" if message else ""
    assert result.stderr.strip().startswith(wanted)
    assert len(result.stderr.strip().splitlines()) == bool(message)
    sys.modules.pop("ei_raiser", None)


def test_the_traceback_of_a_bug_is_shown_on_demand(
    invoke: Invoke, commands: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    commands("ei-bug", "import click\n@click.command()\ndef hello(): 1 / 0", "hello")
    monkeypatch.setenv("EI_RUNNER_TRACEBACK", "1")
    assert "def hello(): 1 / 0" in invoke("hello").stderr


def test_names_are_completed_without_importing_the_commands(
    invoke: Invoke, commands: Callable[..., None]
) -> None:
    commands("ei-broken", "raise RuntimeError", "broken")
    complete = ShellComplete(ei_runner, {}, "ei-runner", "_EI_RUNNER_COMPLETE")
    assert [item.value for item in complete.get_completions([], "br")] == ["broken"]
    assert "--json" in [item.value for item in complete.get_completions(["run"], "--")]


def test_the_module_is_the_same_program(execute: Any) -> None:
    answer = execute("--version")
    assert (answer.returncode, answer.stdout.strip()) == (0, f"ei-runner {__version__}".encode())


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGPIPE")
def test_a_reader_that_goes_away_is_no_error(motion: Path, execute: Any) -> None:
    (motion.parent / "a.txt").write_text("1,2,3,4,5,6")
    arguments = ["run", "-m", str(motion), "--json", *["a.txt"] * 2000]
    program = subprocess.Popen(
        [sys.executable, "-m", "ei_runner_core", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=motion.parent,
        env=execute.environment,
    )  # fmt: skip
    assert program.stdout is not None
    assert program.stderr is not None
    assert json.loads(program.stdout.readline())["input"] == "a.txt"
    program.stdout.close()
    complaints = program.stderr.read()
    program.stderr.close()
    assert program.wait(60) == 141
    assert complaints == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk")
@pytest.mark.parametrize("arguments", [["--version"], ["backends"], ["backends", "--json"]])
def test_a_full_disk_is_one_line(execute: Any, arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        answer = subprocess.run(
            [sys.executable, "-m", "ei_runner_core", *arguments],
            stdout=full, stderr=subprocess.PIPE, env=execute.environment, check=False, timeout=60,
        )  # fmt: skip
    assert answer.returncode == 2
    assert answer.stderr == b"ei-runner: error: No space left on device: while writing the output\n"


@pytest.mark.skipif(os.name == "nt", reason="the paths of Windows are text")
def test_a_name_that_is_no_text_is_one_line(execute: Any, motion: Path) -> None:
    answer = execute("run", "-m", motion, os.fsdecode(b"\xff.csv"), "--json")
    assert answer.returncode == 2
    assert answer.stderr.startswith(b"ei-runner: error: ")
    assert json.loads(answer.stdout)["error"]["type"] == "InvalidInputError"


def test_a_terminal_without_unicode_gets_what_it_can_show(execute: Any, motion: Path) -> None:
    path = motion / "impulse.json"
    path.write_text(path.read_text().replace('"idle"', r'"n\u00e4chst"'))
    answer = execute("run", "-m", motion, "--features", "1,2,3,4,5,6", PYTHONIOENCODING="ascii")
    assert answer.returncode == 0
    assert rb"n\xe4chst" in answer.stdout


class Terminal:
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def __init__(self, *, is_terminal: bool) -> None:
        self.is_terminal = is_terminal
        self.text = ""

    def isatty(self) -> bool:
        return self.is_terminal

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        pass


@pytest.mark.parametrize(
    ("to_terminal", "stdout_is_terminal", "shown"),
    [(True, False, True), (True, True, False), (False, False, False)],
)
def test_long_runs_show_their_progress_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, to_terminal: bool, stdout_is_terminal: bool, shown: bool
) -> None:
    monkeypatch.setattr(_output, "PROGRESS_AFTER_SECONDS", -1.0)
    monkeypatch.setattr(sys, "stdout", Terminal(is_terminal=stdout_is_terminal))
    stderr = Terminal(is_terminal=to_terminal)
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setenv("TERM", "xterm")
    assert list(_output.with_progress(range(5))) == [0, 1, 2, 3, 4]
    assert ("inputs" in stderr.text) is shown


def test_short_runs_show_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = Terminal(is_terminal=True)
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setattr(sys, "stdout", Terminal(is_terminal=False))
    assert list(_output.with_progress(range(5))) == [0, 1, 2, 3, 4]
    assert stderr.text == ""


def test_a_command_of_a_backend_that_is_not_installed_says_how_to_get_it(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ei_runner_core.cli._lazy.plugin_commands", dict)
    for name, extra in {"build": "sdk-ffi", "eim": "eim", "quantize": "qnn"}.items():
        result = invoke(name)
        assert result.exit_code == 2
        assert f"pip install 'ei-runner[{extra}]'" in result.stderr


def test_the_commands_of_our_backends_are_listed_as_they_call_themselves() -> None:
    from ei_runner_core.cli._app import _COMMANDS_OF_EXTRAS
    from ei_runner_core.cli._plugin_commands import load_command, plugin_commands

    for name, offers in plugin_commands().items():
        if offers[0].distribution.startswith("ei-runner-"):
            extra, summary = _COMMANDS_OF_EXTRAS[name]
            assert offers[0].distribution == f"ei-runner-{extra}"
            assert load_command(name, offers).get_short_help_str(100) == summary
