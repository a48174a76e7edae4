"""The platforms that networks are compiled for."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from ei_runner_core import InvalidInputError, UnsupportedModelError

__all__ = ["TARGETS", "Target", "find_target", "platform_of", "this_platform"]


class Target(Struct, frozen=True):
    """A platform.

    ``triple`` and ``attributes`` describe its oldest processor to LLVM. ``machine`` is what the
    head of a library for it says. ``gcc`` is how GCC's cross compiler is called in front of
    ``-g++``, ``zig`` the platform's name for zig, with the oldest system that shall run the result.
    """

    name: str
    triple: str
    machine: str
    zig: str
    gcc: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_mac(self) -> bool:
        """Whether it is macOS."""
        return self.name.startswith("mac-")


_HARD_FLOAT = {"mattr": ["+neon", "+vfp3"], "mfloat-abi": "hard"}

TARGETS = {
    target.name: target
    for target in (
        Target(
            "linux-x86_64",
            "x86_64-linux-gnu",
            "x86_64",
            "x86_64-linux-gnu.2.28",
            "x86_64-linux-gnu",
            {"mcpu": "x86-64"},
        ),
        Target(
            "linux-aarch64",
            "aarch64-linux-gnu",
            "aarch64",
            "aarch64-linux-gnu.2.28",
            "aarch64-linux-gnu",
        ),
        Target(
            "linux-armv7",
            "armv7a-linux-gnueabihf",
            "arm",
            "arm-linux-gnueabihf.2.28",
            "arm-linux-gnueabihf",
            _HARD_FLOAT,
        ),
        Target(
            "mac-arm64",
            "arm64-apple-macos11",
            "aarch64",
            "aarch64-macos.11.0",
            attributes={"mcpu": "apple-m1"},
        ),
        Target("mac-x86_64", "x86_64-apple-macos11", "x86_64", "x86_64-macos.11.0"),
    )
}
_PROCESSORS = {"amd64": "x86_64", "arm64": "aarch64", "aarch64": "aarch64", "x86_64": "x86_64"}


def find_target(name: str = "") -> Target:
    """The platform of that name, or this machine.

    Raises:
        InvalidInputError: there is none of that name.
        UnsupportedModelError: this machine is none of them.
    """
    known = ", ".join(TARGETS)
    if name and name not in TARGETS:
        raise InvalidInputError(f"the target {name!r} is unknown; there are {known}")
    here = this_platform()
    if not name and here not in TARGETS:
        raise UnsupportedModelError(
            f"nothing is compiled for this machine ({here}), only for {known}; name one of them as "
            "the target"
        )
    return TARGETS[name or here]


def this_platform() -> str:
    """The name of the platform that this program runs on, by what its own code is."""
    machine = platform.machine()
    # A 32-bit system may run on a 64-bit kernel.
    if machine.lower() in ("aarch64", "arm64") and sys.maxsize < 2**32:
        machine = "armv7"
    return platform_of(f"{machine}-{platform.system()}")


def platform_of(triple: str) -> str:
    """The name of the platform that a compiler means by such as ``x86_64-pc-linux-gnu``."""
    processor, _, system = triple.lower().partition("-")
    processor = _PROCESSORS.get(processor, processor)
    if processor.startswith("arm"):
        processor = "armv7"
    if "darwin" in system or "macos" in system:
        return f"mac-{'arm64' if processor == 'aarch64' else processor}"
    return f"linux-{processor}" if "linux" in system else f"{system}-{processor}"
