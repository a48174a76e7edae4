"""What the head of a native file tells; whatever a file contains, it is never more than damaged."""

from __future__ import annotations

import io
import re
import struct
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import _core as extension

from ei_runner_core.authoring.native_files import (
    Content,
    Damaged,
    NativeFile,
    explain_loading,
    loads_here,
    machines,
    read_native_file,
    runs_here,
)

MAGICS = (
    b"\x7fELF\x01\x01",
    b"\x7fELF\x01\x02",
    b"\x7fELF\x02\x01",
    b"\x7fELF\x02\x02",
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"\xfe\xed\xfa\xcf",
    b"\xfe\xed\xfa\xce",
    b"\xca\xfe\xba\xbe\0\0\0\2",
    b"MZ",
    b"#!",
)
PROCESSORS = {
    3: "i386", 8: "mips", 20: "ppc", 21: "ppc64", 22: "s390x", 40: "arm", 62: "x86_64",
    183: "aarch64", 243: "riscv64", 258: "loongarch", 4711: "processor type 4711",
}  # fmt: skip
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs a program for Linux")


def read(content: bytes) -> NativeFile | None:
    return read_native_file(Content(io.BytesIO(content)))


def read_or_damaged(content: bytes) -> NativeFile | None:
    """What is told of it; a program is described in one printable line."""
    try:
        program = read(content)
    except Damaged as error:
        assert str(error).isprintable()  # noqa: PT017 - it need not be raised
        return None
    if program is not None:
        assert program.system in ("linux", "macos", "windows")
        assert program.kind in ("program", "library", "object") or program.damage
        assert all(machine.isprintable() for machine in program.machines)
        assert program.machines
        assert program.loader.isprintable()
        assert program.damage.isprintable()
    return program


@pytest.fixture(scope="module")
def real() -> bytes:
    """A small program of this system."""
    return Path("/bin/true").read_bytes()


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_are_more_than_damaged(content):
    read_or_damaged(content)


@settings(deadline=None)
@given(st.sampled_from(MAGICS), st.binary(max_size=300))
def test_no_bytes_behind_the_marks_of_a_program_are_more_than_damaged(magic, content):
    read_or_damaged(magic + content)


@linux_only
@settings(deadline=None)
@given(st.data())
def test_no_change_of_a_real_program_is_more_than_damaged(real, data):
    parts_at, part_size, parts = table_of(real)
    where = st.integers(4, parts_at + part_size * parts + 40)
    changes = data.draw(st.dictionaries(where, st.integers(0, 255), min_size=1, max_size=12))
    content = bytearray(real)
    for at, value in changes.items():
        content[at] = value
    read_or_damaged(bytes(content))


def table_of(content: bytes) -> tuple[int, int, int]:
    """Where the parts of a program are listed, the size of an entry, and how many there are."""
    is_64 = content[4] == 2
    order = "<" if content[5] == 1 else ">"
    (parts_at,) = struct.unpack_from(
        f"{order}{'Q' if is_64 else 'I'}", content, 32 if is_64 else 28
    )
    part_size, parts = struct.unpack_from(f"{order}HH", content, 54 if is_64 else 42)
    return parts_at, part_size, parts


@linux_only
def test_a_real_program_is_whole_and_for_this_system(real):
    program = read(real)

    assert program is not None
    assert (program.system, program.kind, program.damage) == ("linux", "program", "")
    assert program.byte_order == sys.byteorder
    assert runs_here(program)
    assert not loads_here(replace(program, machines=("another",)))
    assert not program.loader or Path(program.loader).exists()


@linux_only
@pytest.mark.parametrize("number", sorted(PROCESSORS))
def test_a_program_for_another_processor_is_told_by_its_name(real, number):
    order = "<" if sys.byteorder == "little" else ">"
    program = read(real[:18] + struct.pack(f"{order}H", number) + real[20:])

    assert program is not None
    assert program.machines == (PROCESSORS[number],)


@linux_only
@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_real_program_that_is_cut_off_has_both_sizes_in_its_damage(real, quarters):
    size = len(real) * quarters // 4
    program = read(real[:size])

    assert program is not None
    assert f"cut off: it has {size} bytes of at least" in program.damage


@linux_only
def test_a_loader_with_an_unprintable_name_is_damage(real):
    program = read(real)
    if program is None or not program.loader:
        pytest.skip("it is linked statically")
    content = real.replace(program.loader.encode(), b"/lib\n" + program.loader.encode()[5:], 1)
    damaged = read(content)

    assert damaged is not None
    assert "loader" in damaged.damage


@linux_only
def test_a_real_shared_library_is_one_and_loads_here():
    library = read(Path(extension.__file__).read_bytes())

    assert library is not None
    assert (library.system, library.kind, library.loader, library.damage) == (
        "linux", "library", "", "",
    )  # fmt: skip
    assert loads_here(library)
    assert not loads_here(replace(library, byte_order="none"))
    assert not loads_here(replace(library, system="macos"))


@linux_only
def test_a_32_bit_process_loads_32_bit_libraries(monkeypatch):
    monkeypatch.setattr(machines, "this_machine", lambda: ("linux", "aarch64"))
    monkeypatch.setattr(machines, "_IS_64_BIT", False)

    assert loads_here(NativeFile("linux", ("arm",), "library", byte_order=sys.byteorder))
    assert not loads_here(NativeFile("linux", ("aarch64",), "library", byte_order=sys.byteorder))


def test_object_files_are_told_from_programs():
    head = struct.pack(
        "<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 1, 62, 1, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0
    )

    assert read(head) == NativeFile("linux", ("x86_64",), "object")
    assert read_macho(1) == NativeFile("macos", ("aarch64",), "object")


def test_movable_files_are_told_apart_by_their_dynamic_part():
    nothing, needed = (0, 0), (1, 0)

    for tags in ([needed], [needed, nothing, (21, 0)], [(0x6FFFFFFB, 1)]):
        assert movable(*tags).kind == "library"
    for tags in ([needed, (21, 0), nothing], [(0x6FFFFFFB, 0x08000001)]):
        assert movable(*tags).kind == "program"


def movable(*tags: tuple[int, int]) -> NativeFile:
    """A program or a library with a dynamic part of these tags."""
    dynamic = b"".join(struct.pack("<QQ", *tag) for tag in tags)
    mark, end = b"\x7fELF\2\1\1", 64 + 56
    head = struct.pack("<16sHHIQQQIHHHHHH", mark, 3, 62, 1, 0x40, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    part = struct.pack("<IIQQQQQQ", 2, 6, end, end, end, len(dynamic), len(dynamic), 8)
    found = read(head + part + dynamic)
    assert found is not None
    return found


@pytest.mark.parametrize(("address", "size"), [(2**45, 1), (0, 2**50), (2**64 - 1, 2**64 - 1)])
def test_a_library_that_asks_for_more_memory_than_there_is_is_damaged(address, size):
    mark, end = b"\x7fELF\2\1\1", 64 + 56
    head = struct.pack("<16sHHIQQQIHHHHHH", mark, 3, 62, 1, 0x40, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    part = struct.pack("<IIQQQQQQ", 1, 5, 0, address, address, end, size, 4096)

    found = read(head + part)

    assert found is not None
    assert "asks for memory up to the address" in found.damage


def read_macho(kind: int) -> NativeFile | None:
    return read(struct.pack("<8I", 0xFEEDFACF, 0x0100000C, 0, kind, 0, 0, 0, 0))


@pytest.mark.parametrize(("number", "kind"), [(2, "program"), (6, "library"), (8, "library")])
def test_kinds_of_files_for_macos_are_told(number, kind):
    assert read_macho(number) == NativeFile("macos", ("aarch64",), kind)


def test_other_files_for_macos_are_damaged():
    found = read_macho(4)

    assert found is not None
    assert (found.kind, found.damage) == ("", "it has nothing that can be started or loaded")


@pytest.mark.parametrize(
    ("kinds", "kind"), [((6, 6), "library"), ((2, 2), "program"), ((2, 6), "")]
)
def test_files_for_several_processors_are_of_one_kind(kinds, kind):
    cpus = (0x01000007, 0x0100000C)
    slices = [
        struct.pack("<8I", 0xFEEDFACF, cpu, 0, k, 0, 0, 0, 0)
        for cpu, k in zip(cpus, kinds, strict=True)
    ]
    places = [48, 80]
    heads = [struct.pack(">5I", cpu, 0, at, 32, 0) for cpu, at in zip(cpus, places, strict=True)]

    found = read(struct.pack(">II", 0xCAFEBABE, 2) + b"".join(heads) + b"".join(slices))

    assert found is not None
    assert (found.machines, found.kind) == (("x86_64", "aarch64"), kind)


def test_a_file_that_shrinks_while_it_is_read_is_damaged():
    file = io.BytesIO(b"\x7fELF\x02\x01" + bytes(100))
    content = Content(file)
    file.truncate(10)

    with pytest.raises(Damaged, match="shorter"):
        read_native_file(content)


@pytest.mark.parametrize("content", [b"", b"\x7f", b"\x7fEL", b"M", b"\xca\xfe\xba"])
def test_less_than_a_mark_is_no_program(content):
    assert read(content) is None


def test_a_head_of_enormous_numbers_is_read_at_once():
    whole = b"\x7fELF\x02\x01" + b"\xff" * 200

    program = read(whole)
    assert program is not None
    assert "cut off" in program.damage


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("libgomp.so.1: cannot open shared object file: No such file", "install the package libgo"),
        ("/x/my.so: undefined", ""),
        ("libmine.so: cannot open shared object file", "libmine.so is missing: .*LD_LIBRARY_PATH"),
        ("Library not loaded: @rpath/libtensorflowlite_c.dylib", "install TensorFlow Lite"),
        ("m.so: wrong ELF class: ELFCLASS32", "built for another processor"),
        ("/lib/libm.so.6: version `GLIBC_2.99' not found (required by m.so)", r"glibc 2\.99"),
        ("libc++: version `GLIBCXX_3.4.99' not found", r"newer libstdc\+\+"),
    ],
)
def test_what_a_loader_says_is_explained_where_its_cause_is_known(said, hint):
    assert re.search(hint, explain_loading(f"first line\n{said}\nlast line")) or not hint
    assert bool(explain_loading(said)) == bool(hint)
