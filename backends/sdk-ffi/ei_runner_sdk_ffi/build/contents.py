"""The digests of all files of an export, remembered for as long as nothing was written to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ei_runner_core import BuildError

from .cache import Cache
from .export import read_stamps
from .fingerprint import digest_file, digest_text, now, settled

if TYPE_CHECKING:
    from .export import Export

__all__ = ["Contents"]


@dataclass(frozen=True)
class Contents:
    """What is in the files of an export. They are read when somebody asks, and only if new."""

    export: Export
    cache: Cache

    @cached_property
    def digest(self) -> str:
        """One digest of everything.

        Raises:
            BuildError: a file cannot be read, or there is no room in the cache.
        """
        known = self.cache.recall(self._memo)
        return known if isinstance(known, str) else _digest_of(self.files)

    @cached_property
    def files(self) -> Mapping[str, str]:
        """The digest of each file by its name.

        Raises:
            BuildError: a file cannot be read, or there is no room in the cache.
        """
        known = self.cache.recall(f"files-{self._memo}")
        return known if isinstance(known, dict) else self._read()

    @cached_property
    def _memo(self) -> str:
        export = self.export
        return digest_text(str(export.root), str(export.sdk), export.stamps.digest())

    def _read(self) -> dict[str, str]:
        moment = now()
        try:
            found = {name: digest_file(self.export.path(name)) for name in self.export.files}
        except OSError as error:
            raise BuildError(f"cannot read {error.filename}: {error.strerror}") from error
        stamps = self.export.stamps
        if settled(stamps.files.values(), moment) and read_stamps(self.export) == stamps:
            self.cache.remember(f"files-{self._memo}", found)
            self.cache.remember(self._memo, _digest_of(found))
        return found


def _digest_of(files: Mapping[str, str]) -> str:
    return digest_text(*(part for item in sorted(files.items()) for part in item))
