"""The options of the backend ``sdk-ffi``: those of a session, and those of a build."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct, field

from ei_runner_core import InvalidInputError
from ei_runner_core.authoring import read_choice, read_options, read_seconds

from .build.options import OPTION_NAMES, BuildOptions

__all__ = ["SessionOptions", "read_sdk_ffi_options"]


class SessionOptions(Struct, frozen=True, kw_only=True):
    """How a model is opened and called; all times are in seconds.

    Attributes:
        isolation: ``process`` runs the model in a worker process, ``none`` in this one.
        timeout: for one answer of a worker process.
        start_timeout: for a worker process to open the model.
        stop_timeout: for a worker process to end before it is killed.
        restart: ``never``, or ``on-failure`` to bring back a worker process that ended or hung.
        network_options: options of the backend that runs the network, by name.
    """

    isolation: str = "none"
    timeout: float = 60.0
    start_timeout: float = 60.0
    stop_timeout: float = 5.0
    restart: Literal["never", "on-failure"] = "never"
    network_options: Mapping[str, Any] = field(default_factory=dict)


def read_sdk_ffi_options(options: Mapping[str, Any]) -> tuple[SessionOptions, BuildOptions]:
    """Check the options that a user passed, and the variables of the environment.

    Raises:
        InvalidInputError: an option is unknown or has a wrong value.
    """
    own = set(SessionOptions.__struct_fields__)
    build = {name: value for name, value in options.items() if str(name).lower() in OPTION_NAMES}
    session = {name: value for name, value in options.items() if name not in build}
    if unknown := [name for name in session if name not in own]:
        raise InvalidInputError(
            f"sdk-ffi has no option {unknown[0]!r}; {_near(str(unknown[0]), own)}"
        )
    return (
        SessionOptions(**read_options("sdk-ffi", session, _READERS)),
        BuildOptions.read(build, os.environ),
    )


def _near(name: str, own: set[str]) -> str:
    """What was meant, of so many names that nobody wants to read all of them."""
    from difflib import get_close_matches

    near = get_close_matches(name.lower(), sorted(own | OPTION_NAMES), n=3, cutoff=0.5)
    likely = f"did you mean {' or '.join(near)}? " if near else ""
    flags = "and those of ei-runner build --help"
    return f"{likely}it has {', '.join(sorted(own))}, network, {flags}"


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError("a mapping from the names of options to their values")
    return value


_READERS = {
    "isolation": read_choice("none", "process"),
    "timeout": read_seconds,
    "start_timeout": read_seconds,
    "stop_timeout": read_seconds,
    "restart": read_choice("never", "on-failure"),
    "network_options": _mapping,
}
