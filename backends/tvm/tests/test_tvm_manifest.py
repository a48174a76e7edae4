"""A compiled network is one file, and a damaged one is one clear error."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_core import ModelFormatError, TensorSpec
from ei_runner_tvm.manifest import LIBRARY, MANIFEST, Manifest, pack, unpack

LIBRARY_BYTES = bytes(range(256)) * 3
EXAMPLE = Manifest(
    name="example",
    source_sha256="0" * 64,
    source_format=".onnx",
    target="linux-x86_64",
    triple="x86_64-linux-gnu",
    tvm_version="0.27.0",
    inputs=(TensorSpec("image", (1, 8, 8, 1), "int8", 0.5, -3),),
    outputs=(TensorSpec("scores", (1, 10), "float32"),),
)
PACKED = pack(EXAMPLE, LIBRARY_BYTES)


def zipped(members: list[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def with_manifest(change: Callable[[dict[str, Any]], None]) -> bytes:
    """The example with another manifest."""
    with zipfile.ZipFile(io.BytesIO(PACKED)) as archive:
        manifest = json.loads(archive.read(MANIFEST))
    change(manifest)
    return zipped([(MANIFEST, json.dumps(manifest).encode()), (LIBRARY, LIBRARY_BYTES)])


def test_what_was_packed_is_unpacked():
    assert unpack(PACKED, "network.tvm") == (EXAMPLE, LIBRARY_BYTES)


def test_the_same_network_gives_the_same_bytes():
    assert pack(EXAMPLE, LIBRARY_BYTES) == PACKED


def test_any_zip_program_opens_it():
    with zipfile.ZipFile(io.BytesIO(PACKED)) as archive:
        assert archive.namelist() == [MANIFEST, LIBRARY]
        assert json.loads(archive.read(MANIFEST))["format"] == "ei-runner-tvm"


@given(st.integers(0, len(PACKED) - 1))
def test_a_file_that_is_cut_off_is_refused(length):
    with pytest.raises(ModelFormatError, match=r"network\.tvm"):
        unpack(PACKED[:length], "network.tvm")


@given(st.integers(0, len(PACKED) - 1), st.integers(1, 255))
def test_a_changed_byte_is_refused_or_harmless(position, change):
    damaged = bytearray(PACKED)
    damaged[position] ^= change

    library = LIBRARY_BYTES
    with suppress(ModelFormatError):
        _, library = unpack(bytes(damaged), "network.tvm")
    assert library == LIBRARY_BYTES


@pytest.mark.parametrize(
    "members",
    [
        [],
        [(MANIFEST, b"{}")],
        [(LIBRARY, b"")],
        [(MANIFEST, b"{}"), (LIBRARY, b""), ("more", b"")],
        [(MANIFEST, b"{}"), ("../network.so", b"")],
        [(MANIFEST, b"{}"), ("/network.so", b"")],
        [(MANIFEST, b"{}"), ("network.so/", b"")],
        [(MANIFEST, b"{}"), ("NETWORK.SO", b"")],
    ],
)
def test_other_members_are_refused(members):
    with pytest.raises(ModelFormatError, match="expected manifest.json and network.so"):
        unpack(zipped(members), "network.tvm")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice_is_refused():
    members = [(MANIFEST, b"{}"), (LIBRARY, b"a"), (LIBRARY, b"b")]

    with pytest.raises(ModelFormatError, match="expected manifest.json and network.so"):
        unpack(zipped(members), "network.tvm")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_compressed_member_is_not_even_unpacked(method):
    """So that no small file can become a large one."""
    members = [(MANIFEST, b"{}"), (LIBRARY, bytes(10_000_000))]

    with pytest.raises(ModelFormatError, match="is compressed or encrypted"):
        unpack(zipped(members, method), "network.tvm")


def change_to(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(manifest: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        for parent in parents:
            manifest = manifest[int(parent) if parent.isdigit() else parent]
        manifest[last] = value

    return change


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("format", "another"),
        ("version", 2),
        ("version", "1"),
        ("inputs", []),
        ("outputs", []),
        ("inputs", "image"),
        ("outputs.0.dtype", "object"),
        ("outputs.0.dtype", "complex64"),
        ("inputs.0.shape", [1, -1]),
        ("inputs.0.shape", [0, 4]),
        ("inputs.0.shape", [2**31, 2**31]),
        ("inputs.0.shape", [2**80]),
        ("inputs.0.shape", ["1"]),
        ("inputs.0.scale", -1.0),
        ("inputs.0.zero_point", 10**30),
        ("inputs.0.zero_point", 128),
        ("inputs.0.zero_point", -129),
        ("inputs.0.scale", 0.0),
        ("outputs.0.zero_point", 1),
        ("outputs.0.zero_point", 10**30),
        ("inputs.0.name", None),
        ("target", 5),
        ("surprise", 1),
    ],
)
def test_a_manifest_that_cannot_be_is_refused(path, value):
    content = with_manifest(change_to(path, value))

    with pytest.raises(ModelFormatError, match=r"manifest of network\.tvm") as caught:
        unpack(content, "network.tvm")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text", [b"", b"null", b"[", b"\xff", b'"' + b"a" * 100, b"[" * 100_000, b'{"scale": NaN}']
)
def test_a_manifest_that_is_no_json_is_refused(text):
    with pytest.raises(ModelFormatError, match=r"manifest of network\.tvm cannot be read"):
        unpack(zipped([(MANIFEST, text), (LIBRARY, b"")]), "network.tvm")


def test_two_tensors_of_one_name_are_refused():
    def change(manifest: dict[str, Any]) -> None:
        manifest["inputs"] *= 2

    with pytest.raises(ModelFormatError, match="two inputs have one name"):
        unpack(with_manifest(change), "network.tvm")
