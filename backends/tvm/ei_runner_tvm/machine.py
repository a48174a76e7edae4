"""The processor of this machine, as far as compiled networks depend on it."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from functools import cache
from pathlib import Path

__all__ = ["describe_processor", "lacking_features", "vector_features"]

_CPUINFO = Path("/proc/cpuinfo")
_LISTS = ("flags", "Features")  # what x86 and ARM call what they can do
_NAMES = ("model name", "CPU implementer", "CPU part", "CPU variant")
_X86_PREFIXES = (
    "abm", "adx", "amx", "avx", "bmi", "f16c", "fma", "gfni", "movbe", "popcnt", "sse4", "ssse3",
    "vaes", "vpclmul", "xop",
)  # fmt: skip


def vector_features() -> tuple[str, ...]:
    """What code for this very processor may use: names as the kernel of Linux has them, sorted.

    Elsewhere it is empty: there code is compiled for the baseline.
    """
    flags, features = (_first_processor().get(name, "").split() for name in _LISTS)
    chosen = [flag for flag in flags if flag.startswith(_X86_PREFIXES)]
    return tuple(sorted({*chosen, *features}))


def lacking_features(wanted: Iterable[str]) -> tuple[str, ...]:
    """Those of the features that this processor lacks; none where nothing tells what it has."""
    if not _first_processor():
        return ()
    return tuple(sorted(set(wanted) - set(vector_features())))


def describe_processor() -> str:
    """A text that tells processors apart which do not run the same code equally well."""
    about = _first_processor()
    names = [about.get(name, "") for name in _NAMES]
    return "|".join((platform.system(), platform.machine(), *names, *vector_features()))


@cache
def _first_processor() -> dict[str, str]:
    """What Linux tells of it; the others are the same, or can do the same."""
    try:
        text = _CPUINFO.read_text("utf-8", "replace")
    except OSError:
        return {}
    lines = text.partition("\n\n")[0].splitlines()
    pairs = (line.partition(":") for line in lines)
    return {key.strip(): value.strip() for key, _, value in pairs}
