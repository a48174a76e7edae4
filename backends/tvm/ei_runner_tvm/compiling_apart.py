"""Compiling in a process of its own: it has a deadline, and may crash.

Importing TVM takes a process longer than compiling a small network. So one that has compiled stays
for those that come soon after.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from ei_runner_core import BuildError, DeadlineError, Network

from .compile_options import CompileOptions
from .compiler_messages import REQUEST, Answer, Request
from .compiler_process import CompilerProcess
from .compiling import CompiledNetwork
from .keeping import folder_problem, kept_in

__all__ = ["compile_apart"]

_IDLE_S = 10.0

_idle: list[tuple[CompilerProcess, threading.Timer]] = []
"""At most one, but for moments; it belongs to whoever takes it from here."""


def compile_apart(
    network: Network, options: CompileOptions, target: str, workspace: Path, timeout: float
) -> CompiledNetwork:
    """Compile a network as :func:`ei_runner_tvm.compiling.compile_network` does, elsewhere.

    Args:
        network: an ``.onnx`` or ``.tflite`` file.
        options: how.
        target: the platform that shall run it; empty for this machine.
        workspace: where a folder for object files may be for now. It is removed if this process is
            killed before it compiles another network.
        timeout: seconds.

    Raises:
        DeadlineError: it takes longer.
        BuildError: the compiler has crashed.
        BackendUnavailableError: no process can be started.
        InvalidInputError: there is no room in the workspace, or it has been removed.
        EdgeImpulseError: as those of ``compile_network``.
    """
    workspace = workspace.absolute()  # the other process may be in another folder
    request = Request.of(network, options, target, workspace)
    with ExitStack() as undo:
        with kept_in(workspace, network.name):
            folder = undo.enter_context(_folder_in(workspace))
            (folder / REQUEST).write_bytes(msgspec.msgpack.encode(request))
        try:
            return _answer(folder, network.name, timeout).result()
        except BuildError as error:
            if problem := folder_problem(workspace, network.name, str(error)):
                raise problem from error
            raise


@contextmanager
def _folder_in(workspace: Path) -> Iterator[Path]:
    # No TemporaryDirectory: in a forked child the end of its copy would remove the folder.
    folder = Path(tempfile.mkdtemp(prefix="ei-runner-tvm-", dir=workspace))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _answer(folder: Path, name: str, timeout: float) -> Answer:
    process = _take() or CompilerProcess(folder.parent)
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
    """Keep it for a while, in the place of those that were kept before."""
    timer = threading.Timer(_IDLE_S, lambda: _end(entry))
    timer.daemon = True
    entry = (process, timer)
    _idle.append(entry)
    try:
        timer.start()
    except RuntimeError:  # no more threads, or this process ends
        _end(entry)
    for earlier in _idle[:-1]:  # they take much memory
        _end(earlier)


def _end(entry: tuple[CompilerProcess, threading.Timer]) -> None:
    try:
        _idle.remove(entry)
    except ValueError:  # it is at work
        return
    process, timer = entry
    timer.cancel()
    process.end()


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
