"""Whether Akida survives a file, found out in a process of its own.

Akida trusts what it reads, and many a damaged file ends the process. So each file is read and run
by another process once, and the outcome is kept by the content of the file.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np

from ei_runner_core import DeadlineError, EdgeImpulseError, ModelFormatError
from ei_runner_core.authoring import ContentCache, content_key

from .runtime import ENGINE_ERRORS, akida
from .specs import input_spec

__all__ = ["check_survival"]

_DEADLINE = 120.0  # s
_OUTCOME = "exit-code.txt"


def check_survival(path: Path, name: str) -> None:
    """Refuse a file that Akida does not survive.

    Args:
        path: the file.
        name: the network, for messages.

    Raises:
        ModelFormatError: Akida died of it.
        DeadlineError: Akida was still at work after two minutes.
    """

    def make(folder: Path) -> None:
        (folder / _OUTCOME).write_text(str(_exit_code(path, name)), encoding="ascii")

    key = content_key(akida().__version__, path.read_bytes())
    entry = ContentCache("akida").entry(key, make)
    code = (entry.folder / _OUTCOME).read_text(encoding="ascii")
    if code != "0":
        raise ModelFormatError(
            f"{name} is damaged: a process that let Akida read it died with code {code}; save the "
            "model again"
        )


def _exit_code(path: Path, name: str) -> int:
    command = [sys.executable, "-m", __name__, str(path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        return subprocess.run(  # noqa: S603 - this module, with a path of ours
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_DEADLINE,
            check=False,
        ).returncode
    except subprocess.TimeoutExpired:
        raise DeadlineError(
            f"Akida was not ready with {name} after {_DEADLINE:g} s: save the model again"
        ) from None


def _try(path: str) -> None:
    """Read and run a network; an error is as good as an answer here."""
    with suppress(EdgeImpulseError, *ENGINE_ERRORS):
        model = akida().Model(path)
        spec = input_spec(model, path, None)
        model.predict(np.zeros(spec.shape, spec.dtype))


if __name__ == "__main__":
    _try(sys.argv[1])
