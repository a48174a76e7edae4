"""A client of Edge Impulse's ingestion service."""

from __future__ import annotations

import hashlib
import os
import threading
from time import monotonic
from types import NoneType, TracebackType
from typing import TYPE_CHECKING

from msgspec.structs import replace

from .._http.client import LONGEST_REQUEST, HttpClient
from .._http.errors import OutcomeUnknown
from .._http.hosts import Hosts
from .._http.retries import Retries
from .._http.secrets import Secret, redact
from .._text import one_line
from ..contract import Receipt, Sample, Uploader
from ..credentials import find_credentials
from ..errors import IngestionError, InvalidInputError
from .encoding import UploadRequest, encode_upload
from .multipart import BodyStream, MultipartBody
from .verdicts import REFUSALS, Refused, Unreadable, read_receipt

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Client"]

_DOUBT = "it may or may not have arrived: look into the project before you upload it again"


class Client(Uploader):
    """Uploads samples into the project of an API key, from any number of threads.

    Args:
        api_key: the key. Without it: the file, else ``EI_API_KEY``, else that of
            ``ei-runner login``.
        api_key_file: a file that holds nothing but the key.
        hosts: where the service is; the environment says so where it is None.
        retries: how often and after which pauses a request is sent again.
        timeout: seconds that the service may be silent.
        concurrency: how many samples are under way at most.

    Raises:
        InvalidInputError: there is no key, or it is none.
    """

    def __init__(
        self,
        api_key: str | Secret | None = None,
        *,
        api_key_file: str | os.PathLike[str] | None = None,
        hosts: Hosts | None = None,
        retries: Retries = Retries(),  # noqa: B008 - frozen
        timeout: float = 60.0,
        concurrency: int = 20,
    ) -> None:
        if not isinstance(hosts, (Hosts, NoneType)):
            raise InvalidInputError(
                f"hosts is {hosts!r}, expected Hosts, such as of Hosts.find({{'EI_HOST': ...}})"
            )
        self._key = find_credentials(api_key, api_key_file).api_key
        url = (hosts or Hosts.find()).ingestion
        self._retries = retries
        self._closed = threading.Event()
        self._http = HttpClient(
            url,
            key=self._key,
            failure=IngestionError,
            retries=retries,
            read_timeout=timeout,
            connections=concurrency,
        )
        digest = hashlib.sha256(self._key.reveal().encode()).hexdigest()
        self.place = f"{url} (the project of the key with the fingerprint {digest[:12]})"

    def __repr__(self) -> str:
        return f"Client({self._http.base_url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. Closing twice is legal."""
        self._closed.set()
        self._http.close()

    def check(self, sample: Sample) -> None:
        """Look at a sample without sending it.

        Raises:
            InvalidInputError: it cannot be sent.
        """
        encode_upload(sample)

    def upload(
        self, sample: Sample, *, allow_duplicates: bool = False, deadline: float | None = None
    ) -> Receipt:
        """Upload one sample.

        Where nobody knows whether a request was taken, it is sent again: the service refuses a
        sample that it has, so that none is doubled, and what it then refuses has arrived.

        Args:
            sample: what to upload.
            allow_duplicates: also where the project has an equal sample. Then nothing is sent again
                that may have been taken.
            deadline: the time of ``time.monotonic`` at which to give up; None is half an hour from
                now.

        Returns:
            What became of it, also where the service refuses it.

        Raises:
            InvalidInputError: the sample cannot be sent.
            IngestionError: the service cannot be reached, refuses the key or fails. With
                ``allow_duplicates`` it says so where the sample may or may not have arrived.
            DeadlineError: it took too long.
        """
        request = encode_upload(sample, allow_duplicates=allow_duplicates)
        attempts = _Attempts(request.body)
        until = monotonic() + LONGEST_REQUEST if deadline is None else deadline
        attempt = 1
        while True:
            self._check_open(sample)
            answer = self._answer(sample, request, attempts, until, allow_duplicates)
            if isinstance(answer, Receipt):
                return self._receipt(answer, attempts)
            if allow_duplicates or attempt == self._retries.attempts:
                raise IngestionError(f"{self._name(sample)}: {answer}; {_DOUBT}")
            self._closed.wait(min(self._retries.pause(attempt), max(until - monotonic(), 0.0)))
            attempt += 1

    def _answer(
        self,
        sample: Sample,
        request: UploadRequest,
        attempts: _Attempts,
        deadline: float,
        allow_duplicates: bool,
    ) -> Receipt | str:
        """The verdict, or why the answer is none."""
        try:
            response = self._http.request(
                "POST",
                request.path,
                headers=request.headers,
                body=attempts.open,
                deadline=deadline,
                is_safe=lambda: not (allow_duplicates and attempts.was_sent),
                accept=REFUSALS,
                on_unknown=attempts.note_unknown,
            )
            return read_receipt(sample.filename, response)
        except OutcomeUnknown as error:
            line = f"{error}; {_DOUBT}"
        except Unreadable as error:
            attempts.note_unknown()
            return str(error)
        except Refused as error:
            line = f"{self._name(sample)}: {self._clean(str(error))}"
        raise IngestionError(line)

    def _receipt(self, receipt: Receipt, attempts: _Attempts) -> Receipt:
        """A sample that is there since an attempt whose answer got lost is no duplicate."""
        if receipt.is_duplicate and attempts.may_have_arrived:
            return replace(receipt, ok=True, message="", is_duplicate=False)
        return replace(receipt, message=self._clean(receipt.message))

    def _check_open(self, sample: Sample) -> None:
        if self._closed.is_set():
            raise IngestionError(f"{self._name(sample)}: the client was closed; open a new one")

    def _name(self, sample: Sample) -> str:
        return one_line(f"cannot upload {sample.filename!r} to {self._http.base_url}")

    def _clean(self, text: str) -> str:
        """Words of the service, which may repeat the key."""
        return one_line(redact(text, self._key))


class _Attempts:
    """The attempts of one upload: each reads the body anew.

    Attributes:
        may_have_arrived: whether an attempt failed after which nobody knows.
    """

    def __init__(self, body: MultipartBody) -> None:
        self.may_have_arrived = False
        self._body = body
        self._stream: BodyStream | None = None

    def open(self) -> BodyStream:
        self._stream = self._body.open()
        return self._stream

    @property
    def was_sent(self) -> bool:
        """Whether the last attempt sent all; what broke off before was surely not taken."""
        return self._stream is not None and self._stream.is_spent

    def note_unknown(self) -> None:
        """The last attempt failed, after which it may have been taken."""
        self.may_have_arrived |= self.was_sent
