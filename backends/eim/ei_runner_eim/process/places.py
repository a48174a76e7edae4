"""A private folder for the socket of a program, and for a copy of it where one is needed."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path

from ei_runner_core import BackendUnavailableError

__all__ = ["LONGEST_SOCKET_PATH", "PrivateFolder"]

LONGEST_SOCKET_PATH = 103
"""Bytes; macOS has room for so many, Linux for four more."""

_NO_EXECUTION = getattr(os, "ST_NOEXEC", 0)


class PrivateFolder:
    """A folder that only this user can enter, with a path that is short enough for a socket.

    Its place is chosen first: who shall remove it knows it before it is there. It is removed with
    the last reference at the latest, but never by a forked child.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.socket = path / "eim"
        self._copied: Path | None = None
        self._finalizer = weakref.finalize(self, _remove, path, os.getpid())

    @classmethod
    def choose(cls) -> PrivateFolder:
        """Choose the first place that will do, and a name there that nobody can guess.

        Places that may hold programs come before those that may not.

        Raises:
            BackendUnavailableError: no place for temporary files will do.
        """
        reasons = []
        for place in sorted(dict.fromkeys(_places()), key=_forbids_execution):
            folder = cls(Path(place, f"eim-{secrets.token_hex(6)}"))
            size = len(os.fsencode(folder.socket))
            if size > LONGEST_SOCKET_PATH:
                reasons.append(f"{place}: a socket there has a path of {size} bytes")
            elif not os.access(place, os.W_OK | os.X_OK):
                reasons.append(f"{place}: this user cannot write there")
            else:
                return folder
        raise BackendUnavailableError(
            f"there is no place for the socket of a program ({'; '.join(reasons)}): its path may "
            f"have at most {LONGEST_SOCKET_PATH} bytes; set TMPDIR to a short, writable folder"
        )

    @property
    def allows_execution(self) -> bool:
        """Whether the file system may hold programs."""
        return not _forbids_execution(str(self.path.parent))

    def copy(self, path: Path) -> Path:
        """Let it have a copy of a program, which can be executed as soon as it is created."""
        self._copied = path
        return self.path / "run" / path.name

    def create(self) -> None:
        """Make it, with what it shall have.

        Raises:
            BackendUnavailableError: there is no room.
        """
        try:
            self.path.mkdir(0o700)
            if self._copied is not None:
                copy = self.copy(self._copied)
                copy.parent.mkdir()
                shutil.copyfile(self._copied, copy)
                copy.chmod(0o700)
        except OSError as error:
            what = f"a copy of {self._copied}, which is not executable, " if self._copied else ""
            raise BackendUnavailableError(
                f"the private folder {self.path} cannot be made: {what}{error.strerror}; "
                "set TMPDIR to a folder with room"
            ) from error

    def remove(self) -> None:
        """Remove it with all that is in it. Removing twice is legal."""
        self._finalizer()


def _places() -> Iterator[str]:
    with contextlib.suppress(FileNotFoundError):  # it knows of no place, but there may be some
        yield tempfile.gettempdir()
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        yield runtime
    yield from ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - a private folder is made there


def _forbids_execution(place: str) -> bool:
    try:
        return bool(os.statvfs(place).f_flag & _NO_EXECUTION)
    except OSError:
        return True  # making the folder will tell why


def _remove(path: Path, owner: int) -> None:
    if os.getpid() == owner:
        shutil.rmtree(path, ignore_errors=True)
