"""A file is checked before it is started, and what is wrong with it is said."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import _core as extension

from ei_runner_core import (
    BackendUnavailableError,
    EdgeImpulseError,
    InvalidInputError,
    ModelFormatError,
    ModelNotFoundError,
    UnsupportedModelError,
)
from ei_runner_core.authoring.native_files import machines, this_machine
from ei_runner_eim.process import EimProcess, PrivateFolder, places, prepare

MACHINES = {"x86_64": 62, "aarch64": 183, "arm": 40, "i386": 3, "riscv64": 243}
SYSTEM, MACHINE = this_machine()
OTHER = "aarch64" if MACHINE != "aarch64" else "x86_64"
linux_only = pytest.mark.skipif(SYSTEM != "linux", reason="what Linux runs")
Checker = Callable[..., Path]


@pytest.fixture
def folder() -> Iterator[PrivateFolder]:
    made = PrivateFolder.choose()
    yield made
    made.remove()


@pytest.fixture
def check(tmp_path: Path, folder: PrivateFolder) -> Checker:
    def checker(content: bytes, mode: int = 0o755, how: str = "copy") -> Path:
        path = tmp_path / "model.eim"
        path.write_bytes(content)
        path.chmod(mode)
        return prepare(path, folder, how)

    return checker


def elf(
    machine: str = MACHINE,
    kind: int = 2,
    loader: bytes = b"",
    is_64: bool = True,
    order: str = "<",
    sections: int = 0,
) -> bytes:
    """The head of a program, one loaded part with its loader's name, and a section table."""
    word = "Q" if is_64 else "I"
    head_size, part_size, section_size = (64, 56, 64) if is_64 else (52, 32, 40)
    name_at = head_size + 2 * part_size
    name = loader + b"\0" if loader else b""
    content_end = name_at + len(name) + 64
    head = struct.pack(
        f"{order}4sBBBB8xHHI{word * 3}IHHHHHH",
        b"\x7fELF", 2 if is_64 else 1, 1 if order == "<" else 2, 1, 0,
        kind, MACHINES.get(machine, 9999), 1, 0x1000,
        head_size, content_end if sections else 0, 0,
        head_size, part_size, 2, section_size, sections, 0,
    )  # fmt: skip

    def part(what: int, at: int, size: int) -> bytes:
        if is_64:
            return struct.pack(f"{order}IIQQQQQQ", what, 5, at, at, at, size, size, 1)
        return struct.pack(f"{order}IIIIIIII", what, at, at, at, size, size, 5, 1)

    parts = part(1, 0, content_end) + part(3 if loader else 4, name_at, len(name))
    return head + parts + name + bytes(64) + bytes(sections * section_size)


def mach(cpu: int = 0x0100000C) -> bytes:
    """A program for macOS with one segment of 4096 bytes."""
    segment = struct.pack("<II16sQQQQIIII", 0x19, 72, b"__TEXT", 0, 4096, 0, 4096, 5, 5, 0, 0)
    head = struct.pack("<IIIIIIII", 0xFEEDFACF, cpu, 0, 2, 1, len(segment), 0, 0)
    return (head + segment).ljust(4096, b"\0")


def fat(size: int = 4096) -> bytes:
    """One for two processors."""
    entries = struct.pack(">IIIII", 0x01000007, 3, 4096, size, 12)
    entries += struct.pack(">IIIII", 0x0100000C, 0, 8192, size, 12)
    return (struct.pack(">II", 0xCAFEBABE, 2) + entries).ljust(12288, b"\0")


def test_a_program_for_this_machine_is_started_where_it_lies(folder):
    path = Path(sys.executable).resolve()

    assert prepare(path, folder, "never") == path


def test_a_missing_file_is_said_to_be_missing(tmp_path, folder):
    with pytest.raises(ModelNotFoundError, match=r"nothing\.eim.*No such file"):
        prepare(tmp_path / "nothing.eim", folder, "copy")


def test_folders_and_pipes_are_no_models(tmp_path, folder):
    os.mkfifo(tmp_path / "pipe")

    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(ModelFormatError, match="no regular file"):
            prepare(path, folder, "copy")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "an empty file"),
        (b"hello world\n", "a text file that begins with 'hello world"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
        (b"PK\x03\x04" + bytes(50), "a zip archive"),
        (b"\x1c\0\0\0TFL3" + bytes(50), r"\.tflite"),
        (b"\0\1\2\3" * 20, "a file of an unknown kind"),
        (b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(50), "a file of an unknown kind"),
    ],
)
@pytest.mark.parametrize("mode", [0o755, 0o644])
def test_what_is_no_program_is_said_to_be_none(check, content, kind, mode):
    with pytest.raises(ModelFormatError, match=kind) as caught:
        check(content, mode)

    assert "\n" not in str(caught.value)


@linux_only
@pytest.mark.parametrize("machine", sorted(MACHINES))
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_program_for_another_processor_names_both(check, monkeypatch, machine, order):
    monkeypatch.setattr(machines, "_EMULATORS", Path("/nowhere"))
    runs = {MACHINE, *machines._ALSO_RUNS.get(MACHINE, ())}
    is_64 = machine not in ("arm", "i386")
    if machine in runs and order == "<":
        assert check(elf(machine, is_64=is_64)).name == "model.eim"
        return

    with pytest.raises(
        UnsupportedModelError,
        match=f"built for {machine} Linux, this machine is {MACHINE} Linux: download the model for",
    ):
        check(elf(machine, is_64=is_64, order=order))


@linux_only
def test_another_processor_is_told_before_any_damage(check):
    for size in (20, 64, 100):
        with pytest.raises(UnsupportedModelError, match=f"built for {OTHER} Linux"):
            check(elf(OTHER, sections=2)[:size])


@linux_only
def test_an_unknown_processor_is_named_by_its_number(check):
    with pytest.raises(UnsupportedModelError, match="processor type 9999"):
        check(elf("another"))


@linux_only
def test_what_an_emulator_is_registered_for_is_left_to_it(check, monkeypatch, tmp_path):
    rule = "enabled\ninterpreter /usr/bin/other\nflags: \noffset 0\n"
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "other").write_text(
        f"{rule}magic 7f454c460201010000000000000000000200"
        f"{MACHINES[OTHER]:02x}00\nmask ffffffffffffff00fffffffffffffffffeffffff\n"
    )
    monkeypatch.setattr(machines, "_EMULATORS", tmp_path / "rules")

    assert check(elf(OTHER, loader=b"/of/another/system")).name == "model.eim"
    with pytest.raises(UnsupportedModelError):
        check(elf("riscv64"))


@linux_only
def test_a_program_for_macos_or_windows_names_both_systems(check):
    for content, built in [(mach(), "aarch64 macOS"), (fat(), "x86_64 and aarch64 macOS")]:
        with pytest.raises(UnsupportedModelError, match=f"built for {built}, .* {MACHINE} Linux"):
            check(content)
    with pytest.raises(UnsupportedModelError, match="Windows"):
        check(b"MZ" + bytes(100))


@linux_only
@pytest.mark.parametrize("is_64", [True, False])
def test_a_program_that_is_cut_off_anywhere_is_one_clear_error(check, is_64):
    machine = MACHINE if is_64 else {"x86_64": "i386", "aarch64": "arm"}.get(MACHINE, MACHINE)
    whole = elf(machine, is_64=is_64, sections=3)
    assert check(whole)

    for size in (*range(4, 70), *range(70, len(whole), 7), len(whole) - 1):
        with pytest.raises(ModelFormatError, match=r"cut off.*download it again"):
            check(whole[:size])


def test_a_program_for_macos_that_is_cut_off_is_one_clear_error(check):
    for whole in (mach(), fat()):
        for size in (4, 8, 20, 40, len(whole) - 1):
            with pytest.raises(ModelFormatError, match="cut off"):
                check(whole[:size])


def test_object_files_are_no_programs(check):
    with pytest.raises(ModelFormatError, match="no program"):
        check(elf(kind=1))


@linux_only
def test_shared_libraries_are_no_programs(check):
    library = Path(extension.__file__).read_bytes()

    with pytest.raises(ModelFormatError, match="an object file or a library and no program"):
        check(library)


@linux_only
def test_damage_in_the_head_is_never_more_than_an_error(check):
    whole = elf(sections=2, loader=b"/lib/ld-nothing.so")
    for position in range(4, 64):
        for value in (0, 1, 0x7F, 0xFF):
            content = bytearray(whole)
            content[position] = value
            try:
                check(bytes(content))
            except EdgeImpulseError as error:
                assert "\n" not in str(error)  # noqa: PT017


@linux_only
def test_a_missing_loader_is_named(check):
    with pytest.raises(UnsupportedModelError, match=r"loader /lib/ld-musl-none\.so\.1.*C library"):
        check(elf(loader=b"/lib/ld-musl-none.so.1"))


def test_scripts_are_programs_if_their_interpreter_is_there(check):
    assert check(b"#!/bin/sh\n")
    assert check(b"#!/usr/bin/env -S sh -e\n")
    assert check(b"#! /bin/sh -e\n")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"#!/no/such/python3 -I\n", "'/no/such/python3'"),
        (b"#!/usr/bin/env no-such-python\n", "'no-such-python'.*PATH"),
        (b"#!/usr/bin/env -S no-such-python -I\n", "'no-such-python'.*PATH"),
        (b"#!\n", "''"),
        (b"#!/usr/bin", "'/usr/bin'"),  # cut off, a folder is left
    ],
)
def test_a_script_without_its_interpreter_names_it(check, line, told):
    with pytest.raises(UnsupportedModelError, match=told):
        check(line)


def test_a_script_with_line_ends_of_windows_is_said_to_have_them(check):
    with pytest.raises(ModelFormatError, match="Windows.*dos2unix"):
        check(b"#!/bin/sh\r\nexit 0\r\n")


def test_without_the_run_bit_a_private_copy_is_started(check, tmp_path, folder):
    executable = check(b"#!/bin/sh\nexit 0\n", mode=0o644)

    assert executable.is_relative_to(folder.path)
    assert executable.name == "model.eim"
    folder.create()
    assert executable.stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "model.eim").stat().st_mode & 0o777 == 0o644
    assert subprocess.run([executable], check=False).returncode == 0


def test_a_copy_never_lies_where_the_socket_will_be(tmp_path, folder):
    path = tmp_path / folder.socket.name
    path.write_bytes(b"#!/bin/sh\n")

    assert prepare(path, folder, "copy") != folder.socket


def test_in_place_the_file_itself_gets_the_run_bit(check, tmp_path):
    assert check(b"#!/bin/sh\n", mode=0o640, how="in-place") == tmp_path / "model.eim"
    assert (tmp_path / "model.eim").stat().st_mode & 0o777 == 0o750


def test_without_leave_a_file_without_run_bit_is_refused(check, tmp_path):
    with pytest.raises(InvalidInputError, match=r"model\.eim is not executable: run chmod \+x"):
        check(b"#!/bin/sh\n", mode=0o644, how="never")
    assert (tmp_path / "model.eim").stat().st_mode & 0o777 == 0o644


def test_where_no_copy_may_run_that_is_said(check, monkeypatch):
    monkeypatch.setattr(places, "_forbids_execution", lambda place: True)

    with pytest.raises(BackendUnavailableError, match=r"noexec.*chmod \+x.*TMPDIR"):
        check(b"#!/bin/sh\n", mode=0o644)


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_file_that_cannot_be_read_is_said_to_be(check):
    with pytest.raises(InvalidInputError, match="cannot read"):
        check(b"#!/bin/sh\n", mode=0)


def test_a_private_folder_is_for_this_user_alone():
    folder = PrivateFolder.choose()

    assert not folder.path.exists()
    folder.create()
    assert folder.path.stat().st_mode & 0o777 == 0o700
    (folder.path / "a").mkdir()
    (folder.path / "a" / "b").write_bytes(b"")
    folder.remove()
    folder.remove()
    assert not folder.path.exists()


def test_a_private_folder_goes_with_its_last_reference():
    folder = PrivateFolder.choose()
    folder.create()
    path = folder.path
    del folder

    assert not path.exists()


def test_a_forked_child_does_not_remove_its_parents_folder():
    folder = PrivateFolder.choose()
    folder.create()
    child = os.fork()
    if not child:
        folder.remove()
        os._exit(0)
    os.waitpid(child, 0)

    assert folder.path.exists()
    folder.remove()


@pytest.fixture
def long_tmpdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / ("long" * 50)
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def test_a_place_with_a_long_path_is_passed_over(long_tmpdir):
    folder = PrivateFolder.choose()

    assert not folder.path.is_relative_to(long_tmpdir)
    assert len(os.fsencode(folder.socket)) < 104
    assert not list(long_tmpdir.iterdir())
    folder.remove()


def test_lengths_are_counted_in_bytes(tmp_path, monkeypatch):
    place = tmp_path / "é"
    place.mkdir()
    monkeypatch.setattr(places, "LONGEST_SOCKET_PATH", len(str(place / "eim-12345678" / "eim")))
    monkeypatch.setattr(places, "_places", lambda: iter([str(place)]))

    with pytest.raises(BackendUnavailableError, match="bytes"):
        PrivateFolder.choose()


def test_without_any_short_place_the_length_and_the_way_out_are_told(long_tmpdir, monkeypatch):
    monkeypatch.setattr(places, "_places", lambda: iter([str(long_tmpdir), "/no/such/place"]))

    with pytest.raises(
        BackendUnavailableError, match=r"path of \d{3} bytes; /no/such/place.*103 bytes; set TMPDIR"
    ) as caught:
        PrivateFolder.choose()
    assert "\n" not in str(caught.value)


def test_places_that_may_hold_programs_come_first(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    monkeypatch.setattr(places, "LONGEST_SOCKET_PATH", 1000)
    monkeypatch.setattr(places, "_places", lambda: iter([str(tmp_path / "a"), str(tmp_path / "b")]))
    monkeypatch.setattr(places, "_forbids_execution", lambda place: place.endswith("a"))

    folder = PrivateFolder.choose()
    assert folder.path.parent == tmp_path / "b"
    folder.remove()


def test_the_system_has_the_last_word(tmp_path, folder):
    path = tmp_path / "model.eim"
    path.write_bytes(b"no program")
    path.chmod(0o700)

    with pytest.raises(ModelFormatError, match=re.escape("Exec format error")):
        EimProcess.start(path, [], folder=folder, stop_timeout=1)
    assert not folder.path.exists()


@linux_only
def test_a_file_that_is_still_written_is_said_to_be(tmp_path, folder):
    path = tmp_path / "model.eim"
    path.write_bytes(b"#!/bin/sh\n")
    path.chmod(0o700)

    with path.open("ab"), pytest.raises(InvalidInputError, match="somebody still writes to it"):
        EimProcess.start(path, [], folder=folder, stop_timeout=1)
