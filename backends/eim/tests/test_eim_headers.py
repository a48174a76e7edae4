"""Whatever a file contains, its head is that of a program, or of none, or said to be damaged."""

from __future__ import annotations

import io
import struct
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ei_runner_eim.process.headers import Content, Damaged, Program, read_program

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


def read(content: bytes) -> Program | None:
    return read_program(Content(io.BytesIO(content)))


def read_or_damaged(content: bytes) -> Program | None:
    """What is told of it; a program is described in one printable line."""
    try:
        program = read(content)
    except Damaged as error:
        assert str(error).isprintable()  # noqa: PT017 - it need not be raised
        return None
    if program is not None:
        assert program.system in ("linux", "macos", "windows")
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
    assert (program.system, program.byte_order, program.damage) == ("linux", sys.byteorder, "")
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


def test_a_file_that_shrinks_while_it_is_read_is_damaged():
    file = io.BytesIO(b"\x7fELF\x02\x01" + bytes(100))
    content = Content(file)
    file.truncate(10)

    with pytest.raises(Damaged, match="shorter"):
        read_program(content)


@pytest.mark.parametrize("content", [b"", b"\x7f", b"\x7fEL", b"M", b"\xca\xfe\xba"])
def test_less_than_a_mark_is_no_program(content):
    assert read(content) is None


def test_a_head_of_enormous_numbers_is_read_at_once():
    whole = b"\x7fELF\x02\x01" + b"\xff" * 200

    program = read(whole)
    assert program is not None
    assert "cut off" in program.damage
