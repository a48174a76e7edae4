"""The file of ``ei-runner login``: readable by its owner alone, and always whole."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import platformdirs

from .._http.secrets import Secret
from ..errors import InvalidInputError
from .keys import api_key_of

__all__ = ["Login", "credentials_path", "forget_login", "read_login", "remember_login"]

FORMAT = 1


class Login(msgspec.Struct, frozen=True):
    """What ``ei-runner login`` remembers for one Studio.

    Attributes:
        api_key: the key.
        project_id: the project that it is used for; ``None`` if none was chosen.
    """

    api_key: Secret
    project_id: int | None = None


def credentials_path() -> Path:
    """Where logins are stored: in the user's folder for configuration."""
    return platformdirs.user_config_path("ei-runner") / "credentials.json"


def read_login(studio: str, path: Path | None = None) -> Login | None:
    """The login for a Studio.

    Args:
        studio: its URL, as :attr:`Hosts.studio` has it.
        path: the file; ``None`` is that of the user.

    Returns:
        The login; ``None`` if there is none.

    Raises:
        InvalidInputError: others can read the file, or it is damaged.
    """
    path = credentials_path() if path is None else path
    entry = _read(path).get(studio)
    if entry is None:
        return None
    if not isinstance(entry, dict) or not isinstance(entry.get("api_key"), str):
        raise _damaged(path)
    project = entry.get("project_id")
    return Login(
        api_key_of(entry["api_key"], f"what {path} holds"),
        project if isinstance(project, int) else None,
    )


def remember_login(studio: str, login: Login, path: Path | None = None) -> Path:
    """Store a login, in place of an older one for the same Studio.

    Returns:
        The file.

    Raises:
        InvalidInputError: the file cannot be written, or the present one cannot be used.
    """
    path = credentials_path() if path is None else path
    entry = {"api_key": login.api_key.reveal(), "project_id": login.project_id}
    _write(path, {**_read(path), studio: entry})
    return path


def forget_login(studio: str, path: Path | None = None) -> bool:
    """Remove the login for a Studio; the file goes with the last one.

    Returns:
        Whether there was one.

    Raises:
        InvalidInputError: the file cannot be used or written.
    """
    path = credentials_path() if path is None else path
    logins = _read(path)
    if logins.pop(studio, None) is None:
        return False
    if logins:
        _write(path, logins)
    else:
        path.unlink(missing_ok=True)
    return True


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            _refuse_shared(path, os.fstat(file.fileno()).st_mode)
            document = json.load(file)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror or error}") from None
    except InvalidInputError:
        raise
    except (ValueError, RecursionError):
        raise _damaged(path) from None
    logins = document.get("logins") if isinstance(document, dict) else None
    if not isinstance(logins, dict):
        raise _damaged(path)
    return logins


def _refuse_shared(path: Path, mode: int) -> None:
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise InvalidInputError(
            f"{path} holds API keys and can be read by others: make it yours alone with "
            f"chmod 600 {path}, and replace the keys if someone else may have read them"
        )


def _damaged(path: Path) -> InvalidInputError:
    return InvalidInputError(f"{path} is damaged: delete it and run ei-runner login again")


def _write(path: Path, logins: dict[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        _replace(path, json.dumps({"format": FORMAT, "logins": logins}, indent=1))
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be written: {error.strerror or error}") from None


def _replace(path: Path, text: str) -> None:
    """Write beside and rename: a reader finds the old file or the new one, never a part."""
    descriptor, name = tempfile.mkstemp(prefix=".credentials-", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
