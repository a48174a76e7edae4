"""What is said between this process and the one that TVM's compiler works in.

A request and its answer are files in a folder of their own. Through the socket between the two goes
only where a request is, and that its answer is there: so little is never torn.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

import msgspec
from msgspec import Struct

from ei_runner_core import EdgeImpulseError, Network, errors

from .compile_options import CompileOptions
from .compiling import CompiledNetwork

__all__ = ["ANSWER", "LOG", "REQUEST", "Answer", "Request"]

REQUEST, ANSWER = "request", "answer"
"""The names of the files."""

LOG = logging.getLogger("ei_runner_tvm")
"""What is logged at it there is logged at it here, too."""


class Request(Struct, frozen=True):
    """What to compile.

    ``workspace`` is a folder that nobody needs when nobody waits for the answer any more.
    ``environment`` and ``directory`` are the variables and the working directory of who asks.
    """

    name: str
    format: str
    content: bytes
    options: CompileOptions
    target: str
    workspace: bytes
    environment: dict[bytes, bytes]
    directory: bytes

    @classmethod
    def of(cls, network: Network, options: CompileOptions, target: str, workspace: Path) -> Request:
        """The request of this process, as it is now."""
        try:
            directory = os.fsencode(Path.cwd())
        except FileNotFoundError:  # somebody has removed it
            directory = b""
        return cls(
            _sendable(network.name), network.format, network.read(), options, target,
            os.fsencode(workspace), dict(os.environb), directory,
        )  # fmt: skip

    @classmethod
    def read(cls, folder: Path) -> Request:
        """The request that is in a folder."""
        return msgspec.msgpack.decode((folder / REQUEST).read_bytes(), type=cls)

    @property
    def network(self) -> Network:
        """What to compile."""
        return Network(self.name, self.format, content=self.content)


class Answer(Struct, frozen=True):
    """What came of a request: a compiled network, or the kind and the text of an error.

    ``notes`` are the levels and the texts of what was logged.
    """

    compiled: CompiledNetwork | None = None
    error: tuple[str, str] | None = None
    notes: tuple[tuple[int, str], ...] = ()

    @classmethod
    def of_error(cls, error: EdgeImpulseError) -> Answer:
        """The answer that hands on an error."""
        return cls(error=(type(error).__name__, _sendable(str(error))))

    @classmethod
    def read(cls, folder: Path) -> Answer:
        """The answer that is in a folder."""
        return msgspec.msgpack.decode((folder / ANSWER).read_bytes(), type=cls)

    def is_of(self, *kinds: type[EdgeImpulseError]) -> bool:
        """Whether it is an error of one of these kinds."""
        return self.error is not None and self.error[0] in [kind.__name__ for kind in kinds]

    def result(self) -> CompiledNetwork:
        """The compiled network.

        Raises:
            EdgeImpulseError: the error that was handed on.
        """
        for level, text in self.notes:
            LOG.log(level, "%s", text)
        if self.error is not None:
            kind, text = self.error
            raise getattr(errors, kind)(text)
        assert self.compiled is not None  # noqa: S101 - for the type checker
        return self.compiled


def _sendable(text: str) -> str:
    """A text without what only the names of files can hold."""
    return text.encode(errors="backslashreplace").decode()
