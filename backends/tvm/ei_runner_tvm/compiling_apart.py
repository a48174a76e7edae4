"""Compiling in a process of its own: it has a deadline, and may crash.

Importing TVM takes a process longer than compiling a small network. So one that has compiled stays
for those that come soon after.
"""

from __future__ import annotations

import atexit
import os
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

import msgspec

from ei_runner_core import BuildError, DeadlineError, Network

from .compile_options import CompileOptions
from .compiler_messages import REQUEST, Answer, Request
from .compiler_process import CompilerProcess
from .compiling import CompiledNetwork
from .keeping import kept_in

__all__ = ["compile_apart"]

_IDLE_S = 10.0

_idle: list[tuple[CompilerProcess, threading.Timer]] = []
"""At most one, as a rule; it belongs to whoever takes it from here."""


def compile_apart(
    network: Network, options: CompileOptions, target: str, workspace: Path, timeout: float
) -> CompiledNetwork:
    """Compile a network as :func:`ei_runner_tvm.compiling.compile_network` does, elsewhere.

    Args:
        network: an ``.onnx`` or ``.tflite`` file.
        options: how.
        target: the platform that shall run it; empty for this machine.
        workspace: where a folder for object files may be for now. It is removed if this process is
            killed meanwhile.
        timeout: seconds.

    Raises:
        DeadlineError: it takes longer.
        BuildError: the compiler has crashed.
        BackendUnavailableError: no process can be started.
        InvalidInputError: there is no room for what it is told.
        EdgeImpulseError: as those of ``compile_network``.
    """
    workspace = workspace.absolute()  # the other process may be in another folder
    request = Request.of(network, options, target, workspace)
    with ExitStack() as undo:
        with kept_in(workspace, network.name):
            folder = Path(undo.enter_context(_folder_in(workspace)))
            (folder / REQUEST).write_bytes(msgspec.msgpack.encode(request))
        return _answer(folder, network.name, timeout).result()


def _folder_in(workspace: Path) -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(
        prefix="ei-runner-tvm-", dir=workspace, ignore_cleanup_errors=True
    )


def _answer(folder: Path, name: str, timeout: float) -> Answer:
    process = _take() or CompilerProcess()
    is_sound = False
    try:
        answer = process.ask(folder, name, timeout)
        # A compiler that did not end, or failed, may have left others behind.
        is_sound = not answer.is_of(DeadlineError, BuildError)
    finally:
        _give(process) if is_sound else process.end()
    return answer


def _take() -> CompilerProcess | None:
    try:
        process, timer = _idle.pop()
    except IndexError:
        return None
    timer.cancel()
    if not process.has_ended():
        return process
    process.end()
    return _take()


def _give(process: CompilerProcess) -> None:
    """Keep it for a while."""
    timer = threading.Timer(_IDLE_S, lambda: _end(entry))
    timer.daemon = True
    entry = (process, timer)
    _idle.append(entry)
    try:
        timer.start()
    except RuntimeError:  # no more threads, or this process ends
        _end(entry)


def _end(entry: tuple[CompilerProcess, threading.Timer]) -> None:
    try:
        _idle.remove(entry)
    except ValueError:  # it is at work
        return
    entry[0].end()


@atexit.register
def _end_all() -> None:
    while process := _take():
        process.end()


def _abandon_all() -> None:
    for process, _ in _idle:
        process.abandon()
    _idle.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_abandon_all)
