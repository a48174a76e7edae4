"""Runs one program, and sees to it that nothing of it outlives the host.

This file is a program of its own, with nothing but the standard library. Its arguments are the
descriptors of the control and status pipes, of the host's pidfd, of the program's input and output
(-1 for each that there is not), of where the host reads what the program says, the host's process
id, the seconds that the program has to end, a folder to remove, the program and its arguments. What
it has as its standard error becomes that of the program.

The host first tells it "start"; it makes the folder only now, when there is somebody to remove it.
It tells the host "started PID" or "failed ERRNO", and later "exited CODE" or "signal NUMBER"; then
it closes the status pipe. The host tells it "segment NAME" for a shared-memory segment of the
program, and "end".
"""

from __future__ import annotations

import errno
import os
import select
import sys
import time

try:  # what the module signal is built on: its enumerations take half the time of the start
    import _signal as signal  # type: ignore[import-not-found]
except ImportError:
    import signal

PARENT_POLL_MS = 250  # where there is no pidfd
BUSY_FILE_S = 2.0
LONGEST_GRACE_S = 0.5
LAST_WAIT_S = 2.0
STOP_S = 0.1
IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE)
RESET = (*IGNORED, signal.SIGCHLD, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGXFSZ)
START = b"start\n"
SEGMENTS = "/dev/shm/shm-"  # noqa: S108 - where the protocol's segments lie on Linux


class Suppressed:
    """As ``contextlib.suppress``, whose module takes long to import."""

    def __init__(self, *errors: type[BaseException]) -> None:
        self.errors = errors

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        """End; whether an error was one of those."""
        return kind is not None and issubclass(kind, self.errors)


class Program:
    """A running program that leads a process group, and how it is ended."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.segments: set[str] = set()

    def wait(self, seconds: float) -> bool:
        """Wait for its end; whether it has ended."""
        raise NotImplementedError

    def end(self, seconds: float) -> None:
        """End it with all that it has started, within these seconds and a little more."""
        if self.wait(0):
            return
        self.find_segments()
        if not self.ends_when_asked(seconds):
            self.ask(signal.SIGKILL)
            self.wait(LAST_WAIT_S)
        self.signal(signal.SIGKILL)  # who is left of its group

    def ends_when_asked(self, seconds: float) -> bool:
        """Ask it to end, ever more clearly. One whose host has hung up ends by itself."""
        if self.wait(min(0.1 * seconds, LONGEST_GRACE_S)):
            return True
        for number in (signal.SIGINT, signal.SIGTERM):
            self.ask(number)
            if self.wait(0.45 * seconds):
                return True
        return False

    def ask(self, number: int) -> None:
        """Send a signal that may end it before it removes a segment that it has just made.

        It is stopped meanwhile, so that it makes none between the look at it and the signal.
        """
        self.signal(signal.SIGSTOP)
        self.wait_for_stop()
        self.find_segments()
        self.signal(number)
        self.signal(signal.SIGCONT)

    def wait_for_stop(self) -> None:
        """Wait until it does nothing any more, where the system tells about that."""
        deadline = time.monotonic() + STOP_S
        with Suppressed(OSError):  # no such system, or it has ended meanwhile
            while time.monotonic() < deadline:
                with open(f"/proc/{self.pid}/stat", "rb") as about:  # noqa: PTH123 - see below
                    if about.read().rpartition(b")")[2].split()[0] in b"TtZX":
                        return
                select.select([], [], [], 0.001)

    def signal(self, number: int) -> None:
        """Send a signal to it and to what it has started."""
        # nobody is left, or (on macOS) only who has ended already
        with Suppressed(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)
        with Suppressed(ProcessLookupError, PermissionError):
            os.kill(self.pid, number)  # it may have left its group

    def find_segments(self) -> None:
        """Note the segments that it has by now; not all programs remove them."""
        about = f"/proc/{self.pid}"
        with Suppressed(OSError):  # no such system, or it has ended meanwhile
            for fd in os.listdir(f"{about}/fd"):  # noqa: PTH208 - pathlib takes long to import
                with Suppressed(OSError):
                    self.note_segment(os.readlink(f"{about}/fd/{fd}"))  # noqa: PTH115
            with open(f"{about}/maps", encoding="utf-8", errors="replace") as maps:  # noqa: PTH123
                for line in maps:
                    self.note_segment(line.rstrip("\n"))

    def note_segment(self, text: str) -> None:
        """Note the segment that stands at the end of a text, if one does."""
        _, found, name = text.partition(SEGMENTS)
        if found and len(name) == 12 and name.isalnum():
            self.segments.add(f"/shm-{name}")


class Child(Program):
    """The program as its parent sees it, which tells the host about its end."""

    def __init__(self, pid: int, status: int, waker: int) -> None:
        super().__init__(pid)
        self.status = status
        self.waker = waker
        self.has_ended = False

    def wait(self, seconds: float) -> bool:
        """Wait for its end; whether it has ended."""
        deadline = time.monotonic() + seconds
        self.notice_end()
        while not self.has_ended and (left := deadline - time.monotonic()) > 0:
            select.select([self.waker], [], [], left)
            self.notice_end()
        return self.has_ended

    def notice_end(self) -> None:
        """Tell the host how the program has ended, if it has, and end what it left behind."""
        with Suppressed(BlockingIOError):
            while os.read(self.waker, 512):
                pass
        if self.has_ended:
            return
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if not pid:
            return
        self.has_ended = True
        self.signal(signal.SIGKILL)
        code = os.waitstatus_to_exitcode(status)
        tell(self.status, f"exited {code}" if code >= 0 else f"signal {-code}")
        os.close(self.status)


def watch(child: Child, control: int, host_fd: int, host: int) -> None:
    """Wait until the program is to be ended: the host says so, or is gone."""
    poll = select.poll()
    for fd in (control, child.waker, host_fd):
        if fd >= 0:
            poll.register(fd, select.POLLIN)
    while True:
        ready = {fd for fd, _ in poll.poll(None if host_fd >= 0 else PARENT_POLL_MS)}
        if child.waker in ready:
            child.notice_end()
        if not listen(control, child.segments):
            return
        if host_fd in ready or os.getppid() != host:
            return


def listen(control: int, segments: set[str]) -> bool:
    """Hear what the host says; whether the program may go on."""
    try:
        told = os.read(control, 65536)
    except BlockingIOError:
        return True
    for line in told.decode("ascii").splitlines():
        word, _, name = line.partition(" ")
        if word == "end":
            return False
        segments.add(name)
    return bool(told)


def may_start(control: int, host_fd: int, host: int) -> bool:
    """Wait until the host is ready; false if it does not want to start any more, or is gone."""
    poll = select.poll()
    for fd in (control, host_fd):
        if fd >= 0:
            poll.register(fd, select.POLLIN)
    while True:
        ready = {fd for fd, _ in poll.poll(None if host_fd >= 0 else PARENT_POLL_MS)}
        if control in ready:
            return os.read(control, len(START)) == START
        if host_fd in ready or os.getppid() != host:
            return False


def start(command: list[str], stdin: int, stdout: int) -> int:
    """Start the program, and keep nothing of what it reads and writes.

    It has a process group of its own, and inherits neither descriptors nor signal handling.
    """
    actions = [(os.POSIX_SPAWN_DUP2, 2 if stdout < 0 else stdout, 1)]
    if stdin >= 0:
        actions.append((os.POSIX_SPAWN_DUP2, stdin, 0))
    deadline = time.monotonic() + BUSY_FILE_S
    try:
        while True:
            try:
                return os.posix_spawn(
                    command[0], command, os.environ, file_actions=actions, setpgroup=0,
                    setsigmask=(), setsigdef=RESET,
                )  # fmt: skip
            except OSError as error:  # noqa: PERF203 - each attempt may fail
                # a copy that was just written is busy as long as somebody else's fork lasts
                if error.errno != errno.ETXTBSY or time.monotonic() > deadline:
                    raise
                select.select([], [], [], 0.01)
    finally:
        os.dup2(0, 2)  # the output ends with the program
        for fd in {stdin, stdout} - {-1}:
            os.close(fd)


def remove_segments(names: set[str]) -> None:
    """Remove the names of the segments that are still there."""
    if not names:
        return
    import _posixshmem  # type: ignore[import-not-found]

    for name in names:
        with Suppressed(OSError):  # the program has done so
            _posixshmem.shm_unlink(name)


def remove_folder(folder: str) -> None:
    """Remove a folder with all that is in it."""
    for parent, folders, files in os.walk(folder, topdown=False):
        for name in files + folders:
            path = os.path.join(parent, name)  # noqa: PTH118 - pathlib takes long to import
            is_folder = os.path.isdir(path) and not os.path.islink(path)  # noqa: PTH112, PTH114
            with Suppressed(OSError):
                (os.rmdir if is_folder else os.unlink)(path)
    with Suppressed(OSError):  # the host was faster
        os.rmdir(folder)  # noqa: PTH106


def tell(status: int, text: str) -> None:
    """Tell the host, if it is still there."""
    with Suppressed(OSError):
        os.write(status, f"{text}\n".encode())


def wake_on_child() -> int:
    """A descriptor that can be read from when a child may have ended."""
    waker, writer = os.pipe()
    for fd in (waker, writer):
        os.set_blocking(fd, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return waker


def main(arguments: list[str]) -> None:
    """Guard one program from its start to its end."""
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    control, status, host_fd, stdin, stdout, said, host = map(int, arguments[:7])
    # whatever a program says when its host is gone, it must live to clean up: so "said" stays open
    for fd in {control, status, host_fd, stdin, stdout, said} - {-1}:
        os.set_inheritable(fd, False)  # noqa: FBT003 - it takes no keyword
    os.set_blocking(control, False)
    waker = wake_on_child()
    if may_start(control, host_fd, host):
        try:
            child = Child(start(arguments[9:], stdin, stdout), status, waker)
        except OSError as error:
            tell(status, f"failed {error.errno}")
        else:
            tell(status, f"started {child.pid}")
            watch(child, control, host_fd, host)
            child.end(float(arguments[7]))
            remove_segments(child.segments)
    remove_folder(arguments[8])


if __name__ == "__main__":
    main(sys.argv[1:])
    os._exit(0)
