"""Whether the spec of a plugin can be used on this machine by this version of the core."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal

from ._platform import current_platform
from ._plugin_errors import shown
from .contract import (
    API_VERSION,
    BackendSpec,
    PreprocessorSpec,
    UploaderSpec,
)

__all__ = ["Spec", "Status", "is_name", "judge"]

Spec = BackendSpec | PreprocessorSpec | UploaderSpec
Status = Literal["ok", "disabled", "failed", "conflict", "incompatible"]
Checks = dict[str, tuple[Callable[[object], bool], str]]

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def judge(spec: Spec) -> tuple[Status, str]:
    """The status of a spec, and the reason if that is not ``"ok"``.

    The types come first, since nothing can be said about a field of a wrong type; what is in the
    fields comes after the version of the contract, which may be one with other rules.
    """
    if reason := _wrong_field(spec, _TYPES):
        return "failed", reason
    if reason := _other_contract(spec):
        return "incompatible", reason
    if reason := _wrong_field(spec, _VALUES):
        return "failed", reason
    if reason := _other_platform(spec):
        return "incompatible", reason
    return "ok", ""


def is_name(value: object) -> bool:
    """Whether something can be the name of what a plugin offers."""
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _wrong_field(spec: Spec, checks: Checks) -> str:
    return next(_wrong_fields(spec, checks), "")


def _wrong_fields(spec: Spec, checks: Checks) -> Iterator[str]:
    for name in spec.__struct_fields__:
        if name in checks:
            is_good, expected = checks[name]
            value = getattr(spec, name)
            if not is_good(value):
                yield f"its spec has a bad {name} {shown(value)}, expected {expected}"


def _other_contract(spec: Spec) -> str:
    if spec.api == API_VERSION:
        return ""
    todo = "pip install -U ei-runner" if spec.api > API_VERSION else "upgrade the plugin"
    return (
        f"it is made for version {shown(spec.api)} of the plugin contract, this ei-runner has "
        f"{API_VERSION}; {todo}"
    )


def _other_platform(spec: Spec) -> str:
    here = current_platform()
    if not isinstance(spec, BackendSpec) or not spec.platforms or here.startswith(spec.platforms):
        return ""
    return f"it runs on {', '.join(spec.platforms)}; this is {here}"


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_texts(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(item, str) for item in value)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_target(value: object) -> bool:
    return isinstance(value, str) and _TARGET.fullmatch(value) is not None


def _is_kind(value: object) -> bool:
    return value in ("tensor", "impulse")


_TYPES: Checks = {
    "name": (_is_text, "a string"),
    "kind": (_is_text, "a string"),
    "target": (_is_text, "a string"),
    "opens": (_is_texts, "a tuple of strings"),
    "platforms": (_is_texts, "a tuple of strings"),
    "summary": (_is_text, "a string"),
    "extra": (_is_text, "a string"),
    "compiles_to": (_is_text, "a string"),
    "python_versions": (_is_text, "a string"),
    "installed_megabytes": (_is_integer, "an integer"),
    "engine_license": (_is_text, "a string"),
    "never_run": (_is_text, "a string"),
    "api": (_is_integer, "an integer"),
}
_VALUES: Checks = {
    "name": (is_name, _NAME.pattern),
    "kind": (_is_kind, '"tensor" or "impulse"'),
    "target": (_is_target, _TARGET.pattern),
}
