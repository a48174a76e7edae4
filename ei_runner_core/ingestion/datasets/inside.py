"""Files that a document names, and which must not lie outside of its folder."""

from __future__ import annotations

import stat
from functools import lru_cache
from pathlib import Path, PurePosixPath

from ...errors import InvalidInputError

__all__ = ["Inside"]


class Inside:
    """The files of one folder, also by paths with links as long as these do not leave it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._real = folder.resolve()
        self._stays_in = lru_cache(1024)(self._resolve)

    def find(self, stated: str, where: str) -> Path:
        """A file by its path from the folder, with slashes.

        Args:
            stated: the path.
            where: what states it, for messages.

        Raises:
            InvalidInputError: it is absolute, leads out of the folder, or is no file.
        """
        parts = PurePosixPath(stated).parts
        if not parts or "\0" in stated or ".." in parts or Path(stated).is_absolute():
            raise InvalidInputError(
                f"{where}: the path {stated!r} leads out of the folder; expected one relative to it"
            )
        path = self._folder.joinpath(*parts)
        try:
            mode = path.lstat().st_mode
            # resolving is slow: it is done once for a folder, and for files that are links
            stays = self._stays_in(path if stat.S_ISLNK(mode) else path.parent)
            is_file = path.is_file()
        except (OSError, RuntimeError):  # the latter: links in a circle
            raise InvalidInputError(
                f"{where}: there is no file {stated!r} in the folder; add it or remove the entry"
            ) from None
        if not stays:
            raise InvalidInputError(
                f"{where}: {stated!r} is a link out of the folder; put the file there itself"
            )
        if not is_file:
            raise InvalidInputError(f"{where}: {stated!r} is no regular file")
        return path

    def _resolve(self, path: Path) -> bool:
        return path.resolve(strict=True).is_relative_to(self._real)
