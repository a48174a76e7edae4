"""Files that outlive a run of the tests."""

from __future__ import annotations

from pathlib import Path

import pytest


def kept_folder(config: pytest.Config, temporary: pytest.TempPathFactory, name: str) -> Path:
    """A folder in pytest's cache, or a temporary one for a run without the cache."""
    cache = getattr(config, "cache", None)
    return Path(cache.mkdir(name)) if cache else temporary.mktemp(name)
