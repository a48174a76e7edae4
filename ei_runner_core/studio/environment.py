"""The model that the environment names: what ``EdgeImpulseModel()`` runs."""

from __future__ import annotations

from pathlib import Path

from ..errors import InvalidInputError

__all__ = ["can_log_in", "download_named", "is_logged_in"]


def is_logged_in() -> bool:
    """Whether ``ei-runner login`` has left a key for the Studio in use.

    Raises:
        InvalidInputError: its file cannot be used.
    """
    from .._http.hosts import Hosts
    from ..credentials import read_login

    return read_login(Hosts.find().studio) is not None


def can_log_in() -> bool:
    """Whether there is a login that can be used, for a hint: what is wrong with it is no matter."""
    try:
        return is_logged_in()
    except InvalidInputError:
        return False


def download_named(backend: str | None = None, impulse: int | str | None = None) -> Path:
    """Get the model of ``EI_PROJECT_ID`` and show how that goes.

    Args:
        backend: which backend shall run it.
        impulse: its id or name; else the default one of the project.

    Returns:
        Where it is.

    Raises:
        EdgeImpulseError: as of :func:`ei_runner_core.studio.download`.
    """
    from .downloading import download
    from .showing import ShownProgress

    with ShownProgress() as shown:
        return download(backend=backend, impulse=impulse, on_progress=shown).path
