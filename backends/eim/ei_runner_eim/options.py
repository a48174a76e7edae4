"""The options of the backend ``eim``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ei_runner_core.authoring import read_choice, read_options, read_seconds

__all__ = ["EimOptions", "read_eim_options"]


@dataclass(frozen=True)
class EimOptions:
    """How a program is started, talked to and ended; all times are in seconds.

    Attributes:
        transport: ``socket`` or ``stdin``.
        shared_memory: ``auto`` uses it where it works, ``always`` refuses a model without it,
            ``never`` sends all values as text.
        start_timeout: from the start of the program to its description of itself.
        timeout: for one answer.
        warm_up_timeout: for the first answer of engines that compile the network then.
        stop_timeout: for the program to end before it is killed.
        restart: ``never``, or ``on-failure`` to bring back a program that has ended or hung.
        make_executable: what to do with a file that lacks the run bit: ``copy`` runs a private
            copy, ``in-place`` sets the bit, ``never`` refuses it.
    """

    transport: str = "socket"
    shared_memory: str = "auto"
    start_timeout: float = 60.0
    timeout: float = 60.0
    warm_up_timeout: float = 3600.0
    stop_timeout: float = 5.0
    restart: str = "never"
    make_executable: str = "copy"

    @property
    def may_restart(self) -> bool:
        """Whether a program that has failed is brought back."""
        return self.restart == "on-failure"


def read_eim_options(options: Mapping[str, Any]) -> EimOptions:
    """Check the options that a user passed.

    Raises:
        InvalidInputError: an option is unknown or has a wrong value.
    """
    return EimOptions(**read_options("eim", options, _READERS))


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "transport": read_choice("socket", "stdin"),
    "shared_memory": read_choice("auto", "always", "never"),
    "start_timeout": read_seconds,
    "timeout": read_seconds,
    "warm_up_timeout": read_seconds,
    "stop_timeout": read_seconds,
    "restart": read_choice("never", "on-failure"),
    "make_executable": read_choice("copy", "in-place", "never"),
}
