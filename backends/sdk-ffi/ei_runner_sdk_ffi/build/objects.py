"""Objects by what goes into them: a source, its headers, the flags and the compiler."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .cache import Cache
from .fingerprint import digest_file
from .symbols import ObjectError, Symbols, read_symbols

__all__ = ["Compiled", "Digests", "ObjectCache", "read_depfile"]

MAX_VARIANTS = 8
"""How many sets of headers are remembered for one source with one set of flags."""

_ESCAPED = re.compile(r"\\(?=[ #])|\$(?=\$)")


@dataclass(frozen=True)
class Compiled:
    """An object: where it is, and by which symbols it is linked."""

    path: Path
    symbols: Symbols


class Digests:
    """Digests of files by portable names, each read once.

    A portable name has the path of a folder that may lie anywhere replaced by a short one, so
    that the same files are the same elsewhere.
    """

    def __init__(self, folders: Mapping[str, Path], known: Mapping[str, str]) -> None:
        self._folders = [(f"{short}/", f"{folder}/") for short, folder in folders.items()]
        self._found: dict[str, str] = dict(known)

    def portable(self, path: Path) -> str:
        """The name of an absolute path."""
        text = os.path.normpath(path)
        for short, folder in self._folders:
            if text.startswith(folder):
                return (short + text.removeprefix(folder)).removeprefix("./")
        return text

    def of(self, name: str) -> str:
        """The digest of a file; empty if it is not there."""
        if name not in self._found:
            try:
                self._found[name] = digest_file(self._path(name))
            except OSError:
                self._found[name] = ""
        return self._found[name]

    def _path(self, name: str) -> str:
        for short, folder in self._folders:
            if name.startswith(short):
                return folder + name.removeprefix(short)
        return name if name.startswith("/") else dict(self._folders)["./"] + name


class ObjectCache:
    """Finds what was compiled before, in this or another export, by this or another process.

    Without ``reuse`` it finds nothing, and only keeps what is compiled now.
    """

    def __init__(self, cache: Cache, digests: Digests, *, reuse: bool = True) -> None:
        self._reuse = reuse
        self._cache = cache
        self._digests = digests

    def find(self, key: str) -> Compiled | None:
        """The object of a source and its flags, if all its headers are as they were."""
        for variant in self._variants(key) if self._reuse else ():
            with contextlib.suppress(KeyError, TypeError, AttributeError, ValueError, OSError):
                if all(self._digests.of(n) == d for n, d in variant["headers"].items()):
                    return self._load(variant)
        return None

    def store(self, key: str, made: Path, depfile: Path, root: Path) -> Compiled:
        """Keep an object that was just compiled.

        Raises:
            ObjectError: the compiler wrote something else.
            BuildError: there is no room in the cache.
        """
        symbols = read_symbols(made)
        digest = digest_file(made)
        place = self._place(digest)
        self._cache.write(place, made.read_bytes())
        names = (self._digests.portable(root / path) for path in read_depfile(depfile))
        variant = {
            "headers": {name: self._digests.of(name) for name in dict.fromkeys(names)},
            "object": digest,
            "defined": sorted(symbols.defined),
            "needed": sorted(symbols.needed),
        }
        self._cache.remember(f"objects/{key}", [variant, *self._variants(key)][:MAX_VARIANTS])
        return Compiled(place, symbols)

    def _variants(self, key: str) -> list[Any]:
        found = self._cache.recall(f"objects/{key}")
        return found if isinstance(found, list) else []

    def _load(self, variant: Any) -> Compiled | None:
        path = self._place(variant["object"])
        if digest_file(path) != variant["object"]:
            return None
        os.utime(path)  # so that what is used is not taken for old
        symbols = Symbols(frozenset(variant["defined"]), frozenset(variant["needed"]))
        return Compiled(path, symbols)

    def _place(self, digest: str) -> Path:
        return self._cache.objects / digest[:2] / f"{digest}.o"


def take(objects: Iterable[Compiled], folder: Path) -> list[Path]:
    """Objects under names of their own, so that nobody removes them from the cache meanwhile.

    Raises:
        OSError: one has gone, or there is no room.
    """
    taken = []
    for number, found in enumerate(objects):
        path = folder / f"{number}.o"
        try:
            path.hardlink_to(found.path)
        except OSError:  # a file system without hard links
            shutil.copyfile(found.path, path)
        taken.append(path)
    return taken


def read_depfile(path: Path) -> list[str]:
    """The files that a compiler read, by the rule for make that it wrote."""
    try:
        text = path.read_text("utf-8", "surrogateescape")
    except OSError as error:
        raise ObjectError(f"the compiler wrote no list of headers: {error}") from error
    words = re.findall(r"(?:\\.|\S)+", text.replace("\\\n", " "))
    return [_ESCAPED.sub("", word) for word in words if not word.endswith(":")]
