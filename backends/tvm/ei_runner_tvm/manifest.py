"""A compiled network in one file: a zip of its manifest and its library, neither compressed."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Sequence
from typing import Literal

import msgspec

from ei_runner_core import ModelFormatError, TensorSpec
from ei_runner_core.authoring import one_line

from .messages import shortened

__all__ = [
    "LIBRARY",
    "MANIFEST",
    "Manifest",
    "pack",
    "problem_of_tensors",
    "read_manifest",
    "unpack",
    "write_manifest",
]

MANIFEST, LIBRARY = "manifest.json", "network.so"
"""The members of the zip, and the files of an entry of the cache."""

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same bytes whenever they are made
_REGULAR_FILE = 0o100644 << 16
_ENCRYPTED = 0x1
_LARGEST_TENSOR = 2**31 - 1  # bytes
_ITEM_SIZES = {"bool": 1, "float16": 2, "float32": 4, "float64": 8} | {
    f"{kind}{8 * size}": size for kind in ("int", "uint") for size in (1, 2, 4, 8)
}
_ZIP_ERRORS = (zipfile.BadZipFile, OSError, ValueError, LookupError, EOFError, RuntimeError)


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a compiled network is, and what may run it.

    ``name`` and ``source_format`` are those of the network that was compiled, ``source_sha256`` its
    bytes. ``target`` is the platform (``"linux-aarch64"``), ``triple`` LLVM's name for it.
    ``cpu_features`` lists what a processor must have beyond its baseline, as the kernel of Linux
    spells it; a machine that lacks one would end the process with an illegal instruction.
    """

    name: str
    source_sha256: str
    source_format: str
    target: str
    triple: str
    tvm_version: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    cpu_features: tuple[str, ...] = ()
    format: Literal["ei-runner-tvm"] = "ei-runner-tvm"
    version: Literal[1] = 1


def pack(manifest: Manifest, library: bytes) -> bytes:
    """The file for a compiled network; the same for the same network.

    Args:
        manifest: what it is.
        library: the shared library that TVM exported.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in ((MANIFEST, write_manifest(manifest)), (LIBRARY, library)):
            member = zipfile.ZipInfo(name, _EPOCH)
            member.external_attr = _REGULAR_FILE
            archive.writestr(member, content)
    return buffer.getvalue()


def unpack(content: bytes, name: str) -> tuple[Manifest, bytes]:
    """The manifest and the library of a file that nobody vouches for.

    Args:
        content: the file.
        name: what it is called, for messages.

    Raises:
        ModelFormatError: it is damaged, or no compiled network.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_members(archive.infolist(), name)
            manifest, library = archive.read(MANIFEST), archive.read(LIBRARY)
    except ModelFormatError:
        raise
    except _ZIP_ERRORS as error:
        raise ModelFormatError(
            f"{name} is no compiled network, or is damaged ({one_line(error)}): compile it again"
        ) from error
    return read_manifest(manifest, name), library


def write_manifest(manifest: Manifest) -> bytes:
    """The content of ``manifest.json``."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2)


def read_manifest(content: bytes, name: str) -> Manifest:
    """Read a manifest.

    Raises:
        ModelFormatError: it is damaged, of another version, or describes no tensors that can be.
    """
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (ValueError, RecursionError) as error:
        raise ModelFormatError(
            f"the manifest of {name} cannot be read ({one_line(error)}): compile the network "
            "again, or upgrade ei-runner if a newer one compiled it"
        ) from error
    if problem := problem_of_tensors(manifest.inputs, manifest.outputs):
        raise ModelFormatError(
            f"the manifest of {name} contradicts itself: {problem}; compile the network again"
        )
    return manifest


def problem_of_tensors(inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> str:
    """What a compiled network cannot have of these tensors; empty if nothing."""
    return _problem("input", inputs) or _problem("output", outputs)


def _check_members(members: list[zipfile.ZipInfo], name: str) -> None:
    names = [member.filename for member in members]
    if sorted(names) != [MANIFEST, LIBRARY]:
        listed = ", ".join(map(ascii, names[:4])) or "nothing"
        raise ModelFormatError(
            f"{name} holds {listed}, expected {MANIFEST} and {LIBRARY}: compile the network again"
        )
    for member in members:
        is_plain = member.compress_type == zipfile.ZIP_STORED
        if (
            not is_plain
            or member.flag_bits & _ENCRYPTED
            or member.compress_size != member.file_size
        ):
            raise ModelFormatError(
                f"{member.filename} in {name} is compressed or encrypted, expected a zip that "
                "only stores: compile the network again"
            )


def _problem(role: str, specs: Sequence[TensorSpec]) -> str:
    if not specs:
        return f"it has no {role}s"
    if len({spec.name for spec in specs}) < len(specs):
        return f"two {role}s have one name"
    return next(filter(None, (_problem_of_tensor(role, spec) for spec in specs)), "")


def _problem_of_tensor(role: str, spec: TensorSpec) -> str:
    where = f"the {role} {shortened(ascii(spec.name), 200)}"
    if spec.dtype not in _ITEM_SIZES:
        return f"{where} has the dtype {spec.dtype!a}"
    if any(size < 1 for size in spec.shape):
        return f"{where} has the shape {spec.shape}"
    if math.prod(spec.shape) * _ITEM_SIZES[spec.dtype] > _LARGEST_TENSOR:
        return f"{where} has more than {_LARGEST_TENSOR} bytes"
    if not (math.isfinite(spec.scale) and spec.scale >= 0):
        return f"{where} has the scale {spec.scale}"
    if not _zero_point_fits(spec):
        return f"{where} has the zero point {shortened(str(spec.zero_point), 40)}"
    return ""


def _zero_point_fits(spec: TensorSpec) -> bool:
    """A number of the tensor's own type; 0 for what is not quantised."""
    if not spec.scale or "int" not in spec.dtype:
        return spec.zero_point == 0
    bits = 8 * _ITEM_SIZES[spec.dtype]
    lowest = 0 if spec.dtype.startswith("u") else -(1 << bits - 1)
    return lowest <= spec.zero_point < lowest + (1 << bits)
