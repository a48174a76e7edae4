"""Which builds of ``.eim`` files this machine runs, best first."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from .._platform import current_platform

__all__ = ["runner_targets"]

_PLAIN = {
    "linux-x86_64": "runner-linux-x86_64",
    "linux-aarch64": "runner-linux-aarch64",
    "macos-x86_64": "runner-mac-x86_64",
    "macos-aarch64": "runner-mac-arm64",
}
_ARMV7 = "runner-linux-armv7"
_IS_64_BIT = sys.maxsize > 2**32
_JETPACK_6_0 = tuple(
    re.compile(rf"{name}(\.|$)") for name in (r"libcudart\.so\.12", r"libnvinfer\.so\.8",
                                              r"libcudnn\.so\.8")
)  # fmt: skip


def runner_targets(
    root: Path = Path("/"),
    *,
    platform: str | None = None,
    is_64_bit: bool = _IS_64_BIT,
    environment: Mapping[str, str] = os.environ,
) -> tuple[str, ...]:
    """The formats of the targets for this machine: the one for its accelerator, then the plain one.

    Accelerators are found by the marks that the official runner looks for, in its order. Unlike
    it, programs for another processor are not taken where an Akida is in an x86 machine.

    Args:
        root: the root of the file system that is looked at.
        platform: such as ``"linux-aarch64"``; ``None`` means this one.
        is_64_bit: whether programs have 64 bits here; the kernel below them may have more.
        environment: where containers for Jetson boards say what they are for.

    Returns:
        Formats such as ``"runner-linux-aarch64"``; which of them there are, only Studio knows.
    """
    platform = current_platform() if platform is None else platform
    if platform.startswith("linux-armv7"):
        return (_ARMV7,)
    if not is_64_bit:
        return (_ARMV7,) if platform in ("linux-aarch64", "linux-armv8l") else ()
    plain = _PLAIN.get(platform)
    if plain is None:
        return ()
    accelerator = _accelerator(platform, root, environment)
    return (f"{plain}-{accelerator}", plain) if accelerator else (plain,)


def _accelerator(platform: str, root: Path, environment: Mapping[str, str]) -> str:
    is_aarch64 = platform == "linux-aarch64"
    if is_aarch64 and (root / "dev/drpai0").exists():
        return "rzv2l"
    if platform.startswith("linux") and (root / "dev/akida0").exists():
        return "akd1000"
    if is_aarch64 and (root / "dev/nvhost-as-gpu").exists():
        return _jetson(root, environment)
    if is_aarch64 and (root / "usr/lib/libQnnTFLiteDelegate.so").exists():
        return "qnn"
    return ""


def _jetson(root: Path, environment: Mapping[str, str]) -> str:
    if environment.get("INFERENCE_CONTAINER_JETSON_ORIN_6_0") == "1" or _has_jetpack_6_0(root):
        return "jetson-orin-6-0"
    if environment.get("INFERENCE_CONTAINER_JETSON_NANO") == "1" or _is_nano(root):
        return "jetson-nano"
    return "jetson-orin"


def _is_nano(root: Path) -> bool:
    try:
        return b"NVIDIA Jetson Nano" in (root / "proc/device-tree/model").read_bytes()
    except OSError:
        return False


def _has_jetpack_6_0(root: Path) -> bool:
    """Whether its libraries are anywhere below ``/usr``."""
    missing = set(_JETPACK_6_0)
    for _, _, names in os.walk(root / "usr"):
        missing -= {mark for mark in missing if any(map(mark.match, names))}
        if not missing:
            return True
    return False
