"""Compiling the networks of a model ahead of time, for the backends that do so."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .contract import BackendSpec, ModelSource, Network
from .errors import InvalidInputError, UnsupportedModelError
from .locate import locate
from .plugins import Registry, make_backend, registry
from .reading import NetworkFiles, read_source
from .rewriting import write_with_networks
from .selection import networks_for

__all__ = ["compile_model"]


def compile_model(
    model: str | os.PathLike[str] | ModelSource,
    output: str | os.PathLike[str] | None = None,
    *,
    backend: str,
    target: str = "",
    options: Mapping[str, Any] | None = None,
    impulse: int | str | None = None,
    network: NetworkFiles | None = None,
    force: bool = False,
) -> Path:
    """Compile the networks of a model for an engine, once, and write the model with them.

    Args:
        model: a network file, a bundle (folder or zip) or a C++ export.
        output: where it goes: a file for a network file, else a bundle. ``None`` takes the name of
            the model, with the backend and the target in it, in the working directory.
        backend: the name of the backend that compiles, and that runs the result.
        target: the platform that shall run it, such as ``"linux-aarch64"``; else this one.
        options: the options of the backend.
        impulse: which impulse of an export that holds several.
        network: files to compile in place of those that the model brings.
        force: whether a file, a bundle or an empty folder at the output may be replaced.

    Returns:
        The path of what was written.

    Raises:
        UnsupportedModelError: the backend compiles nothing, or cannot open or compile the network.
        InvalidInputError: an option, the target or the output cannot be used.
        BuildError: the compiler failed, or is missing.
        EdgeImpulseError: the model or the backend cannot be opened.
    """
    plugins = registry()
    spec = plugins.backend(backend)
    if not spec.compiles_to:
        raise UnsupportedModelError(_compiles_nothing(backend, plugins))
    source = read_source(locate(model), impulse, network)
    networks = _networks(spec, source)
    path = Path(output) if output is not None else _default_output(source, spec, target)
    if source.kind != "network" or output is None:
        _check_free(path, force=force)
    compiler = make_backend(spec)
    compiled = {
        block_id: compiler.compile(file, dict(options or {}), target)
        for block_id, file in networks.items()
    }
    return write_with_networks(source, compiled, path, force=force)


def _networks(spec: BackendSpec, source: ModelSource) -> dict[int, Network]:
    networks = networks_for(spec, source)
    suffixes = ", ".join(suffix for suffix in spec.opens if suffix != spec.compiles_to)
    if not networks:
        raise UnsupportedModelError(
            f"{source.path} has no network that {spec.name} compiles, expected {suffixes} files; "
            "name one with network= (--network)"
        )
    done = [network.name for network in networks.values() if network.format == spec.compiles_to]
    if done:
        raise UnsupportedModelError(
            f"{done[0]} is compiled already; compile the file that it was made from ({suffixes})"
        )
    return networks


def _default_output(source: ModelSource, spec: BackendSpec, target: str) -> Path:
    path = source.path.resolve()
    name = path.stem if path.is_file() else path.name
    if source.kind == "network":
        return Path(f"{name}{f'-{target}' if target else ''}{spec.compiles_to}")
    return Path(f"{name}-{spec.name}{f'-{target}' if target else ''}")


def _check_free(path: Path, *, force: bool) -> None:
    """Before the work, not after it."""
    if not force and os.path.lexists(path):
        raise InvalidInputError(
            f"{path} exists already; name another place, or replace it with force (--force)"
        )


def _compiles_nothing(backend: str, plugins: Registry) -> str:
    others = ", ".join(spec.name for spec in plugins.backends.values() if spec.compiles_to)
    return (
        f"the backend {backend!r} compiles nothing ahead of time; backends that do: "
        f"{others or 'none is installed, get one with: pip install ' + repr('ei-runner[tvm]')}"
    )
