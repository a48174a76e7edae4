"""All files below a folder, and finding among them those that annotations name."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from functools import cached_property
from pathlib import Path

from ...errors import InvalidInputError
from .categories import category_in
from .documents import shown
from .walking import SAMPLE_SUFFIXES, suffix_of, walk

__all__ = ["IMAGE_SUFFIXES", "OnSkipped", "Listing", "list_folder", "split_path"]

IMAGE_SUFFIXES = frozenset((".jpg", ".jpeg", ".png"))

OnSkipped = Callable[[Path, str], object]
"""Is told of each file that is left out, and why."""


def list_folder(root: Path, on_skipped: OnSkipped) -> Listing:
    """All files below a folder but hidden ones.

    Raises:
        InvalidInputError: a folder in it cannot be read, or a name is no UTF-8.
    """
    return Listing(root, tuple(sorted(walk(root, on_skipped))), on_skipped)


class Listing:
    """The files below ``root``: their paths from there with slashes, sorted."""

    def __init__(self, root: Path, names: tuple[str, ...], on_skipped: OnSkipped) -> None:
        self.root = root
        self.names = names
        self._on_skipped = on_skipped

    def path(self, name: str) -> Path:
        """Where a file is."""
        return self.root / name

    def shown(self, name: str) -> str:
        """The path of a file for messages."""
        return shown(self.path(name))

    def skip(self, name: str, reason: str) -> None:
        """Tell that a file is left out."""
        self._on_skipped(self.path(name), reason)

    def without_folders(self, *folders: str) -> Listing:
        """The listing without what lies in folders of some names."""
        kept = []
        for name in self.names:
            if set(folders).isdisjoint(split_path(name)[0]):
                kept.append(name)
            else:
                self.skip(name, "what lies in its folder is no sample of this kind of data set")
        return Listing(self.root, tuple(kept), self._on_skipped)

    def with_suffix(self, *suffixes: str) -> list[str]:
        """The files with one of some suffixes, in whatever letters."""
        return [name for name in self.names if self._suffixes[name] in suffixes]

    def has_images(self) -> bool:
        """Whether a file is called like an image."""
        return not IMAGE_SUFFIXES.isdisjoint(self._suffixes.values())

    def samples(self, used: Collection[str] = (), *not_samples: str) -> Iterator[str]:
        """The files that can be sent.

        Args:
            used: annotation files: they are passed over.
            not_samples: suffixes that are none of samples in this kind of data set.
        """
        used = frozenset(used)
        suffixes = SAMPLE_SUFFIXES.difference(not_samples)
        for name in self.names:
            if name in used:
                continue
            if self._suffixes[name] in suffixes:
                yield name
            else:
                self.skip(name, "it is neither a sample nor an annotation file of this data set")

    @cached_property
    def present(self) -> frozenset[str]:
        """``names``, for looking up one."""
        return frozenset(self.names)

    @cached_property
    def _suffixes(self) -> dict[str, str]:
        return {name: suffix_of(name) for name in self.names}

    @cached_property
    def _by_last_part(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for name in self.names:
            found[_plain(name.rpartition("/")[2])].append(name)
        return found

    def find(self, stated: str, annotation: str, position: str) -> str:
        """The file that an annotation file names: beside it, or wherever it fits best.

        Only files of the listing are found, so a stated path cannot lead out of the folder.

        Args:
            stated: the name or path, as it is written there.
            annotation: the annotation file.
            position: where in it, for messages.

        Raises:
            InvalidInputError: there is no such file, or several that fit as well.
        """
        if found := self.look_for(stated, annotation, position):
            return found
        raise InvalidInputError(
            f"{self.shown(annotation)}{position}: there is no file {stated!r} in the data set; "
            "add it or remove its annotations"
        )

    def look_for(self, stated: str, annotation: str, position: str) -> str | None:
        """As :func:`find`, with None where there is no such file."""
        parts = [part for part in stated.replace("\\", "/").split("/") if part not in ("", ".")]
        if not parts:
            return None
        beside = "/".join([*split_path(annotation)[0], *parts])
        if beside in self.present:
            return beside
        rivals = self._by_last_part.get(_plain(parts[-1]), [])
        for narrow in (_most_in_common(parts), _of_category(annotation), _near(annotation)):
            if len(rivals) > 1:
                rivals = narrow(rivals) or rivals
        if len(rivals) > 1:
            raise InvalidInputError(
                f"{self.shown(annotation)}{position}: {stated!r} may be {rivals[0]} or "
                f"{rivals[1]}; state its folder too"
            )
        return rivals[0] if rivals else None


def split_path(name: str) -> tuple[list[str], str]:
    """The folders of a path, and the name of its file."""
    *folders, last = name.split("/")
    return folders, last


def _plain(name: str) -> str:
    """Systems write letters with accents in two ways."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


_Narrow = Callable[[list[str]], list[str]]


def _most_in_common(parts: list[str]) -> _Narrow:
    """Those whose path ends most like a stated one."""

    def narrow(names: list[str]) -> list[str]:
        return _most([_shared(reversed(name.split("/")), reversed(parts)) for name in names], names)

    return narrow


def _of_category(annotation: str) -> _Narrow:
    """Those of the category that the annotation file's own path states."""
    category = category_in(annotation.split("/"))

    def narrow(names: list[str]) -> list[str]:
        return [name for name in names if category_in(split_path(name)[0]) == category]

    return narrow


def _near(annotation: str) -> _Narrow:
    """Those whose path begins most like that of the annotation file."""

    def narrow(names: list[str]) -> list[str]:
        parts = annotation.split("/")
        return _most([_shared(iter(name.split("/")), iter(parts)) for name in names], names)

    return narrow


def _most(counts: list[int], names: list[str]) -> list[str]:
    most = max(counts)
    return [name for name, count in zip(names, counts, strict=True) if count == most]


def _shared(some: Iterator[str], others: Iterator[str]) -> int:
    count = 0
    for one, other in zip(some, others, strict=False):
        if _plain(one) != _plain(other):
            break
        count += 1
    return count
