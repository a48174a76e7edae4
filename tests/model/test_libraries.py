"""Shared libraries that were built of exports are models."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import pytest
from fake_distributions import hide_backends
from msgspec import _core as extension

from ei_runner_core import BackendNotFoundError, EdgeImpulseModel, ModelFormatError, plugins
from ei_runner_core.locate import locate

pytestmark = pytest.mark.usefixtures("dense")


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A real shared library of this system."""
    return Path(shutil.copy(extension.__file__, tmp_path / "gestures.so"))


def macho(kind: int) -> bytes:
    return struct.pack("<8I", 0xFEEDFACF, 0x0100000C, 0, kind, 0, 0, 0, 0)


def elf_object() -> bytes:
    mark = b"\x7fELF\2\1\1"
    return struct.pack("<16sHHIQQQIHHHHHH", mark, 1, 62, 1, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0)


def test_a_shared_library_is_a_model(library):
    source = locate(library)

    assert (source.path, source.kind, source.impulse) == (library, "library", None)


def test_one_for_macos_is_found_too(tmp_path):
    (tmp_path / "gestures.dylib").write_bytes(macho(6))

    assert locate(tmp_path / "gestures.dylib").kind == "library"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (macho(2), "and is a program; expected"),
        (macho(1), "and is an object file; expected"),
        (elf_object(), "and is an object file; expected"),
        (b"hello", "and is none; expected one that ei-runner build has made"),
        (b"\x7fELF\2\1\1" + bytes(5), "is damaged: it is cut off"),
        (b"\x7fELF\2\1\1" + bytes(80), "is damaged: it has nothing that can be"),
        (b"", "is an empty file"),
    ],
)
def test_what_only_has_the_name_of_a_library_is_one_clear_error(tmp_path, content, what):
    path = tmp_path / "model.so"
    path.write_bytes(content)

    with pytest.raises(ModelFormatError, match=rf"model\.so.* {what}"):
        locate(path)


def test_a_library_that_is_cut_off_is_damaged(library):
    library.write_bytes(library.read_bytes()[:-1000])

    with pytest.raises(ModelFormatError, match=r"gestures\.so is damaged: it is cut off.*build it"):
        locate(library)


def test_a_program_without_the_name_of_a_library_stays_one(library):
    for name in ("gestures", "gestures.so.1", "gestures.eim"):
        assert locate(library.rename(library.with_name(name))).kind == "eim"
        library = library.with_name(name)


def test_a_folder_with_one_library_is_a_model_wherever_its_own_libraries_lie(library, tmp_path):
    folder = tmp_path / "model"
    (folder / "lib").mkdir(parents=True)
    shutil.copy(library, folder / "lib" / "libother.so")
    (folder / "__init__.py").touch()
    assert locate(shutil.copy(library, folder)).path == folder / "gestures.so"

    assert locate(folder).path == folder / "gestures.so"
    assert locate().path == Path("model/gestures.so")


def test_libraries_that_a_library_needs_may_lie_beside_it(library, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    shutil.copy(library, folder / "libengine.so")
    assert locate(folder).path == folder / "libengine.so"
    shutil.copy(library, folder / "gestures.so")
    assert locate(folder).path == folder / "gestures.so"


def test_libraries_beside_another_model_are_its_own(library, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    shutil.copy(library, folder / "delegate.so")
    (folder / "network.tflite").write_bytes(b"\x1c\0\0\0TFL3")

    assert locate(folder).path == folder / "network.tflite"


def test_without_a_backend_for_libraries_the_one_to_install_is_named(library, monkeypatch):
    hide_backends(monkeypatch)
    plugins.refresh()

    with pytest.raises(
        BackendNotFoundError,
        match=r"dense: it opens \.dense, not library.*pip install 'ei-runner\[sdk-ffi\]'",
    ):
        EdgeImpulseModel(library)
