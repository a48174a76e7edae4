"""The name of the machine's platform."""

from __future__ import annotations

import sys

__all__ = ["current_platform"]


def current_platform() -> str:
    """The name of this platform as the specs use it, such as ``"linux-x86_64"``."""
    import platform

    system = {"darwin": "macos", "win32": "windows"}.get(sys.platform, sys.platform)
    machine = platform.machine().lower()
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)
    return f"{system}-{machine}"
