"""Whether the spec of a plugin can be used on this machine by this version of the core."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import fields

from ._plugin_errors import shown
from .contract import (
    API_VERSION,
    BackendSpec,
    PreprocessorSpec,
    UploaderSpec,
    current_platform,
)

__all__ = ["Spec", "incompatibility", "is_name", "malformed"]

Spec = BackendSpec | PreprocessorSpec | UploaderSpec

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def malformed(spec: Spec) -> str:
    """What is wrong with the fields of a spec; empty if nothing is."""
    return next(_wrong(spec, _TYPES), "")


def incompatibility(spec: Spec) -> str:
    """Why a spec whose fields have the right types is not for here; empty if it is."""
    return _other_contract(spec) or (
        _other_platform(spec) if isinstance(spec, BackendSpec) else ""
    )


def is_name(value: object) -> bool:
    """Whether something can be the name of what a plugin offers."""
    return isinstance(value, str) and _NAME.fullmatch(value) is not None
