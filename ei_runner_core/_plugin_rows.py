"""Loading one plugin: what it offers, or why it does not work, as rows."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import pluggy
from msgspec import Struct
from msgspec.structs import replace

from . import hookspecs
from ._entry_points import EntryPoint
from ._plugin_errors import described, shown
from ._plugin_filter import PluginFilter
from ._spec_checks import Spec, Status, is_name, judge
from .contract import BackendSpec, PreprocessorSpec, UploaderSpec

__all__ = ["PluginRow", "load_plugin", "rows_of"]

Kind = Literal["plugin", "backend", "preprocessor", "uploader"]

_HOOKS: dict[str, tuple[Kind, type[Spec]]] = {
    "ei_runner_backends": ("backend", BackendSpec),
    "ei_runner_preprocessors": ("preprocessor", PreprocessorSpec),
    "ei_runner_uploaders": ("uploader", UploaderSpec),
}


class PluginRow(Struct, frozen=True):
    """One line of what was found: a plugin as a whole, or one thing that it offers.

    ``reason`` says why the status is not ``"ok"``. ``plugin`` is the name of the entry point,
    ``distribution`` and ``version`` tell where it comes from. ``spec`` is what was offered, unless
    that is malformed.
    """

    kind: Kind
    name: str
    status: Status
    reason: str = ""
    plugin: str = ""
    distribution: str = ""
    version: str = ""
    spec: Spec | None = None

    @property
    def is_broken_backend(self) -> bool:
        """Whether it is a backend, or a plugin that may bring one, that cannot be used."""
        return self.status != "ok" and self.kind in ("backend", "plugin")


def load_plugin(entry_point: EntryPoint, plugin_filter: PluginFilter) -> Iterator[PluginRow]:
    """Import one plugin, unless it is blocked, and ask what it offers."""
    row = _row_of(entry_point)
    if blocked := plugin_filter.blocks(row.name, row.distribution):
        yield replace(row, status="disabled", reason=blocked)
        return
    try:
        plugin = entry_point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a plugin may fail in any way
        yield replace(row, status="failed", reason=f"its import failed: {described(error)}")
        return
    for offered in rows_of(plugin, row):
        blocked = plugin_filter.blocks(row.name, row.distribution, offered.name)
        yield replace(offered, status="disabled", reason=blocked) if blocked else offered


def rows_of(plugin: object, row: PluginRow) -> list[PluginRow]:
    """What one plugin offers. Each has a manager of its own, so that it cannot disturb others."""
    try:
        return list(_examine(plugin, row))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - its objects may fail when they are looked at
        return [replace(row, status="failed", reason=f"its hooks are wrong: {described(error)}")]


def _row_of(entry_point: EntryPoint) -> PluginRow:
    return PluginRow(
        "plugin",
        entry_point.name,
        "ok",
        plugin=entry_point.name,
        distribution=entry_point.distribution,
        version=entry_point.version,
    )


def _examine(plugin: object, row: PluginRow) -> Iterator[PluginRow]:
    manager = pluggy.PluginManager(hookspecs.ENTRY_POINT_GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(plugin)
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
        if is_hook_like and inspect.isroutine(inspect.getattr_static(plugin, name, None)):
            yield f"{name!r} is not marked with @hookimpl"


def _call(caller: pluggy.HookCaller, row: PluginRow) -> Iterator[PluginRow]:
    kind, spec_type = _HOOKS[caller.name]
    row = replace(row, kind=kind)
    try:
        specs = [spec for answer in caller() for spec in _flat(answer)]
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a hook may fail in any way
        reason = f"its hook {caller.name} failed: {described(error)}"
        yield replace(row, status="failed", reason=reason)
        return
    for spec in specs:
        if isinstance(spec, spec_type):
            yield _judged(spec, row)
        else:
            expected = f"expected {spec_type.__name__}"
            reason = f"its hook {caller.name} returned {shown(spec)}, {expected}"
            yield replace(row, status="failed", reason=reason)


def _judged(spec: Spec, row: PluginRow) -> PluginRow:
    status, reason = judge(spec)
    return replace(
        row,
        name=str(spec.name) if is_name(spec.name) else row.name,
        status=status,
        reason=reason,
        spec=None if status == "failed" else spec,
    )


def _flat(answer: object) -> Iterable[Any]:
    if isinstance(answer, Iterable) and not isinstance(answer, str):
        return answer
    return (answer,)
