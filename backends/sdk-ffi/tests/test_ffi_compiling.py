"""Compilers as processes, and what is shown while they run."""

import io
import logging
import os
import sys
import time
from pathlib import Path

import pytest

from ei_runner_core import BuildError, DeadlineError
from ei_runner_sdk_ffi.build.compiling import Compilers, job_count
from ei_runner_sdk_ffi.build.progress import LogProgress, TerminalProgress, usual_progress


def compilers(tmp_path: Path, seconds: float = 30.0, jobs: int = 2) -> Compilers:
    return Compilers(jobs, tmp_path, os.environ, time.monotonic() + seconds)


def test_commands_run_and_tell_how_they_ended(tmp_path):
    with compilers(tmp_path) as running:
        running.start("good", ["sh", "-c", "pwd; echo problem >&2"])
        running.start("bad", ["sh", "-c", "exit 3"])
        ended = {found.name: found for found in (running.wait(), running.wait())}
    assert (ended["good"].code, ended["bad"].code) == (0, 3)
    assert ended["good"].output == f"{tmp_path.resolve()}\nproblem\n"


def test_no_more_run_at_once_than_allowed(tmp_path):
    script = "mkdir one || exit 1; for _ in 1 2 3; do :; done; rmdir one"
    with compilers(tmp_path, jobs=1) as running:
        for number in range(5):
            running.start(number, ["sh", "-c", script])
        assert [running.wait().code for _ in range(5)] == [0] * 5


def test_output_in_another_encoding_is_no_problem(tmp_path):
    with compilers(tmp_path) as running:
        running.start("x", ["sh", "-c", r"printf '\377\376'"])
        assert running.wait().output == "\ufffd\ufffd"


def test_a_command_that_does_not_exist_is_one_clear_error(tmp_path):
    with compilers(tmp_path) as running:
        running.start("x", ["no-such-compiler"])
        with pytest.raises(BuildError, match="cannot start the compiler no-such-compiler"):
            running.wait()


def test_what_runs_beyond_the_deadline_is_killed(tmp_path):
    started = time.monotonic()
    with compilers(tmp_path, 0.2) as running:
        running.start("x", ["sleep", "600"])
        with pytest.raises(DeadlineError):
            running.wait()
    assert time.monotonic() - started < 10


def interrupt(tmp_path: Path) -> None:
    with compilers(tmp_path, jobs=1) as running:
        running.start("x", ["sleep", "600"])
        running.start("y", ["touch", "started"])
        raise KeyboardInterrupt


def test_what_waits_is_never_started_after_an_interrupt(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        interrupt(tmp_path)
    assert not (tmp_path / "started").exists()


def test_jobs_are_at_least_one_and_as_many_as_asked_for(monkeypatch):
    assert job_count(7) == 7
    assert job_count(None) >= 1
    monkeypatch.setattr("ei_runner_sdk_ffi.build.compiling._free_memory", lambda: 1 << 20)
    assert job_count(None) == 1


def test_the_log_tells_how_far_a_build_is(caplog):
    with caplog.at_level(logging.INFO), LogProgress() as progress:
        progress.step("a.cc", 1, 5)
    assert "a.cc (1 of 5)" in caplog.text


def test_a_terminal_shows_a_bar(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with usual_progress() as progress:
        progress.step("a[b].cc", 1, 5)
    assert isinstance(progress, TerminalProgress)
    assert "1/5" in terminal.getvalue()


def test_without_a_terminal_there_is_no_bar(monkeypatch):
    for stream in (io.StringIO(), None):
        monkeypatch.setattr(sys, "stderr", stream)
        assert isinstance(usual_progress(), LogProgress)
