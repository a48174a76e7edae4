"""A zip of strangers becomes files in a folder, or one clear error and nothing outside of it."""

from __future__ import annotations

import stat
import warnings
import zipfile
from pathlib import Path

import pytest

from ei_runner_core import InvalidInputError, ModelFormatError
from ei_runner_core.authoring.archives import unpack


def write_zip(path: Path, *members: tuple[str, bytes], mode: int = stat.S_IFREG | 0o644) -> Path:
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # about names that are there twice
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return path


def content_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_files_come_out_as_they_went_in(tmp_path):
    large = bytes(range(256)) * 10_000
    path = write_zip(
        tmp_path / "a.zip", ("top/", b""), ("top/b c/d.h", b"1"), ("top/a.cpp", large), ("é", b"")
    )

    names = unpack(path, tmp_path / "new" / "out")

    assert names == ("top/a.cpp", "top/b c/d.h", "é")
    assert content_of(tmp_path / "new" / "out") == {
        "top/a.cpp": large, "top/b c/d.h": b"1", "é": b"",
    }  # fmt: skip


def test_an_empty_folder_of_a_zip_is_made(tmp_path):
    assert unpack(write_zip(tmp_path / "a.zip", ("a/b/", b"")), tmp_path / "out") == ()
    assert (tmp_path / "out" / "a" / "b").is_dir()


def test_nothing_becomes_executable(tmp_path):
    path = write_zip(tmp_path / "a.zip", ("run.sh", b"#!/bin/sh\n"), mode=stat.S_IFREG | 0o4755)

    unpack(path, tmp_path / "out")

    assert not (tmp_path / "out" / "run.sh").stat().st_mode & 0o7111


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../outside", "a/../../outside", "..\\outside", "a/..", "//outside", "..", "/"],
)
def test_what_leads_out_is_refused(tmp_path, name):
    path = write_zip(tmp_path / "a.zip", ("fine", b""), (name, b"x"))

    with pytest.raises(ModelFormatError, match=r"a\.zip: the member .* leads out"):
        unpack(path, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip"]


@pytest.mark.parametrize(
    "kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK]
)
def test_links_and_special_files_are_refused(tmp_path, kind):
    path = write_zip(tmp_path / "a.zip", ("node", b"/etc/passwd"), mode=kind | 0o644)

    with pytest.raises(ModelFormatError, match="'node' is (a symbolic link|no regular file)"):
        unpack(path, tmp_path / "out")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a", "a"),
        ("a/b", "a//b"),
        ("a/b", "./a/b"),
        ("model.h", "MODEL.h"),
        ("src/a.h", "SRC/b.h"),
        ("straße", "strasse"),
        ("caf\u00e9", "cafe\u0301"),
        ("a", "a/b"),
        ("a/b", "a"),
        ("a/", "A"),
    ],
)
def test_names_that_clash_anywhere_are_refused(tmp_path, first, second):
    path = write_zip(tmp_path / "a.zip", (first, b"1"), (second, b"2"))

    with pytest.raises(ModelFormatError, match="is there twice|clashes with"):
        unpack(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("a" * 256, "too long"),
        ("é" * 200, "too long"),
        ("abc/" * 300 + "x", "too long"),
        ("line\nbreak", "cannot be printed"),
        ("\x1b[2J", "cannot be printed"),
        (".", "no name"),
    ],
)
def test_names_that_make_trouble_are_refused(tmp_path, name, why):
    with pytest.raises(ModelFormatError, match=why) as caught:
        unpack(write_zip(tmp_path / "a.zip", (name, b"")), tmp_path / "out")
    assert "\n" not in str(caught.value)


def test_bombs_are_refused_before_they_go_off(tmp_path):
    path = write_zip(tmp_path / "a.zip", ("bomb", bytes(64 * 1024 * 1024)))

    with pytest.raises(ModelFormatError, match="refused as a zip bomb"):
        unpack(path, tmp_path / "out")


def test_a_member_of_another_size_than_stated_is_refused(tmp_path):
    path = write_zip(tmp_path / "a.zip", ("file", b"0123456789"))
    honest = path.read_bytes()

    for stated in (4, 11):
        wrong = honest.replace((10).to_bytes(4, "little"), stated.to_bytes(4, "little"))
        path.write_bytes(wrong)
        with pytest.raises(ModelFormatError, match=r"a\.zip"):
            unpack(path, tmp_path / f"out{stated}")


def test_a_damaged_member_is_one_clear_error(tmp_path):
    path = write_zip(tmp_path / "a.zip", ("file", bytes(range(256)) * 20))
    damaged = bytearray(path.read_bytes())
    damaged[60] ^= 0xFF
    path.write_bytes(damaged)

    with pytest.raises(ModelFormatError, match="cannot unpack 'file'"):
        unpack(path, tmp_path / "out")


def test_what_is_no_zip_is_one_clear_error(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 and nothing else")

    with pytest.raises(ModelFormatError, match="is not a readable zip"):
        unpack(tmp_path / "a.zip", tmp_path / "out")


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_bytes(b"1")

    with pytest.raises(InvalidInputError, match="is not empty"):
        unpack(write_zip(tmp_path / "a.zip", ("theirs", b"")), tmp_path / "out")
    assert content_of(tmp_path / "out") == {"mine": b"1"}
