"""The Unix socket on which a server waits for its clients."""

from __future__ import annotations

import os
import socket
import stat
from contextlib import suppress
from pathlib import Path

from ei_runner_core import InvalidInputError

__all__ = ["Listener"]

_LONGEST_PATH = 103  # what macOS has room for; Linux takes four bytes more
_BACKLOG = 10
_ONLY_THE_OWNER = 0o177


class Listener:
    """A socket at a path, for this user alone. A stale socket that lies there is replaced.

    Raises:
        InvalidInputError: the path is too long, something else than a socket is there, or no socket
            can be made there.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        _check_length(path)
        _remove_stale(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._identity: tuple[int, int] | None = None
        earlier = os.umask(_ONLY_THE_OWNER)
        try:
            self._socket.bind(path)
            self._identity = _identity(path)
            self._socket.listen(_BACKLOG)
        except OSError as error:
            self.remove()
            raise InvalidInputError(
                f"cannot listen on {path!r}: {error.strerror or error}; name a path in a folder "
                "that can be written"
            ) from error
        finally:
            os.umask(earlier)

    def accept(self) -> socket.socket:
        """Wait for the next client."""
        return self._socket.accept()[0]

    def remove(self) -> None:
        """Close the socket and remove its file, unless another one lies there by now."""
        self._socket.close()
        with suppress(OSError):
            if self._identity is not None and _identity(self.path) == self._identity:
                Path(self.path).unlink()


def _check_length(path: str) -> None:
    length = len(os.fsencode(path))
    if not 0 < length <= _LONGEST_PATH or "\0" in path:
        raise InvalidInputError(
            f"the socket path {path!r} has {length} bytes, the system takes 1 to {_LONGEST_PATH}; "
            "name a shorter one"
        )


def _remove_stale(path: str) -> None:
    try:
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise InvalidInputError(
                f"{path!r} is there already and is no socket; name another path for the socket"
            )
        Path(path).unlink()
    except FileNotFoundError:
        return
    except OSError as error:
        raise InvalidInputError(f"cannot listen on {path!r}: {error.strerror or error}") from error


def _identity(path: str) -> tuple[int, int]:
    about = os.lstat(path)
    return about.st_dev, about.st_ino
