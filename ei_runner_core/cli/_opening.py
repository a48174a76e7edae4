"""Opening a model without the chatter of native engines on the terminal.

Some engines write lines such as ``INFO: Created ...`` straight to the file descriptors of stderr
and stdout, with no way to turn that off. Only the command line, which owns its process, may filter
there.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from .._plugin_errors import described
from .._progress_stream import drawing_on
from ._problems import FAILED, OK, complain

if TYPE_CHECKING:
    from ..contract import ModelSource
    from ..model import EdgeImpulseModel

__all__ = ["close_model", "open_quietly", "without_native_chatter"]

# of LiteRT, of QNN and of TVM
_CHATTER = re.compile(rb"INFO:| # LIBNATIVE:|\[\d\d:\d\d:\d\d\] \S+\.cc:\d+: Warning:")


def open_quietly(
    source: str | os.PathLike[str] | ModelSource | None, **settings: Any
) -> EdgeImpulseModel:
    """Open a model as ``EdgeImpulseModel`` does; with ``debug=True`` everything is shown."""
    from ..model import EdgeImpulseModel

    with nullcontext() if settings.get("debug") else without_native_chatter():
        return EdgeImpulseModel(source, **settings)


def close_model(model: EdgeImpulseModel) -> int:
    """Close a model; a backend that fails there is told.

    Returns:
        The exit code that this asks for.
    """
    try:
        model.close()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a backend may fail in any way
        complain(
            f"the backend {model.backend_name!r} failed to close the model: {described(error)}; "
            "the answers before are not affected"
        )
        return FAILED
    return OK


@contextmanager
def without_native_chatter() -> Iterator[None]:
    """Hold back what native code writes to stdout and stderr.

    All of it but the chatter is passed on to stderr then: stdout is for answers.
    """
    try:
        stderr, stdout = sys.stderr.fileno(), sys.stdout.fileno()
    except (AttributeError, OSError, ValueError):  # there are no real streams
        yield
        return
    with tempfile.TemporaryFile() as held_back, _duplicate(stderr) as to_see:
        try:
            with drawing_on(to_see), _into(held_back.fileno(), (stderr, stdout)):
                yield
        finally:
            held_back.seek(0)
            _pass_on(held_back, stderr)


@contextmanager
def _into(target: int, descriptors: Sequence[int]) -> Iterator[None]:
    """Let what is written to some descriptors go to another one."""
    with ExitStack() as copies:
        saved = [copies.enter_context(_duplicate(descriptor)) for descriptor in descriptors]
        _flush()
        for descriptor in descriptors:
            os.dup2(target, descriptor)
        try:
            yield
        finally:
            try:
                _flush()
            finally:
                for copy, descriptor in zip(saved, descriptors, strict=True):
                    os.dup2(copy, descriptor)


@contextmanager
def _duplicate(descriptor: int) -> Iterator[int]:
    copy = os.dup(descriptor)
    try:
        yield copy
    finally:
        os.close(copy)


def _flush() -> None:
    """Empty the buffers of Python and of C, which would be written elsewhere later."""
    sys.stderr.flush()
    sys.stdout.flush()
    if os.name == "posix":
        import ctypes

        ctypes.CDLL(None).fflush(None)


def _pass_on(lines: Iterator[bytes], descriptor: int) -> None:
    for line in lines:
        if not _CHATTER.match(line):
            os.write(descriptor, line)
