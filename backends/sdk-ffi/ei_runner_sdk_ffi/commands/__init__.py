"""The commands that this package adds to ``ei-runner``."""

from .building import build
from .caching import cache

__all__ = ["build", "cache"]
