"""Bringing a large file to the disk, also over a line that breaks."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from .._http.bodies import read_chunks
from .._http.errors import AnswerCut
from ..errors import DeadlineError, StudioError
from .api import Studio

if TYPE_CHECKING:
    import requests

__all__ = ["Download", "Source"]

_PIECE = 16 * 1024  # what is lost at most where the line breaks
_HOPELESS = 6  # attempts in a row that bring nothing new
_PART, _NO_SUCH_PART = 206, 416
_UNKNOWN_PATH = frozenset({400, 404, 405, 410, 501})  # of services that lack a newer call
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")
_PAGES = ("text/html", "application/xhtml", "application/json")
_LONGEST_PAGE = 64 * 1024


class Source(msgspec.Struct, frozen=True):
    """Where a file comes from.

    ``is_fixed`` tells whether the same bytes are sent for it forever, so that a part can be
    continued even where the service gives no means to compare. ``otherwise`` is asked where the
    service does not know the path.
    """

    path: str
    query: Mapping[str, Any] = msgspec.field(default_factory=dict)
    is_fixed: bool = False
    otherwise: Source | None = None


class _State(msgspec.Struct):
    """What is known about a part on the disk."""

    source: str
    validator: str = ""
    total: int | None = None


class Download:
    """The download of one file into a folder, where a part of it may lie already.

    Args:
        studio: whom to ask.
        source: for what.
        folder: where it goes.
        on_bytes: called with how many bytes are there and how many there will be, if known.
    """

    def __init__(
        self,
        studio: Studio,
        source: Source,
        folder: Path,
        on_bytes: Callable[[int, int | None], None],
    ) -> None:
        self.part = folder / "download.part"
        self.is_done = False
        self._note = folder / "download.json"
        self._studio = studio
        self._source = source
        self._on_bytes = on_bytes

    def run(self) -> Path:
        """Get all of it, in as many goes as that takes.

        Returns:
            The file, whole as far as the service tells its size.

        Raises:
            StudioError: the service refuses or fails, sends something else than a file, or the line
                breaks again and again.
            DeadlineError: the time is up; the next download continues where this one stopped.
            OSError: the file cannot be written.
        """
        failures, most = 0, self._size()
        while reason := self._attempt():
            failures = 1 if self._size() > most else failures + 1
            most = max(most, self._size())
            self._wait(failures, reason)
        self.is_done = True
        return self.part

    def _attempt(self) -> str:
        """Receive what is missing; why it broke, or an empty text."""
        try:
            self._receive()
        except AnswerCut as error:
            return str(error) or "the connection was cut"
        return ""

    def forget(self) -> None:
        """Remove what is there, so that the next download begins anew."""
        self.part.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def _size(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _wait(self, failures: int, reason: str) -> None:
        pause = self._studio.retries.pause(failures)
        left = self._studio.deadline - time.monotonic()
        if pause >= left:
            raise DeadlineError(
                f"the download was cut ({reason}) and the time is up; the next one continues at "
                f"{self._size()} bytes"
            )
        if failures >= _HOPELESS:
            raise StudioError(
                f"the download was cut {failures} times at {self._size()} bytes: {reason}; check "
                "the network, and try again: it continues there"
            )
        time.sleep(pause)

    def _receive(self) -> None:
        state = self._known_part()
        start = self._size() if state else 0
        with self._ask(state, start) as answer:
            if self._source.otherwise and _lacks_path(answer):
                self._source = self._source.otherwise
                return self._receive()
            if answer.status_code == _NO_SUCH_PART:
                return self._settle(answer, start)
            self._refuse_page(answer)
            if answer.status_code == _PART and not _continues(answer, state, start):
                self.forget()
                raise AnswerCut("another part was sent than was asked for")
            start = start if answer.status_code == _PART else 0
            total = self._begin(answer, start)
            self._write(answer, start, total)
        return None

    def _ask(self, state: _State | None, start: int) -> requests.Response:
        headers = {"Accept": "application/octet-stream, */*;q=0.5", "Accept-Encoding": "identity"}
        if state and start:
            headers["Range"] = f"bytes={start}-"
            if state.validator:
                headers["If-Range"] = state.validator
        accepted = {_NO_SUCH_PART} | (_UNKNOWN_PATH if self._source.otherwise else set())
        return self._studio.open_download(self._source.path, self._source.query, headers, accepted)

    def _settle(self, answer: requests.Response, start: int) -> None:
        """There is nothing behind what is there: it is all, or of another file."""
        if answer.headers.get("Content-Range") != f"bytes */{start}":
            self.forget()
            raise AnswerCut("the part on the disk is of another file")

    def _begin(self, answer: requests.Response, start: int) -> int | None:
        """Note what comes, for whoever has to continue."""
        if start:
            return _total_of_range(answer)
        length = answer.headers.get("Content-Length", "")
        is_plain = not answer.headers.get("Content-Encoding")
        total = int(length) if is_plain and length.isascii() and length.isdigit() else None
        self.part.write_bytes(b"")
        state = _State(self._name(), _validator(answer), total)
        self._note.write_bytes(msgspec.json.encode(state))
        return total

    def _write(self, answer: requests.Response, start: int, total: int | None) -> None:
        done = start
        with self.part.open("r+b") as file:
            file.seek(start)
            file.truncate()
            self._on_bytes(done, total)
            for piece in read_chunks(answer, _PIECE):
                file.write(piece)
                done += len(piece)
                self._on_bytes(done, total)
        if total is not None and done != total:
            if done > total:
                self.forget()
            raise AnswerCut(f"{done} bytes came of {total}")

    def _refuse_page(self, answer: requests.Response) -> None:
        """Raise for what is sent in place of a file: a reason as JSON, or a page."""
        if not _is_page(answer):
            return
        text = b""
        for piece in read_chunks(answer, _PIECE):
            text += piece
            if len(text) >= _LONGEST_PAGE:
                break
        kind = answer.headers.get("Content-Type", "").lower()
        raise StudioError(f"Studio sent no file but {_reason(self._studio.clean, text, kind)}")

    def _known_part(self) -> _State | None:
        """What is known about the part on the disk; ``None`` if it cannot be continued."""
        try:
            state = msgspec.json.decode(self._note.read_bytes(), type=_State)
        except (OSError, ValueError):
            return None
        can_compare = bool(state.validator) or (self._source.is_fixed and state.total is not None)
        return state if state.source == self._name() and can_compare and self._size() else None

    def _name(self) -> str:
        return f"{self._source.path} {json.dumps(dict(self._source.query), sort_keys=True)}"


def _validator(answer: requests.Response) -> str:
    """What tells this file from another one at the same place, if it does so for certain."""
    tag = str(answer.headers.get("ETag", ""))
    if tag.startswith('"'):
        return tag
    return str(answer.headers.get("Last-Modified", ""))


def _total_of_range(answer: requests.Response) -> int | None:
    match = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    return int(match[2]) if match else None


def _continues(answer: requests.Response, state: _State | None, start: int) -> bool:
    match = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if state is None or match is None or int(match[1]) != start:
        return False
    return state.total in (None, int(match[2]))


def _lacks_path(answer: requests.Response) -> bool:
    """Whether the service does not know a call, in whichever way it says so."""
    return answer.status_code in _UNKNOWN_PATH or _is_page(answer)


def _is_page(answer: requests.Response) -> bool:
    return answer.headers.get("Content-Type", "").lower().startswith(_PAGES)


def _reason(clean: Callable[[str], str], text: bytes, kind: str) -> str:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return f"a page ({kind}); is there a proxy or another service at that address?"
    error = document.get("error") if isinstance(document, dict) else None
    return f"an error: {clean(str(error))[:300]}" if error else f"a document ({kind})"
