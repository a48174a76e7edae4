"""Asking Studio whether a key is one, and which projects it opens."""

from __future__ import annotations

from time import monotonic

import msgspec

from .._http.client import HttpClient
from .._http.hosts import Hosts
from .._http.retries import Retries
from .._http.secrets import Secret
from ..errors import InvalidInputError, StudioError

__all__ = ["Project", "named", "project_of", "projects_of"]

SECONDS = 60.0
MOST_NAMED = 10


class Project(msgspec.Struct, frozen=True):
    """A project that a key opens."""

    id: int
    name: str

    def __str__(self) -> str:
        return f"{self.id} ({self.name})"


def projects_of(key: Secret, hosts: Hosts, retries: Retries | None = None) -> tuple[Project, ...]:
    """The projects that a key opens: one for a key of a project.

    Args:
        key: the API key.
        hosts: where Studio is.
        retries: how often to ask again; ``None`` is the usual.

    Raises:
        StudioError: Studio does not know the key, the key opens nothing, or Studio failed.
        DeadlineError: Studio did not answer within a minute.
    """
    client = HttpClient(hosts.studio, key=key, failure=StudioError, retries=retries or Retries())
    with client:
        document = client.get_json("/api/projects", deadline=monotonic() + SECONDS)
    try:
        projects = msgspec.convert(document.get("projects"), tuple[Project, ...])
    except msgspec.ValidationError:
        raise StudioError(f"{hosts.studio} lists no projects: is that Studio?") from None
    if not projects:
        raise StudioError(f"the API key opens no project of {hosts.studio}; use that of a project")
    return projects


def project_of(projects: tuple[Project, ...], wanted: int) -> Project:
    """The project with an id.

    Raises:
        InvalidInputError: it is not among those that the key opens.
    """
    for project in projects:
        if project.id == wanted:
            return project
    raise InvalidInputError(f"the API key does not open project {wanted}, but {named(projects)}")


def named(projects: tuple[Project, ...]) -> str:
    """The projects, or the first of them, for a message."""
    more = f" and {len(projects) - MOST_NAMED} more" if len(projects) > MOST_NAMED else ""
    return ", ".join(str(project) for project in projects[:MOST_NAMED]) + more
