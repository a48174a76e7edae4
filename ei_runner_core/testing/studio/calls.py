"""A call of Studio's API with what is known about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .exchange import Answer, Request
from .projects import LocalProject

__all__ = ["Call", "Endpoint"]


class Call(NamedTuple):
    """A request with what its path names, and all projects that its key opens."""

    request: Request
    numbers: Mapping[str, int]
    projects: list[LocalProject]
    base_url: str = ""

    @property
    def project(self) -> LocalProject:
        """The project that the path names."""
        return self.projects[0]


Endpoint = Callable[[Call], Answer | Mapping[str, Any]]
"""Gives an answer, or what is told beside ``success: true``."""
