"""Compiling a network ahead of time: from its file to a library and what there is to know of it."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path, PurePath
from typing import Any

from msgspec import Struct

from ei_runner_core import BuildError, Network, UnsupportedModelError
from ei_runner_core.authoring.native_files import Content, Damaged, read_native_file

from .compile_options import CompileOptions
from .compiler import build_executable, load_compiler
from .frontends import import_network
from .linking import find_linker, link
from .manifest import Manifest, problem_of_tensors
from .networks import Imported
from .processors import choose_processor
from .targets import Target, find_target

__all__ = ["CompiledNetwork", "compile_network"]


class CompiledNetwork(Struct, frozen=True):
    """A compiled network: what it is, and the bytes of its shared library."""

    manifest: Manifest
    library: bytes


def compile_network(
    network: Network, options: CompileOptions, target: str = "", workspace: Path | None = None
) -> CompiledNetwork:
    """Compile a network.

    Args:
        network: an ``.onnx`` or ``.tflite`` file.
        options: how.
        target: the platform that shall run it, such as ``"linux-aarch64"``; else this machine.
        workspace: where a folder for the object files may be for now; else where the system has
            such folders.

    Raises:
        ModelNotFoundError: the file cannot be read.
        ModelFormatError: it is damaged.
        UnsupportedModelError: TVM lacks something that it needs, or it has dynamic dimensions.
        InvalidInputError: the target or the processor is unknown, or the shapes do not suit.
        BackendUnavailableError: the compiler is not installed.
        BuildError: nothing is there that links for the target, or it fails.
        DeadlineError: the linker does not end.
    """
    platform = find_target(target)
    content = network.read()
    tvm = load_compiler()
    processor = choose_processor(platform, options.march)
    imported = import_network(network, content, options.input_shapes)
    _check_tensors(imported, network.name)
    linker = find_linker(platform, options.cc)
    executable = build_executable(imported.module, processor, options.optimization, network.name)
    manifest = Manifest(
        name=PurePath(network.name).name,  # the same bytes, wherever the file lies
        source_sha256=hashlib.sha256(content).hexdigest(),
        source_format=network.format,
        target=platform.name,
        triple=platform.triple,
        tvm_version=tvm.__version__,
        inputs=imported.inputs,
        outputs=imported.outputs,
        cpu_features=processor.features,
    )
    return CompiledNetwork(manifest, _library(executable, linker, platform, workspace))


def _check_tensors(imported: Imported, name: str) -> None:
    if problem := problem_of_tensors(imported.inputs, imported.outputs):
        raise UnsupportedModelError(
            f"{name} cannot be a compiled network: {problem}; export it with others, or run it "
            "with another backend"
        )


def _library(
    executable: Any, linker: tuple[str, ...], target: Target, workspace: Path | None
) -> bytes:
    """What the linker makes of the object files, which are gone behind it."""
    with tempfile.TemporaryDirectory(prefix="ei-runner-tvm-", dir=workspace) as folder:
        output = Path(folder) / "network.so"

        def link_objects(_: str, objects: list[str], **__: Any) -> None:
            link(linker, objects, output, target)

        executable.export_library(str(output), fcompile=link_objects, workspace_dir=folder)
        _check_library(output, linker, target)
        return output.read_bytes()


def _check_library(path: Path, linker: tuple[str, ...], target: Target) -> None:
    with path.open("rb") as file:
        try:
            head = read_native_file(Content(file))
        except Damaged:
            head = None
    if head is None or head.damage or target.machine not in head.machines:
        raise BuildError(
            f"{linker[0]} made no {target.machine} library for {target.name}; name another "
            "compiler with the option cc"
        )
