"""The folder in which what can be made anew is kept."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from .errors import InvalidInputError

__all__ = ["CACHE_VARIABLE", "cache_folder"]

CACHE_VARIABLE = "EI_RUNNER_CACHE"


def cache_folder(name: str, environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of this name below ``EI_RUNNER_CACHE``, or at the usual place of this user.

    Raises:
        InvalidInputError: the variable holds no path.
    """
    if place := environment.get(CACHE_VARIABLE):
        try:
            return Path(place).expanduser().absolute() / name
        # the home of nobody, a NUL byte; a part of a path in a folder that was removed
        except (RuntimeError, ValueError, OSError) as error:
            raise InvalidInputError(
                f"{CACHE_VARIABLE}={place} cannot be: {error}; name a folder"
            ) from error
    import platformdirs

    return platformdirs.user_cache_path("ei-runner", appauthor=False) / name
