"""The HMAC key of a project, which signs data acquisition documents."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .._http.secrets import Secret

if TYPE_CHECKING:
    from .._http.client import HttpClient

__all__ = ["find_hmac_key"]

HMAC_VARIABLE = "EI_HMAC_KEY"


def find_hmac_key(
    studio: HttpClient | None = None,
    project_id: int | None = None,
    environment: Mapping[str, str] | None = None,
    deadline: float | None = None,
) -> Secret | None:
    """The HMAC key: ``EI_HMAC_KEY``, else that of the project in Studio.

    Args:
        studio: a client of Studio with a key of the project; ``None`` does not ask it.
        project_id: the project to ask for.
        environment: the variables; ``None`` takes those of the process.
        deadline: the time of ``time.monotonic`` until which Studio may be asked.

    Returns:
        The key; ``None`` if there is none.

    Raises:
        StudioError: Studio refused or failed.
        DeadlineError: Studio took too long.
    """
    variables = os.environ if environment is None else environment
    if text := variables.get(HMAC_VARIABLE, "").strip():
        return Secret(text)
    if studio is None or project_id is None:
        return None
    document = studio.get_json(f"/api/{project_id}/devkeys/hmac", deadline=deadline)
    key = document.get("hmacKey")
    return Secret(key) if isinstance(key, str) and key else None
