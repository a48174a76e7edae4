"""Which files of an export a pattern of a plan means."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from fnmatch import fnmatchcase

__all__ = ["matching"]

_SUFFIXES = (".c", ".cc", ".cpp")  # Arduino libraries have .cpp where others have .cc
_C_BINDINGS = "edge-impulse-sdk/classifier/ei_run_classifier_c.cpp"


def matching(files: Iterable[str], patterns: Iterable[str]) -> tuple[str, ...]:
    """The C and C++ sources that one of the patterns means, in the order of the files.

    A pattern is a folder and a pattern of names in it: ``dsp/*`` does not reach into ``dsp/dct``.
    The bindings of the SDK for C stay out, the shim calls C++.
    """
    names = defaultdict(list)
    for pattern in patterns:
        folder, _, name = pattern.rpartition("/")
        names[folder].append(name)
    return tuple(file for file in files if _is_source(file) and _matches(file, names))


def _is_source(file: str) -> bool:
    return file.endswith(_SUFFIXES) and file != _C_BINDINGS


def _matches(file: str, names: dict[str, list[str]]) -> bool:
    folder, _, name = file.rpartition("/")
    return any(fnmatchcase(name, pattern) for pattern in names.get(folder, ()))
