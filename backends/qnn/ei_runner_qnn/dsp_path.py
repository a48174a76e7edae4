"""``ADSP_LIBRARY_PATH``: where the driver of the Hexagon looks for what runs on that."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

__all__ = ["dsp_libraries"]

_VARIABLE = "ADSP_LIBRARY_PATH"
_SEPARATOR = ";"
# Some drivers look into the variable instead of these, where the shell of the processor is.
_SYSTEM_FOLDERS = tuple(
    map(Path, ("/usr/lib/rfsa/adsp", "/usr/lib/dsp/cdsp", "/usr/lib/dsp", "/dsp"))
)
# There is one environment; a signal handler may open a network while its thread opens another.
_lock = threading.RLock()


@contextmanager
def dsp_libraries(folders: Sequence[Path]) -> Iterator[None]:
    """Have libraries for the Hexagon found in these folders, inside a ``with`` block only.

    They come first, because the two halves of a backend have to be of one version. What the user
    has set follows, or without it the folders of the system. Blocks of several threads wait for
    each other.
    """
    with _lock:
        before = os.environ.get(_VARIABLE)
        system = [before] if before else [str(path) for path in _SYSTEM_FOLDERS if path.is_dir()]
        if folders:
            os.environ[_VARIABLE] = _SEPARATOR.join([*map(str, folders), *system])
        try:
            yield
        finally:
            _restore(before)


def _restore(before: str | None) -> None:
    """Also undo what the delegate has done to the environment of the process by itself."""
    if before is None:
        os.environ.pop(_VARIABLE, None)
        os.unsetenv(_VARIABLE)
    else:
        os.environ[_VARIABLE] = before
