"""Opening a model without the chatter of native engines on the terminal.

Some engines write lines such as ``INFO: Created ...`` straight to the file descriptor of stderr,
with no way to turn that off. Only the command line, which owns its process, may filter there.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from .._plugin_errors import described
from .._progress_stream import drawing_on
from ._problems import FAILED, OK, complain

if TYPE_CHECKING:
    from ..contract import ModelSource
    from ..model import EdgeImpulseModel

__all__ = ["close_model", "open_quietly", "without_native_chatter"]

_CHATTER = b"INFO:"


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
    """Hold back what is written to stderr, then pass on all of it but the chatter."""
    try:
        descriptor = sys.stderr.fileno()
        saved = os.dup(descriptor)
    except (AttributeError, OSError, ValueError):  # there is no real stderr
        yield
        return
    with tempfile.TemporaryFile() as held_back:
        sys.stderr.flush()
        os.dup2(held_back.fileno(), descriptor)
        try:
            with drawing_on(saved):
                yield
        finally:
            sys.stderr.flush()
            os.dup2(saved, descriptor)
            os.close(saved)
            held_back.seek(0)
            _pass_on(held_back, descriptor)


def _pass_on(lines: Iterator[bytes], descriptor: int) -> None:
    for line in lines:
        if not line.startswith(_CHATTER):
            os.write(descriptor, line)
