"""Finding plugins: which there are, which work, and why the others do not.

A plugin can break in many ways: its import fails, a hook is misspelt or raises, it was made for
another contract, or two of them want the same name. None of that may disturb the host or another
plugin, so each one is loaded on its own and whatever goes wrong becomes a row with a reason.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any

from msgspec.structs import replace

from ._entry_points import search_entry_points
from ._plugin_errors import blamed_on_plugin, described, shown
from ._plugin_filter import DISABLE_VARIABLE, PluginFilter, normal_name
from ._plugin_rows import PluginRow, load_plugin, rows_of
from ._spec_checks import Spec
from .contract import BackendSpec, PreprocessorSpec, UploaderSpec
from .errors import BackendNotFoundError, BackendUnavailableError, PluginError
from .hookspecs import ENTRY_POINT_GROUP

__all__ = [
    "FIRST_PARTY_EXTRAS",
    "PluginFilter",
    "PluginRow",
    "Registry",
    "Spec",
    "load_target",
    "make_backend",
    "refresh",
    "registry",
]

BUILTIN = "ei-runner"
FIRST_PARTY_EXTRAS = ("sdk-ffi", "eim", "full-tflite", "onnx", "qnn", "tvm")
"""The backends of this project, by the extras that install them."""


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
        """The backend of that name, compared as in ``EI_RUNNER_DISABLE``.

        Raises:
            PluginError: two plugins offer it.
            BackendUnavailableError: it is there but blocked, broken or made for something else.
            BackendNotFoundError: it is not installed, or there is none of that name.
        """
        wanted = normal_name(name)
        for known, spec in self.backends.items():
            if normal_name(known) == wanted:
                return spec
        for row in self.rows:
            if row.is_broken_backend and wanted in map(normal_name, (row.name, row.plugin)):
                error = PluginError if row.status == "conflict" else BackendUnavailableError
                raise error(f"the backend {name!r} cannot be used: {row.reason}")
        installed = ", ".join(sorted(self.backends)) or "none"
        if wanted in FIRST_PARTY_EXTRAS:
            raise BackendNotFoundError(
                f"the backend {name!r} is not installed (installed: {installed}); "
                f"{install_hint(wanted)}"
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
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin may fail in any way
        kind = BackendUnavailableError if isinstance(spec, BackendSpec) else PluginError
        extra = getattr(spec, "extra", "")
        hint = install_hint(extra) if extra else "reinstall the plugin that brings it"
        raise kind(f"{spec.name!r} cannot be loaded: {described(error)}; {hint}") from error


def make_backend(spec: BackendSpec) -> Any:
    """Import the class of a backend and make one.

    Raises:
        BackendUnavailableError: the class cannot be imported or its constructor fails.
        PluginError: the target is not a class.
    """
    target = load_target(spec)
    if not callable(target):
        raise PluginError(
            f"the backend {spec.name!r} breaks the contract: its target {spec.target!r} is "
            f"{shown(target)}, expected a class; upgrade or remove the plugin"
        )
    with blamed_on_plugin(BackendUnavailableError, f"the backend {spec.name!r} cannot be made"):
        return target()


@functools.lru_cache(maxsize=8)
def _load(plugin_filter: PluginFilter) -> Registry:
    from .dsp import plugin as dsp_blocks
    from .uploaders import plugin as uploaders

    rows = rows_of(dsp_blocks, PluginRow("plugin", "dsp", "ok", "", "dsp", BUILTIN))
    rows += rows_of(uploaders, PluginRow("plugin", "uploaders", "ok", "", "uploaders", BUILTIN))
    found, unreadable = search_entry_points(ENTRY_POINT_GROUP)
    for entry_point in found:
        rows.extend(load_plugin(entry_point, plugin_filter))
    for lost in unreadable:
        name = lost.distribution
        rows.append(PluginRow("plugin", name, "failed", lost.reason, name, name))
    return Registry(rows)


def _without_conflicts(rows: tuple[PluginRow, ...]) -> Iterator[PluginRow]:
    """Equal names are nobody's, except that a built-in keeps its own."""
    offers: dict[tuple[str, str], list[PluginRow]] = defaultdict(list)
    for row in rows:
        if row.status == "ok" and row.spec is not None:
            offers[row.kind, normal_name(row.name)].append(row)
    for row in rows:
        rivals = [other for other in offers[row.kind, normal_name(row.name)] if other is not row]
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
