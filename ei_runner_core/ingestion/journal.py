"""What has been uploaded: a file that survives the process, so that no sample is sent twice."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec import Struct

from ..errors import IngestionError

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Journal"]

_FORMAT = 1
_START = b'{"journal":'


class _Head(Struct, frozen=True):
    """The first line: to which place the samples of this journal go."""

    journal: int
    place: str


class _Line(Struct, frozen=True, omit_defaults=True):
    """A sample that was begun or, with ``done``, has arrived."""

    key: str
    done: bool = False


class Journal:
    """Remembers which samples were begun and which have arrived; one process at a time writes it.

    Each line is appended as a whole before anything else happens, so that after a kill at any
    moment a sample is either known to have arrived, known to have been in flight, or was never
    sent. It may be used from several threads. Only what earlier runs did is held in memory.

    Args:
        path: the file; it and its folder are made where they are missing.
        place: tells the place that the samples go to from others; no secrets.

    Raises:
        IngestionError: the file belongs to uploads to another place, is none of these, is in use
            by another process, or cannot be written.
    """

    def __init__(self, path: Path, place: str) -> None:
        import filelock

        self._path = path
        self._guard = threading.Lock()
        self._done: set[str] = set()
        self._in_doubt: set[str] = set()
        self._lock = filelock.FileLock(path.with_name(f"{path.name}.lock"), timeout=0)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except filelock.Timeout:
            raise IngestionError(
                f"another process is uploading with the journal {path}: wait for it, or name "
                "another journal"
            ) from None
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            self._file = self._opened(place)
        except BaseException:
            self._unlock()
            raise

    def is_done(self, key: str) -> bool:
        """Whether a sample has arrived in an earlier run."""
        return key in self._done

    def begin(self, key: str) -> bool:
        """Note that a sample is about to be sent.

        Returns:
            Whether it is in doubt: an earlier run began and never finished it.

        Raises:
            IngestionError: the file cannot be written.
        """
        with self._guard:
            if key in self._in_doubt:
                return True
            self._append(_Line(key))
            return False

    def finish(self, key: str) -> None:
        """Note that a sample has arrived.

        Raises:
            IngestionError: the file cannot be written.
        """
        with self._guard:
            self._append(_Line(key, done=True))

    def remove(self) -> None:
        """Delete the file: everything has arrived, and there is nothing to go on with."""
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file. Closing twice is legal."""
        with self._guard:
            self._file.close()
        self._unlock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _unlock(self) -> None:
        """Leave no lock behind; only the one who holds it may delete it."""
        if self._lock.is_locked:
            with suppress(OSError):  # the folder has become read-only: it may stay
                Path(self._lock.lock_file).unlink(missing_ok=True)
            self._lock.release()

    def _opened(self, place: str) -> FileIO:
        try:
            file = self._path.open("a+b", buffering=0)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            end = self._read(place)
            with suppress(NotImplementedError):
                os.chmod(self._path, 0o600)  # noqa: PTH101 - names of files may be private
            file.truncate(end)  # half a line of a process that was killed
            if not end:
                self._write(file, _Head(_FORMAT, place))
        except OSError as error:
            file.close()
            raise self._unwritable(error) from error
        except BaseException:
            file.close()
            raise
        return file

    def _read(self, place: str) -> int:
        """Read what is known; the length of the file up to the end of its last whole line."""
        with self._path.open("rb") as file:
            first = file.readline()
            if not first.endswith(b"\n"):
                if not _START.startswith(first[: len(_START)]):
                    raise self._foreign()
                return 0
            self._check_head(_decoded(first, _Head), place)
            end = len(first)
            for line in file:
                if line.endswith(b"\n"):
                    self._take(_decoded(line, _Line))
                    end += len(line)
        return end

    def _check_head(self, head: _Head | None, place: str) -> None:
        if head is None or head.journal != _FORMAT:
            raise self._foreign()
        if head.place != place:
            raise IngestionError(
                f"the journal {self._path} is of an upload to {head.place}, this one goes to "
                f"{place}: name another journal"
            )

    def _take(self, line: _Line | None) -> None:
        if line is None:  # a damaged one: its sample is sent again
            return
        if line.done:
            self._done.add(line.key)
            self._in_doubt.discard(line.key)
        elif line.key not in self._done:
            self._in_doubt.add(line.key)

    def _append(self, line: _Line) -> None:
        try:
            self._write(self._file, line)
        except (OSError, ValueError) as error:  # the disk is full, or the journal is closed
            raise self._unwritable(error) from error

    def _write(self, file: FileIO, line: Struct) -> None:
        """One call of the system, so that lines are whole or missing."""
        data = msgspec.json.encode(line) + b"\n"
        if file.write(data) != len(data):
            raise OSError("no room for a line")

    def _foreign(self) -> IngestionError:
        return IngestionError(
            f"{self._path} is no journal of an upload: name another file, nothing was changed"
        )

    def _unwritable(self, error: Exception) -> IngestionError:
        reason = getattr(error, "strerror", None) or error
        return IngestionError(
            f"cannot write the journal {self._path}: {reason}; without it an upload that is killed "
            "could not go on: make room, or name another place for it"
        )


_Record = TypeVar("_Record", bound=Struct)


def _decoded(line: bytes, kind: type[_Record]) -> _Record | None:
    try:
        return msgspec.json.decode(line, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
