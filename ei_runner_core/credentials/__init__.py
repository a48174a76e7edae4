"""API keys: where they are found, and how ``ei-runner login`` keeps one."""

from __future__ import annotations

from .finding import Credentials, find_credentials, project_id_of
from .keys import api_key_of, read_key_file
from .signing_keys import find_hmac_key
from .store import Login, forget_login, read_login, remember_login

__all__ = [
    "Credentials",
    "Login",
    "api_key_of",
    "find_credentials",
    "find_hmac_key",
    "forget_login",
    "project_id_of",
    "read_key_file",
    "read_login",
    "remember_login",
]
