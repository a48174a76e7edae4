"""The processes that backends start: with which Python, and how they ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ei_runner_core.authoring.children import how_it_ended, own_interpreter, python_command

PATIENCE = 60.0
TELL = "import sys\ndef main(): print(sys.argv[1:], sys.path)\n"
posix = pytest.mark.skipif(os.name != "posix", reason="this system has other signals")


def end_of(command: list[str]) -> int:
    return subprocess.run(command, timeout=PATIENCE).returncode


def test_an_exit_code_is_told() -> None:
    code = end_of([sys.executable, "-c", "import os; os._exit(3)"])

    assert how_it_ended(code) == "has ended with the exit code 3"


@posix
def test_a_signal_is_told_by_name_with_what_it_means() -> None:
    code = end_of([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"])

    assert how_it_ended(code) == (
        "was ended by the signal SIGKILL (somebody killed it, perhaps the system because memory "
        "ran out)"
    )


@posix
@pytest.mark.parametrize(
    ("code", "told"),
    [
        (-signal.SIGILL, "signal SIGILL (this processor lacks an instruction"),
        (-signal.SIGSEGV, "was ended by the signal SIGSEGV"),
        (-99, "was ended by the signal 99"),
        (0, "has ended with the exit code 0"),
        (None, "has not ended"),
    ],
)
def test_each_end_has_its_clause(code: int | None, told: str) -> None:
    assert told in how_it_ended(code)


@posix
def test_a_backend_may_know_other_meanings() -> None:
    told = [how_it_ended(-number, {"SIGSEGV": "it crashed"}) for number in (signal.SIGSEGV, 9)]

    assert told == [
        "was ended by the signal SIGSEGV (it crashed)",
        "was ended by the signal SIGKILL",
    ]


def test_the_interpreter_is_the_own_one() -> None:
    assert own_interpreter() == sys.executable


@posix
@pytest.mark.parametrize("name", ["Python", "pypy3.11-c", "python3-intel64", "python3.14t"])
def test_an_interpreter_is_known_by_its_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", f"/opt/{name}")

    assert own_interpreter() == f"/opt/{name}"


@posix
def test_a_link_to_an_interpreter_may_have_any_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "python3").touch()
    (tmp_path / "snake").symlink_to("python3")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "snake"))

    assert own_interpreter() == str(tmp_path / "snake")


@pytest.mark.parametrize(
    ("name", "value"),
    [("executable", ""), ("executable", None), ("executable", "/opt/editor"), ("frozen", True)],
)
def test_a_program_that_embeds_python_has_no_interpreter(
    name: str, value: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even in a folder that is called like one."""
    (tmp_path / "python").mkdir()
    monkeypatch.chdir(tmp_path / "python")
    monkeypatch.setattr(sys, name, value, raising=False)

    with pytest.raises(FileNotFoundError, match="no Python interpreter of its own"):
        own_interpreter()


def test_a_child_imports_what_can_be_imported_here_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "told_module.py").write_text(TELL)
    (tmp_path / "told_module.py").write_text("raise AssertionError('a stranger')")
    monkeypatch.chdir(tmp_path)
    paths = [str(tmp_path / "here"), "/no such folder", *sys.path]
    monkeypatch.setattr(sys, "path", [5, None, *paths])  # Python looks at texts only

    command = python_command("told_module", "7", "")
    said = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)

    assert (said.stdout, said.stderr) == (f"{['7', '']} {paths}\n", "")


def test_a_child_ignores_what_its_parent_was_told_to_ignore() -> None:
    """As ``python -E`` ignores a PYTHONHOME that leads nowhere."""
    code = (
        f"import sys; sys.path[:] = {sys.path}\n"
        "from ei_runner_core.authoring.children import python_command\n"
        "print(*python_command('module')[1:5])"
    )
    home = {**os.environ, "PYTHONHOME": "/no such folder"}
    command = [sys.executable, "-E", "-s", "-B", "-c", code]
    said = subprocess.run(command, env=home, stdout=subprocess.PIPE, text=True, timeout=PATIENCE)

    assert said.stdout == "-E -s -B -c\n"
