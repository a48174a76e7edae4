"""Compiled networks ("context binaries"), kept by what they were compiled from."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from msgspec import Struct

from ei_runner_core import EdgeImpulseError, InvalidInputError, Network
from ei_runner_core.authoring import ContentCache, content_key
from ei_runner_onnx.engine import Engine, load_network, open_engine
from ei_runner_onnx.network_file import NetworkFile
from ei_runner_onnx.options import Options
from ei_runner_onnx.runtime import load_runtime

from .versions import check_runtime, installed_version

__all__ = ["Compilation", "NoContextError", "open_compiled"]

_FILE = "context.onnx"
_LAYOUT = "1"
_SETTINGS_OF_RUNS = {"htp_performance_mode", "rpc_control_latency"}


class NoContextError(Exception):
    """QNN cannot write down what it makes of the network; it may run all the same."""


class Compilation(Struct, frozen=True):
    """A network, what its file tells, and how QNN is to run it.

    What is seen to before and after compiling needs not be for what was kept, nor be imported.
    """

    network: Network
    content: bytes
    file: NetworkFile
    options: Options
    self_check: bool = True

    def check_before(self) -> None:
        """See that the versions fit, and that QNN can be trusted with all tensors."""
        from .tensor_sizes import check_sizes

        check_runtime(load_runtime().__version__)
        check_sizes(self.network.name, self.content, self.options.input_shapes)

    def check_answers(self, native: Any) -> None:
        """See that what was just compiled answers as the CPU does, unless nobody wants to know."""
        from .self_check import check_answers

        if self.self_check:
            check_answers(self.network, self.content, self.options, native)


def open_compiled(compilation: Compilation) -> Engine:
    """Open what QNN made of a network, which is made now unless that was done before.

    An entry that QNN refuses is made once more.

    Raises:
        NoContextError: there is no such form of the network, or it does not open.
        DeadlineError: another process is making it, and does not finish.
        EdgeImpulseError: QNN does not take the network; nothing is kept then.
    """
    cache, key = ContentCache("qnn"), _key(compilation)
    for _ in range(2):
        entry = cache.entry(key, lambda folder: _compile(compilation, folder))
        try:
            return _open(compilation, entry.folder / _FILE, has_run=not entry.was_made)
        except EdgeImpulseError:
            cache.drop(key)
            if entry.was_made:
                break
    raise NoContextError


def _compile(compilation: Compilation, folder: Path) -> None:
    compilation.check_before()
    writing = {
        "ep.context_enable": "1",
        "ep.context_file_path": str(folder / _FILE),
        "ep.context_embed_mode": "0",
    }
    options = replace(compilation.options, session_options=writing)
    try:
        loaded = load_network(compilation.network, options)
    except InvalidInputError as error:  # either the network does without, or it says why not
        raise NoContextError from error
    if not (folder / _FILE).is_file():
        raise NoContextError
    compilation.check_answers(loaded.native)  # before others can see what was made


def _open(compilation: Compilation, path: Path, *, has_run: bool) -> Engine:
    """A run on zeros shows once that the compiled form works; there is nothing else to it."""
    context = Network(compilation.network.name, ".onnx", path=path)
    quantization = compilation.file.quantization
    return open_engine(context, compilation.options, quantization, has_run=has_run)


def _key(compilation: Compilation) -> str:
    """Of all that decides what is made: a performance mode does not, another library does."""
    options, network = compilation.options, compilation.network
    (provider,) = options.providers
    settings = {
        name: text for name, text in provider.options.items() if name not in _SETTINGS_OF_RUNS
    }
    asked = {
        "settings": settings,
        "library": _identity(settings.get("backend_path")),
        "allow_cpu": options.allow_cpu,
        "input_shapes": dict(options.input_shapes),
        "self_check": compilation.self_check,
    }
    folder = network.path.parent if network.path else Path()
    return content_key(
        _LAYOUT,
        installed_version(),
        load_runtime().__version__,
        f"{sys.platform}-{platform.machine()}",
        json.dumps(asked, sort_keys=True),
        compilation.content,
        *(_digest(folder / location) for location in sorted(set(compilation.file.external_data))),
    )


def _identity(library: str | None) -> list[str | int]:
    """What changes when a library is replaced; reading it would take longer than compiling."""
    if library is None:
        return []
    status = os.stat(library)  # noqa: PTH116 - it is text
    return [library, status.st_size, status.st_mtime_ns]


def _digest(path: Path) -> bytes:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.digest()
