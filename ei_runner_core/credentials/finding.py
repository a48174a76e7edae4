"""Which API key and project to use."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

import msgspec

from .._http.hosts import Hosts
from .._http.secrets import Secret
from .._text import printable
from ..errors import InvalidInputError
from .keys import api_key_of, read_key_file
from .store import read_login

__all__ = ["Credentials", "find_credentials", "project_id_of"]

KEY_VARIABLE = "EI_API_KEY"
PROJECT_VARIABLE = "EI_PROJECT_ID"
_PROJECT_ID = re.compile(r"[1-9][0-9]{0,15}")


class Credentials(msgspec.Struct, frozen=True):
    """A key and the project it is to be used for.

    Attributes:
        api_key: the key of a project or of a user.
        project_id: the project; ``None`` if none was named: Studio knows to which one a key of a
            project belongs.
        origin: where the key was found, for messages.
    """

    api_key: Secret
    project_id: int | None = None
    origin: str = ""


def find_credentials(
    api_key: str | Secret | None = None,
    api_key_file: str | os.PathLike[str] | None = None,
    project: int | str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Credentials:
    """The API key: the argument, the file, ``EI_API_KEY``, or that of ``ei-runner login``.

    The project is the argument, ``EI_PROJECT_ID``, or that of the login if its key is used.

    Args:
        api_key: the key itself.
        api_key_file: a file that holds nothing but the key.
        project: the id of the project.
        environment: the variables; ``None`` takes those of the process.

    Raises:
        InvalidInputError: there is no key, or what should be a key or a project id is none.
    """
    variables = os.environ if environment is None else environment
    number = _project(project, variables)
    if api_key is not None:
        text = api_key.reveal() if isinstance(api_key, Secret) else api_key
        return Credentials(api_key_of(text, "api_key"), number, "api_key")
    if api_key_file is not None:
        origin = f"the API key file {printable(os.fspath(api_key_file))}"
        return Credentials(read_key_file(api_key_file), number, origin)
    if variables.get(KEY_VARIABLE, "").strip():
        return Credentials(api_key_of(variables[KEY_VARIABLE], KEY_VARIABLE), number, KEY_VARIABLE)
    return _of_login(Hosts.find(variables), number)


def _of_login(hosts: Hosts, project: int | None) -> Credentials:
    login = read_login(hosts.studio)
    if login is None:
        raise InvalidInputError(
            f"there is no API key for {hosts.studio}: set {KEY_VARIABLE}, name a file with "
            "--api-key-file, or run ei-runner login"
        )
    number = login.project_id if project is None else project
    return Credentials(login.api_key, number, "ei-runner login")


def _project(project: int | str | None, variables: Mapping[str, str]) -> int | None:
    if project is not None:
        return project_id_of(project, "project")
    text = variables.get(PROJECT_VARIABLE, "").strip()
    return project_id_of(text, PROJECT_VARIABLE) if text else None


def project_id_of(value: int | str, source: str) -> int:
    """A project id, as a number.

    Raises:
        InvalidInputError: it is none.
    """
    text = str(value).strip()
    if isinstance(value, bool) or not _PROJECT_ID.fullmatch(text):
        raise InvalidInputError(
            f"{source} is {text[:80]!r}, expected the id of a project, such as 12345: "
            "the number in the address of the project in Studio"
        )
    return int(text)
