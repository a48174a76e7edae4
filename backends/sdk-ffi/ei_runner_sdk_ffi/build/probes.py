"""Asking a program of the toolchain about itself, within a deadline."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

__all__ = ["answer_of"]

_DEADLINE = 30.0  # zig unpacks itself the first time that it is called


def answer_of(command: Sequence[str]) -> str | None:
    """What a program prints, in English; None where it is missing, fails or takes too long."""
    try:
        done = subprocess.run(  # noqa: S603 - the compiler that the user chose
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_DEADLINE,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else None
