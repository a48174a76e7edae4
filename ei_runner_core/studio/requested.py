"""What a user asks for, checked before anything is done."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import msgspec

from ..errors import InvalidInputError
from .entries import Wish
from .forms import check_form, wanted_forms
from .machine import runner_targets

__all__ = ["OFFLINE_VARIABLE", "Request", "make_request", "needs_network", "wishes_offline"]

OFFLINE_VARIABLE = "EI_RUNNER_OFFLINE"
ENGINE_VARIABLE = "EI_ENGINE"
FULL_TFLITE_VARIABLE = "USE_FULL_TFLITE"
_NO = ("", "0", "false", "no", "off")


class Request(msgspec.Struct, frozen=True):
    """A model that is wanted; ``None`` leaves a thing open.

    ``forms`` are those that would do, the best first; ``runnable`` the formats of the programs that
    this machine runs. ``is_any_machine`` allows programs for others.
    """

    impulse: int | str | None
    variant: str | None
    engine: str | None
    target: str | None
    version: int | None
    forms: tuple[str, ...]
    runnable: tuple[str, ...]
    refresh: bool = False

    def wishes(self, host: str, project: int | None) -> tuple[Wish, ...]:
        """What a kept model must be like to do, for each form, the best first."""
        return tuple(
            Wish(
                host=host, project_id=project, impulse=self.impulse, version=self.version,
                engine=self.engine, variant=self.variant, target=self.target, form=form,
                runnable=self.runnable,
            )
            for form in self.forms
        )  # fmt: skip


def make_request(
    *,
    impulse: int | str | None,
    variant: str | None,
    engine: str | None,
    target: str | None,
    version: int | None,
    form: str,
    backend: str | None,
    refresh: bool,
    offline: bool,
) -> Request:
    """Check what is asked for; errors as of :func:`ei_runner_core.studio.download`."""
    check_form(form, target)
    for name, value, kinds in (
        ("impulse", impulse, (int, str)),
        ("version", version, (int,)),
        ("variant", variant, (str,)),
        ("engine", engine, (str,)),
        ("target", target, (str,)),
    ):
        _check_kind(name, value, kinds)
    if version is not None and version < 1:
        raise InvalidInputError(f"version is {version}, expected the number of a build, such as 7")
    if refresh and (offline or version is not None):
        other = "offline" if offline else "version"
        raise InvalidInputError(f"refresh builds anew, which {other} rules out; leave one out")
    return Request(
        impulse, variant, engine, target, version,
        wanted_forms(form, target, backend), runner_targets(), refresh,
    )  # fmt: skip


def _check_kind(name: str, value: Any, kinds: tuple[type, ...]) -> None:
    if value is not None and (not isinstance(value, kinds) or isinstance(value, bool)):
        expected = " or ".join(kind.__name__ for kind in kinds)
        raise InvalidInputError(f"{name} is a {type(value).__name__}, expected {expected}")


def wishes_offline(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether ``EI_RUNNER_OFFLINE`` forbids to ask Studio."""
    return _is_on(OFFLINE_VARIABLE, environment)


def needs_network(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether ``USE_FULL_TFLITE`` asks for a build whose network full TensorFlow Lite can run."""
    return _is_on(FULL_TFLITE_VARIABLE, environment)


def _is_on(name: str, environment: Mapping[str, str]) -> bool:
    return environment.get(name, "").strip().lower() not in _NO
