"""Finding plugins: which there are, which work, and why the others do not.

A plugin can break in many ways: its import fails, a hook is misspelt or raises, it was made for
another contract, or two of them want the same name. None of that may disturb the host or another
plugin, so each one is loaded on its own and whatever goes wrong becomes a row with a reason.
"""

from __future__ import annotations

import functools
import inspect
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

import pluggy

from . import hookspecs
from .contract import (
    API_VERSION,
    BackendSpec,
    PreprocessorSpec,
    UploaderSpec,
    current_platform,
)
from .errors import BackendNotFoundError, BackendUnavailableError, PluginError

__all__ = [
    "PluginFilter",
    "PluginRow",
    "Registry",
    "Spec",
    "load_target",
    "refresh",
    "registry",
]

Spec = BackendSpec | PreprocessorSpec | UploaderSpec
Kind = Literal["plugin", "backend", "preprocessor", "uploader"]
Status = Literal["ok", "disabled", "failed", "conflict", "incompatible"]

BUILTIN = "ei-runner"
DISABLE_VARIABLE = "EI_RUNNER_DISABLE"
ALLOW_VARIABLE = "EI_RUNNER_PLUGINS"
FIRST_PARTY_EXTRAS = ("sdk-ffi", "eim", "full-tflite", "onnx", "qnn", "tvm")

_HOOKS: dict[str, tuple[Kind, type[Any]]] = {
    "ei_runner_backends": ("backend", BackendSpec),
    "ei_runner_preprocessors": ("preprocessor", PreprocessorSpec),
    "ei_runner_uploaders": ("uploader", UploaderSpec),
}
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


@dataclass(frozen=True)
class PluginRow:
    """One line of what was found: a plugin as a whole, or one thing that it offers.

    ``reason`` says why the status is not ``"ok"``. ``plugin`` is the name of the entry point,
    ``distribution`` and ``version`` tell where it comes from.
    """

    kind: Kind
    name: str
    status: Status
    reason: str = ""
    plugin: str = ""
    distribution: str = ""
    version: str = ""
    spec: Spec | None = None


@dataclass(frozen=True)
class PluginFilter:
    """Which plugins the user lets in.

    ``disabled`` holds names of plugins, distributions or backends; ``"*"`` blocks everything that
    is not built in. ``allowed`` is ``None`` for all, else only these are let in.
    """

    disabled: frozenset[str] = frozenset()
    allowed: frozenset[str] | None = None

    @classmethod
    def from_environment(cls) -> PluginFilter:
        """Read ``EI_RUNNER_DISABLE`` and ``EI_RUNNER_PLUGINS``."""
        allowed = os.environ.get(ALLOW_VARIABLE)
        return cls(
            _names(os.environ.get(DISABLE_VARIABLE, "")),
            None if allowed is None else _names(allowed),
        )

    def blocks(self, *names: str) -> str:
        """Why something that goes by these names is blocked; empty if it is not."""
        known = {_normal(name) for name in names if name}
        if "*" in self.disabled or known & self.disabled:
            return f"blocked by {DISABLE_VARIABLE}={','.join(sorted(self.disabled))}"
        if self.allowed is not None and not known & self.allowed:
            return f"not listed in {ALLOW_VARIABLE}={','.join(sorted(self.allowed))}"
        return ""


class Registry:
    """All plugins that were found; the mappings hold what can be used."""

    def __init__(self, rows: Iterable[PluginRow]) -> None:
        self.rows: tuple[PluginRow, ...] = tuple(_without_conflicts(tuple(rows)))
        usable = [row for row in self.rows if row.status == "ok"]
        self.backends: Mapping[str, BackendSpec] = {
            row.name: row.spec for row in usable if isinstance(row.spec, BackendSpec)
        }
        self.preprocessors: Mapping[str, PreprocessorSpec] = {
            row.name: row.spec for row in usable if isinstance(row.spec, PreprocessorSpec)
        }
        self.uploaders: Mapping[str, UploaderSpec] = {
            row.name: row.spec for row in usable if isinstance(row.spec, UploaderSpec)
        }

    def backend(self, name: str) -> BackendSpec:
        """The backend of that name.

        Raises:
            PluginError: two plugins offer it.
            BackendUnavailableError: it is there but blocked, broken or made for something else.
            BackendNotFoundError: it is not installed, or there is none of that name.
        """
        spec = self.backends.get(name)
        if spec is not None:
            return spec
        for row in self.rows:
            if name in (row.name, row.plugin) and row.kind in ("backend", "plugin"):
                error = PluginError if row.status == "conflict" else BackendUnavailableError
                raise error(f"the backend {name!r} cannot be used: {row.reason}")
        installed = ", ".join(sorted(self.backends)) or "none"
        if name in FIRST_PARTY_EXTRAS:
            raise BackendNotFoundError(
                f"the backend {name!r} is not installed (installed: {installed}); "
                f"{install_hint(name)}"
            )
        raise BackendNotFoundError(
            f"there is no backend {name!r} (installed: {installed}); "
            "see them all with: ei-runner backends"
        )


def install_hint(extra: str) -> str:
    """The command that installs an extra of ei-runner, as the end of an error message."""
    return f"install it with: pip install 'ei-runner[{extra}]'"


def registry() -> Registry:
    """What is installed, seen through ``EI_RUNNER_DISABLE`` and ``EI_RUNNER_PLUGINS``.

    The answer is remembered for each value of these variables; :func:`refresh` forgets it.
    """
    return _load(PluginFilter.from_environment())


def refresh() -> None:
    """Look for plugins anew at the next call, for a process that installs some."""
    _load.cache_clear()


def load_target(spec: Spec) -> Any:
    """Import what a spec points to.

    Raises:
        BackendUnavailableError: the target of a backend cannot be imported.
        PluginError: that of another plugin cannot.
    """
    module, _, attribute = spec.target.partition(":")
    try:
        return functools.reduce(getattr, attribute.split("."), import_module(module))
    except (Exception, SystemExit) as error:  # a plugin may fail in any way
        kind = BackendUnavailableError if isinstance(spec, BackendSpec) else PluginError
        extra = getattr(spec, "extra", "")
        hint = install_hint(extra) if extra else "reinstall the plugin that brings it"
        raise kind(f"{spec.name!r} cannot be loaded: {_reason(error)}; {hint}") from error


@functools.lru_cache(maxsize=8)
def _load(plugin_filter: PluginFilter) -> Registry:
    from .dsp import plugin as dsp_blocks

    rows = list(_rows_of(dsp_blocks, PluginRow("plugin", "dsp", "ok", "", "dsp", BUILTIN)))
    found = entry_points(group=hookspecs.ENTRY_POINT_GROUP)
    for entry_point in sorted(found, key=lambda e: (e.name, e.value)):
        rows.extend(_load_plugin(entry_point, plugin_filter))
    return Registry(rows)


def _load_plugin(entry_point: EntryPoint, plugin_filter: PluginFilter) -> Iterator[PluginRow]:
    distribution = entry_point.dist
    row = PluginRow(
        "plugin",
        entry_point.name,
        "ok",
        plugin=entry_point.name,
        distribution=distribution.name if distribution else "",
        version=distribution.version if distribution else "",
    )
    if blocked := plugin_filter.blocks(row.name, row.distribution):
        yield replace(row, status="disabled", reason=blocked)
        return
    try:
        plugin = entry_point.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may fail in any way
        yield replace(row, status="failed", reason=f"its import failed: {_reason(error)}")
        return
    for offered in _rows_of(plugin, row):
        blocked = plugin_filter.blocks(row.name, row.distribution, offered.name)
        yield replace(offered, status="disabled", reason=blocked) if blocked else offered


def _rows_of(plugin: object, row: PluginRow) -> Iterator[PluginRow]:
    """What one plugin offers. Each has a manager of its own, so that it cannot disturb others."""
    manager = pluggy.PluginManager(hookspecs.ENTRY_POINT_GROUP)
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(plugin)
    except Exception as error:  # noqa: BLE001 - pluggy inspects the plugin, which may fail
        yield replace(row, status="failed", reason=f"its hooks are wrong: {_reason(error)}")
        return
    callers = manager.get_hookcallers(plugin) or []
    problems = [*_unknown_hooks(callers), *_unmarked_hooks(plugin, callers)]
    if not callers and not problems:
        problems = [f"it implements none of the hooks {', '.join(_HOOKS)}"]
    if problems:
        yield replace(row, status="failed", reason="; ".join(problems))
    for caller in callers:
        if caller.name in _HOOKS:
            yield from _call(caller, row)


def _unknown_hooks(callers: Iterable[pluggy.HookCaller]) -> Iterator[str]:
    for caller in callers:
        if caller.name not in _HOOKS:
            yield f"there is no hook {caller.name!r}, only {', '.join(_HOOKS)}"


def _unmarked_hooks(plugin: object, callers: Iterable[pluggy.HookCaller]) -> Iterator[str]:
    marked = {caller.name for caller in callers}
    for name in dir(plugin):
        is_hook_like = name.startswith("ei_runner_") and name not in marked
        if is_hook_like and inspect.isroutine(inspect.getattr_static(plugin, name)):
            yield f"{name!r} is not marked with @hookimpl"


def _call(caller: pluggy.HookCaller, row: PluginRow) -> Iterator[PluginRow]:
    kind, spec_type = _HOOKS[caller.name]
    try:
        specs = [spec for answer in caller() for spec in _flat(answer)]
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a hook may fail in any way
        reason = f"its hook {caller.name} failed: {_reason(error)}"
        yield replace(row, kind=kind, status="failed", reason=reason)
        return
    for spec in specs:
        if isinstance(spec, spec_type):
            status, reason = _judge(spec)
            yield replace(
                row, kind=kind, name=str(spec.name), status=status, reason=reason, spec=spec
            )
        else:
            reason = f"its hook {caller.name} returned {spec!r}, expected {spec_type.__name__}"
            yield replace(row, kind=kind, status="failed", reason=reason)


def _flat(answer: object) -> Iterable[Any]:
    if isinstance(answer, Iterable) and not isinstance(answer, str):
        return answer
    return (answer,)


def _judge(spec: Spec) -> tuple[Status, str]:
    """Whether a spec can be used on this machine by this version of the core."""
    api: object = spec.api  # whatever a stranger wrote
    if api != API_VERSION:
        newer = isinstance(api, int) and api > API_VERSION
        todo = "pip install -U ei-runner" if newer else "upgrade the plugin"
        return "incompatible", (
            f"it is made for version {api!r} of the plugin contract, this ei-runner has "
            f"{API_VERSION}; {todo}"
        )
    for field, pattern in (("name", _NAME), ("target", _TARGET)):
        value = getattr(spec, field)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            return "failed", f"its spec has a bad {field} {value!r}, expected {pattern.pattern}"
    return _judge_backend(spec) if isinstance(spec, BackendSpec) else ("ok", "")


def _judge_backend(spec: BackendSpec) -> tuple[Status, str]:
    if spec.kind not in ("tensor", "impulse"):
        return "failed", f'its spec has the kind {spec.kind!r}, expected "tensor" or "impulse"'
    here = current_platform()
    if spec.platforms and not any(here.startswith(platform) for platform in spec.platforms):
        return "incompatible", f"it runs on {', '.join(spec.platforms)}; this is {here}"
    return "ok", ""


def _without_conflicts(rows: tuple[PluginRow, ...]) -> Iterator[PluginRow]:
    """Equal names are nobody's, except that a built-in keeps its own."""
    offers: dict[tuple[str, str], list[PluginRow]] = defaultdict(list)
    for row in rows:
        if row.status == "ok" and row.spec is not None:
            offers[row.kind, row.name].append(row)
    for row in rows:
        rivals = [other for other in offers[row.kind, row.name] if other is not row]
        if row.status == "ok" and row.spec is not None and rivals and row.distribution != BUILTIN:
            yield replace(row, status="conflict", reason=_conflict(row, rivals))
        else:
            yield row


def _conflict(row: PluginRow, rivals: list[PluginRow]) -> str:
    others = ", ".join(sorted({rival.distribution or rival.plugin for rival in rivals}))
    return (
        f"the {row.kind} {row.name!r} of {row.distribution or row.plugin} is also offered by "
        f"{others}; block one of them, for example with {DISABLE_VARIABLE}={others.split(',')[0]}"
    )


def _reason(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def _names(text: str) -> frozenset[str]:
    return frozenset(_normal(name) for name in text.split(",") if name.strip())
