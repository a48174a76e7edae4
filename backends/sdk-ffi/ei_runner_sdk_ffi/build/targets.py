"""What a library may be compiled for: five platforms, and the boards that stand for one of them."""

from __future__ import annotations

import platform
from dataclasses import dataclass

from ei_runner_core import InvalidInputError

from .options import BuildOptions

__all__ = [
    "BOARDS",
    "TARGETS",
    "Target",
    "choose_target",
    "machine_of",
    "named_boards",
    "this_machine",
]


@dataclass(frozen=True)
class Target:
    """A platform that a library is compiled for.

    ``gcc``: how a cross compiler of GCC is called in front of ``-g++``; ``zig``: the target's
    name for zig, with the oldest system that the result has to run on. ``tflite``: the folders
    below ``tflite/`` that hold full TensorFlow Lite for it, the usual name first.
    """

    name: str
    gcc: str = ""
    zig: str = ""
    tflite: tuple[str, ...] = ()

    @property
    def is_mac(self) -> bool:
        """Whether the library is for macOS."""
        return self.name.startswith("mac-")

    @property
    def machine(self) -> str:
        """The processor, such as ``x86_64``."""
        return self.name.partition("-")[2]

    @property
    def library_suffix(self) -> str:
        """How names of shared libraries end."""
        return ".dylib" if self.is_mac else ".so"


TARGETS = {
    target.name: target
    for target in (
        Target(
            "linux-x86_64",
            "x86_64-linux-gnu",
            "x86_64-linux-gnu.2.28",
            ("linux-x86", "linux-x86_64"),
        ),
        Target("linux-aarch64", "aarch64-linux-gnu", "aarch64-linux-gnu.2.28", ("linux-aarch64",)),
        Target("linux-armv7", "arm-linux-gnueabihf", "arm-linux-gnueabihf.2.28", ("linux-armv7",)),
        Target("mac-arm64", zig="aarch64-macos.11.0", tflite=("mac-arm64",)),
        Target("mac-x86_64", zig="x86_64-macos.11.0", tflite=("mac-x86_64",)),
    )
}

# Which flag says what: a platform by its name, or a board by the flag of what it is a kind of.
BOARDS = {
    "target_linux_x86": "linux-x86_64",
    "target_linux_aarch64": "linux-aarch64",
    "target_linux_armv7": "linux-armv7",
    "target_mac_x86_64": "mac-x86_64",
    "target_mac_arm64": "mac-arm64",
    "target_renesas_rzv2l": "target_linux_aarch64",
    "target_renesas_rzg2l": "target_linux_aarch64",
    "target_tda4vm": "target_linux_aarch64",
    "target_am68pa": "target_tda4vm",
    "target_am62a": "target_tda4vm",
    "target_am68a": "target_tda4vm",
    "target_jetson": "target_linux_aarch64",
    "target_jetson_nano": "target_jetson",
    "target_jetson_orin": "target_linux_aarch64",
}

_PROCESSORS = {"amd64": "x86_64", "arm64": "aarch64", "armv7l": "armv7", "armv8l": "armv7"}
_PROCESSORS |= {"arm": "armv7", "armv7a": "armv7"}


def this_machine() -> Target:
    """What runs this program."""
    name = machine_of(f"{platform.machine()}-{platform.system()}")
    return TARGETS.get(name, Target(name))


def machine_of(triple: str) -> str:
    """The name of the platform that a compiler means by such as ``x86_64-pc-linux-gnu``."""
    processor, _, system = triple.lower().partition("-")
    processor = _PROCESSORS.get(processor, processor)
    if "darwin" in system or "macos" in system:
        return f"mac-{'arm64' if processor == 'aarch64' else processor}"
    return f"linux-{processor}"


def choose_target(options: BuildOptions) -> Target:
    """What the options ask for; this machine where they ask for nothing.

    Raises:
        InvalidInputError: the target is unknown, or two different ones are asked for.
    """
    boards = named_boards(options)
    name = boards[-1] if boards else options.target
    if name is None:
        return this_machine()
    if name not in TARGETS:
        raise InvalidInputError(f"the target {name!r} is unknown; there are {', '.join(TARGETS)}")
    if options.target not in (None, name):
        raise InvalidInputError(
            f"{boards[0].upper()} stands for {name} and target is {options.target}; leave one out"
        )
    return TARGETS[name]


def named_boards(options: BuildOptions) -> tuple[str, ...]:
    """The board that the flags name, what it is a kind of, and so on to its platform.

    Raises:
        InvalidInputError: the flags name two boards of which none is a kind of the other.
    """
    named = [flag for flag in BOARDS if getattr(options, flag)]
    lines = sorted(map(_line, named), key=len)
    for flag in named:
        if flag not in lines[-1]:
            raise InvalidInputError(
                f"{lines[-1][0].upper()} and {flag.upper()} are two different targets; "
                "leave one out, one build makes one library"
            )
    return lines[-1] if lines else ()


def _line(flag: str) -> tuple[str, ...]:
    above = BOARDS.get(flag)
    return (flag, *_line(above)) if above else (flag,)
