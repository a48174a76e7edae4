"""Where compiled networks lie to be loaded: unpacked once, or compiled once, for all processes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from typing import TextIO

import msgspec

import ei_runner_core
from ei_runner_core import BackendUnavailableError, Network
from ei_runner_core.authoring import ContentCache, content_key, progress_stream

from .compile_options import CompileOptions
from .keeping import kept_in
from .machine import describe_processor
from .manifest import LIBRARY, MANIFEST, Manifest, read_manifest, unpack, write_manifest
from .places import HOME_VARIABLE, compiler_version, same_release
from .runtime import Runtime
from .targets import find_target

__all__ = ["Stored", "compiled_ahead", "compiled_network", "unpacked_network"]

_CACHE = "tvm"
_LAYOUT = "4"  # of the entries, and of what is compiled into them
_UNPACKING_S = 600.0
_ERASE_LINE = "\r\x1b[K"
_LOG = logging.getLogger("ei_runner_tvm")


class Stored(msgspec.Struct, frozen=True):
    """A compiled network on disk."""

    manifest: Manifest
    library: Path


def unpacked_network(network: Network) -> Stored:
    """The parts of a ``.tvm`` file.

    Raises:
        ModelNotFoundError: the file cannot be read.
        ModelFormatError: it is damaged, or no compiled network.
    """
    content = network.read()

    def make(folder: Path) -> None:
        _write(folder, *unpack(content, network.name))

    key = content_key("unpacked", _LAYOUT, content)
    return _stored(key, make, network.name, _UNPACKING_S)


def compiled_network(
    network: Network,
    options: CompileOptions,
    runtime: Runtime,
    timeout: float,
    check: Callable[[Stored], None] | None,
) -> Stored:
    """What TVM makes of a network on this machine, now or at an earlier time.

    Args:
        network: an ``.onnx`` or ``.tflite`` file.
        options: how to compile it.
        runtime: what is to run it.
        timeout: seconds to compile it, or to wait for another process that does.
        check: looks at what was compiled now, before others can see it; what it raises is handed
            on, and nothing is kept. What was never looked at is kept apart.

    Raises:
        BackendUnavailableError: the compiler is missing, or is of another TVM than the runtime.
        EdgeImpulseError: as those of ``compile_apart``.
    """
    content = network.read()
    version = compiler_version() or runtime.files.version

    def make(folder: Path) -> None:
        _check_compiler(network, runtime)
        from .compiling_apart import compile_apart

        with _told(f"compiling {network.name} with TVM {version}, once for this machine"):
            compiled = compile_apart(network, options, "", folder, timeout)
        _write(folder, compiled.manifest, compiled.library)
        if check is not None:
            check(Stored(compiled.manifest, folder / LIBRARY))

    purpose = "here" if check is not None else "here, unchecked"
    key = _key_of(purpose, network.format, content, options, version)
    return _stored(key, make, network.name, timeout)


def compiled_ahead(
    network: Network, options: CompileOptions, target: str, timeout: float
) -> Stored:
    """What TVM makes of a network for a target, now or at an earlier time.

    Args:
        network: an ``.onnx`` or ``.tflite`` file.
        options: how to compile it.
        target: the platform that shall run it; empty for this machine.
        timeout: seconds to compile it, or to wait for another process that does.

    Raises:
        EdgeImpulseError: as those of ``compile_apart``.
    """
    find_target(target)
    content = network.read()
    version = compiler_version()

    def make(folder: Path) -> None:
        from .compiling_apart import compile_apart

        for_whom = f"for {target}" if target else "for machines like this one"
        with _told(f"compiling {network.name} with TVM {version} {for_whom}"):
            compiled = compile_apart(network, options, target, folder, timeout)
        _write(folder, compiled.manifest, compiled.library)

    key = _key_of(f"ahead {target}", network.format, content, options, version)
    stored = _stored(key, make, network.name, timeout)
    name = PurePath(network.name).name  # the same content may have had another one
    return Stored(msgspec.structs.replace(stored.manifest, name=name), stored.library)


def _key_of(
    purpose: str, suffix: str, content: bytes, options: CompileOptions, version: str
) -> str:
    chosen = msgspec.json.encode(options, order="sorted")
    # The name of the processor: a home may be shared by machines that differ in it.
    made_by = (version, ei_runner_core.__version__, describe_processor())
    return content_key("compiled", _LAYOUT, purpose, suffix, content, chosen, *made_by)


def _stored(key: str, make: Callable[[Path], None], name: str, timeout: float) -> Stored:
    folder = ContentCache(_CACHE).entry(key, make, timeout=timeout).folder
    with kept_in(folder, name):
        manifest = (folder / MANIFEST).read_bytes()
    return Stored(read_manifest(manifest, name), folder / LIBRARY)


def _write(folder: Path, manifest: Manifest, library: bytes) -> None:
    with kept_in(folder, manifest.name):
        (folder / MANIFEST).write_bytes(write_manifest(manifest))
        (folder / LIBRARY).write_bytes(library)


def _check_compiler(network: Network, runtime: Runtime) -> None:
    if not compiler_version():
        raise BackendUnavailableError(
            f"running {network.name} needs TVM's compiler: pip install 'ei-runner[tvm]'; or "
            "compile it elsewhere with ei-runner compile --backend tvm, and run the .tvm file here"
        )
    if runtime.files.version and not same_release(compiler_version(), runtime.files.version):
        raise BackendUnavailableError(
            f"TVM's compiler is of {compiler_version()}, and the runtime here "
            f"({runtime.files.runtime}) is of {runtime.files.version}: leave out {HOME_VARIABLE} "
            "and the option 'runtime', or name a runtime of the same version"
        )


@contextmanager
def _told(text: str) -> Iterator[None]:
    _LOG.info(text)
    stream = progress_stream()
    if stream is None:
        yield
        return
    _show(stream, f"{text} ...")
    try:
        yield
    finally:
        _show(stream, _ERASE_LINE)


def _show(stream: TextIO, text: str) -> None:
    with suppress(OSError, ValueError):  # a terminal that went away
        stream.write(text)
        stream.flush()
