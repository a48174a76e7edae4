"""How the runtime comes to a device that compiles nothing."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ei_runner_core import InvalidInputError
from ei_runner_tvm.copy_runtime import copy_runtime, main
from ei_runner_tvm.places import VERSION_FILE, compiler_version, find_runtime, library_names

LIBRARY, EXTRA = library_names()


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A wheel as that of apache-tvm for another machine, with other bytes for its libraries."""
    path = tmp_path / "apache_tvm-1.2.3-py3-none-manylinux_2_28_aarch64.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in (LIBRARY, EXTRA, "libtvm_compiler.so"):
            archive.writestr(f"tvm/lib/{name}", f"bytes of {name}")
        archive.writestr("apache_tvm-1.2.3.dist-info/METADATA", "Name: apache-tvm\n")
    return path


def test_the_installed_runtime_is_copied_with_its_version(tmp_path):
    folder = copy_runtime(tmp_path / "a" / "runtime")

    assert sorted(path.name for path in folder.iterdir()) == sorted([LIBRARY, EXTRA, VERSION_FILE])
    assert find_runtime(folder).version == compiler_version()
    assert (folder / LIBRARY).read_bytes() == find_runtime().runtime.read_bytes()


def test_a_wheel_for_another_machine_gives_its_runtime(wheel, tmp_path):
    folder = copy_runtime(tmp_path / "runtime", wheel)

    assert sorted(path.name for path in folder.iterdir()) == sorted([LIBRARY, EXTRA, VERSION_FILE])
    assert (folder / LIBRARY).read_text() == f"bytes of {LIBRARY}"
    assert find_runtime(folder).version == "1.2.3"


def test_what_was_copied_before_is_replaced(wheel, tmp_path):
    copy_runtime(tmp_path / "runtime")

    assert find_runtime(copy_runtime(tmp_path / "runtime", wheel)).version == "1.2.3"


@pytest.mark.parametrize("content", [b"", b"no wheel", b"PK\5\6" + bytes(18)])
def test_a_file_that_is_no_wheel_of_tvm_is_refused(tmp_path, content):
    path = tmp_path / "other.whl"
    path.write_bytes(content)

    with pytest.raises(InvalidInputError, match="cannot copy|is no wheel of apache-tvm"):
        copy_runtime(tmp_path / "runtime", path)


def test_a_damaged_wheel_leaves_no_half_of_a_library(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        start = archive.getinfo(f"tvm/lib/{LIBRARY}").header_offset + 30 + len(f"tvm/lib/{LIBRARY}")
    content = bytearray(wheel.read_bytes())
    content[start + 4] ^= 0xFF
    wheel.write_bytes(content)

    with pytest.raises(InvalidInputError, match="cannot copy TVM's runtime: "):
        copy_runtime(tmp_path / "runtime", wheel)
    assert list((tmp_path / "runtime").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(InvalidInputError, match="cannot copy TVM's runtime: "):
        copy_runtime(tmp_path / "file" / "runtime")


def test_the_command_prints_what_tvm_home_is_to_be(tmp_path, wheel, capsys):
    folder = str(tmp_path / "runtime")

    assert main([folder, "--wheel", str(wheel)]) == 0
    assert capsys.readouterr().out == f"{folder}\n"
    assert main([folder, "--wheel", str(tmp_path / "none.whl")]) == 1
    assert capsys.readouterr().err.startswith("error: cannot copy TVM's runtime: ")


def test_the_command_is_a_module(tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "ei_runner_tvm.copy_runtime", str(tmp_path / "runtime")],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert run.stdout == f"{tmp_path / 'runtime'}\n"
