"""The three hooks that a plugin can implement.

A plugin is a module (or any object) that an entry point of the group ``ei_runner`` names. It marks
its functions with :data:`hookimpl` and returns specs from them; nothing heavy may be imported
before a spec's target is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from .contract import BackendSpec, PreprocessorSpec, UploaderSpec

__all__ = ["hookimpl"]

ENTRY_POINT_GROUP = "ei_runner"

hookspec = pluggy.HookspecMarker(ENTRY_POINT_GROUP)
hookimpl = pluggy.HookimplMarker(ENTRY_POINT_GROUP)
"""Marks a function of a plugin as the implementation of the hook of the same name."""


@hookspec
def ei_runner_backends() -> BackendSpec | Iterable[BackendSpec]:
    """Return the backend, or all backends, that this plugin brings."""
    raise NotImplementedError


@hookspec
def ei_runner_preprocessors() -> PreprocessorSpec | Iterable[PreprocessorSpec]:
    """Return the signal-processing block, or all blocks, that this plugin brings."""
    raise NotImplementedError


@hookspec
def ei_runner_uploaders() -> UploaderSpec | Iterable[UploaderSpec]:
    """Return the uploader, or all uploaders, that this plugin brings."""
    raise NotImplementedError
