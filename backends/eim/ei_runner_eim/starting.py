"""From a path to an ``.eim`` that is ready to answer: its program is started, or attached to."""

from __future__ import annotations

import errno
import os
import socket
import time
from contextlib import ExitStack
from pathlib import Path

from ei_runner_core import (
    BackendUnavailableError,
    DeadlineError,
    InvalidInputError,
    ModelNotFoundError,
    ProcessDiedError,
)

from .attached import AttachedProgram
from .options import EimOptions
from .process import EimProcess, PrivateFolder, prepare
from .program import RunningEim
from .wires import PipeWire, SocketWire, Wire

__all__ = ["attach", "start"]

_FIRST_WAIT, _LONGEST_WAIT = 0.001, 0.02


def start(path: Path, options: EimOptions) -> RunningEim:
    """Start a program, and wait until it has told about its model.

    Raises:
        ModelFormatError: the file is no executable, or damaged.
        UnsupportedModelError: it is for another architecture or system.
        InvalidInputError: it may not be executed.
        ProcessDiedError: it ended before it was ready.
        DeadlineError: it was not ready in time.
        InferenceError: what it answered makes no sense, or it refused.
    """
    deadline = time.monotonic() + options.start_timeout
    with ExitStack() as on_failure:
        folder = PrivateFolder.choose()
        on_failure.callback(folder.remove)
        executable = prepare(path, folder, options.make_executable)
        if options.transport == "stdin":
            process, wire = _start_with_pipes(executable, folder, options, on_failure)
        else:
            process, wire = _start_with_socket(executable, folder, options, deadline, on_failure)
        left = max(deadline - time.monotonic(), 0)
        eim = RunningEim(path.name, process, wire, options, left)
        on_failure.pop_all()  # from here on everything belongs to what is returned
    return eim


def attach(path: Path, options: EimOptions) -> RunningEim:
    """Talk to a program that somebody else has started, at its socket.

    Raises:
        ModelNotFoundError: nobody listens there.
        DeadlineError: it does not answer; it may have another client.
        InferenceError: what it answered makes no sense, or it refused.
    """
    deadline = time.monotonic() + options.start_timeout
    if options.transport == "stdin":
        raise InvalidInputError(f"{path} is a socket: leave the option transport out")
    with ExitStack() as on_failure:
        connected = _connect(path, deadline)
        on_failure.callback(connected.close)
        wire = SocketWire(connected)
        left = max(deadline - time.monotonic(), 0)
        eim = RunningEim(path.name, AttachedProgram(), wire, options, left)
        on_failure.pop_all()
    return eim


def _start_with_socket(
    executable: Path,
    folder: PrivateFolder,
    options: EimOptions,
    deadline: float,
    on_failure: ExitStack,
) -> tuple[EimProcess, Wire]:
    arguments = [str(folder.socket)]
    process = EimProcess.start(
        executable, arguments, folder=folder, stop_timeout=options.stop_timeout
    )
    on_failure.callback(process.close)
    connected = _connect_when_it_listens(process, executable, folder.socket, options, deadline)
    on_failure.callback(connected.close)
    on_failure.callback(process.close)  # before: hung up on, it could die and leave its segments
    return process, SocketWire(connected)


def _start_with_pipes(
    executable: Path,
    folder: PrivateFolder,
    options: EimOptions,
    on_failure: ExitStack,
) -> tuple[EimProcess, Wire]:
    wire = PipeWire()
    on_failure.callback(wire.close)
    process = EimProcess.start(
        executable,
        ["stdin"],
        folder=folder,
        stdio=(wire.program_reads, wire.program_writes),
        stop_timeout=options.stop_timeout,
    )
    on_failure.callback(process.close)
    wire.started()
    wire.pass_on(process.heard)
    return process, wire


def _connect_when_it_listens(
    process: EimProcess, executable: Path, path: Path, options: EimOptions, deadline: float
) -> socket.socket:
    wait = _FIRST_WAIT
    while True:
        try:
            return _connect(path, deadline)
        except ModelNotFoundError:
            pass  # not yet
        left = deadline - time.monotonic()
        if process.wait(min(wait, max(left, 0))):
            raise ProcessDiedError(f"{executable.name} {process.how_it_ended()}")
        if left <= 0:
            raise DeadlineError(
                f"{executable.name} did not listen on its socket within {options.start_timeout:g} s"
                "; if it needs longer, raise the option 'start_timeout'" + process.what_it_said()
            )
        wait = min(2 * wait, _LONGEST_WAIT)


def _connect(path: Path, deadline: float) -> socket.socket:
    connecting = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connecting.settimeout(max(deadline - time.monotonic(), 0.001))
        _connect_when_there_is_room(connecting, path, deadline)
    except BaseException as error:
        connecting.close()
        if isinstance(error, TimeoutError):
            raise DeadlineError(
                f"the socket {path} takes no further client; an .eim serves one at a time"
            ) from None
        if isinstance(error, OSError):
            raise _no_connection(path, error) from error
        raise
    return connecting


def _connect_when_there_is_room(connecting: socket.socket, path: Path, deadline: float) -> None:
    while True:
        try:
            return connecting.connect(os.fspath(path))
        except BlockingIOError:  # noqa: PERF203 - the queue of clients is full, and may not stay so
            if time.monotonic() > deadline:
                raise TimeoutError from None
            time.sleep(_LONGEST_WAIT)


def _no_connection(path: Path, error: OSError) -> Exception:
    if error.errno in (errno.ECONNREFUSED, errno.ENOENT, errno.ECONNRESET):
        return ModelNotFoundError(
            f"nobody listens on the socket {path}; start the .eim with this path as its argument"
        )
    if error.errno is None:  # the path is too long for the system's structure
        return InvalidInputError(
            f"the path of the socket {path} has {len(os.fsencode(path))} bytes: {error}; make a "
            "shorter link to it"
        )
    return BackendUnavailableError(f"cannot connect to the socket {path}: {error}")
