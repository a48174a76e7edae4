"""Which compiler is taken: real ones where they are installed, small programs that answer else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ei_runner_core import BuildError, InvalidInputError
from ei_runner_sdk_ffi.build.options import BuildOptions
from ei_runner_sdk_ffi.build.targets import (
    TARGETS,
    choose_target,
    machine_of,
    named_boards,
    this_machine,
)
from ei_runner_sdk_ffi.build.toolchain import find_toolchain

HERE = this_machine()
ARM = TARGETS["linux-aarch64"]
X86 = TARGETS["linux-x86_64"]

_GCC = """#!/bin/sh
case "$*" in
  *-print-file-name=*) echo {archive} ;;
  *) echo "COLLECT_GCC=$0"; echo "Target: {target}"; echo "gcc version 12 (Distribution)" ;;
esac
"""


def put_compiler(folder: Path, name: str, target: str, archive: str = "libstdc++.a") -> Path:
    program = folder / name
    folder.mkdir(exist_ok=True)
    program.write_text(_GCC.format(target=target, archive=archive))
    program.chmod(0o755)
    return program


@pytest.fixture
def bin_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH on which nothing is but what a test puts there; ziglang is not importable."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr("ei_runner_sdk_ffi.build.toolchain.find_spec", lambda name: None)
    return folder


@pytest.mark.skipif(not (shutil.which("g++") or shutil.which("clang++")), reason="no compiler")
def test_a_compiler_of_this_machine_is_found_and_describes_itself() -> None:
    found = find_toolchain(BuildOptions(), HERE)
    assert found.kind in ("gcc", "clang")
    assert found.identity.startswith(HERE.name)
    assert "version" in found.identity
    assert not found.problem
    assert found == find_toolchain(BuildOptions(), HERE)


@pytest.mark.skipif(not shutil.which("clang++"), reason="no clang")
def test_the_compiler_can_be_chosen() -> None:
    assert find_toolchain(BuildOptions(compiler="clang"), HERE).kind == "clang"


def test_gcc_comes_first_and_cxx_before_it(bin_only: Path, tmp_path: Path) -> None:
    put_compiler(bin_only, "aarch64-linux-gnu-g++", "aarch64-linux-gnu")
    other = put_compiler(tmp_path / "own tools", "my g++", "aarch64-unknown-linux-gnu")
    assert find_toolchain(BuildOptions(), ARM).cxx[0] == "aarch64-linux-gnu-g++"
    assert find_toolchain(BuildOptions(cxx=str(other)), ARM).cxx == (str(other),)


def test_cxx_of_another_platform_is_passed_over(bin_only: Path) -> None:
    put_compiler(bin_only, "g++-host", "riscv64-linux-gnu")
    put_compiler(bin_only, "aarch64-linux-gnu-g++", "aarch64-linux-gnu")
    found = find_toolchain(BuildOptions(cxx="g++-host", cc="gcc-host"), ARM)
    assert found.cxx[0] == "aarch64-linux-gnu-g++"
    assert "gcc-host" not in found.c


def test_a_compiler_that_is_named_is_not_replaced_by_another(bin_only: Path) -> None:
    put_compiler(bin_only, "wrong", "riscv64-linux-gnu")
    put_compiler(bin_only, "aarch64-linux-gnu-g++", "aarch64-linux-gnu")
    with pytest.raises(BuildError, match=r"tried wrong \(makes code for riscv64-linux-gnu\)"):
        find_toolchain(BuildOptions(compiler="wrong"), ARM)


def test_cxx_may_have_several_words_and_cc_goes_with_it(bin_only: Path) -> None:
    put_compiler(bin_only, "ccache", "aarch64-linux-gnu")
    found = find_toolchain(BuildOptions(cxx="ccache a-g++", cc="ccache a-gcc"), ARM)
    assert (found.cxx, found.c) == (("ccache", "a-g++"), ("ccache", "a-gcc"))


def test_without_cc_the_same_compiler_compiles_c(bin_only: Path) -> None:
    put_compiler(bin_only, "aarch64-linux-gnu-g++", "aarch64-linux-gnu")
    assert find_toolchain(BuildOptions(), ARM).c == ("aarch64-linux-gnu-g++", "-x", "c")


def test_the_runtime_is_linked_statically_only_where_it_can_be(bin_only: Path) -> None:
    put_compiler(bin_only, "with", "aarch64-linux-gnu", "/usr/lib/libstdc++.a")
    put_compiler(bin_only, "without", "aarch64-linux-gnu")
    assert find_toolchain(BuildOptions(compiler="with"), ARM).static_runtime
    assert not find_toolchain(BuildOptions(compiler="without"), ARM).static_runtime


def test_the_identity_does_not_depend_on_where_the_compiler_is(bin_only: Path) -> None:
    put_compiler(bin_only, "one", "aarch64-linux-gnu")
    put_compiler(bin_only, "two", "aarch64-linux-gnu")
    one, two = (find_toolchain(BuildOptions(compiler=name), ARM) for name in ("one", "two"))
    assert one.identity == two.identity
    assert "/" not in one.identity


def test_a_variable_with_a_compiler_that_fails_is_told(bin_only: Path) -> None:
    put_compiler(bin_only, "g++", "x86_64-linux-gnu")
    with pytest.raises(BuildError, match="CXX=no-such of the environment is no C"):
        find_toolchain(BuildOptions(cxx="no-such"), HERE)


def test_for_another_machine_a_compiler_that_fails_is_passed_over(bin_only: Path) -> None:
    put_compiler(bin_only, "aarch64-linux-gnu-g++", "aarch64-linux-gnu")
    broken = bin_only / "broken"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    assert find_toolchain(BuildOptions(cxx="broken"), ARM).cxx[0] == "aarch64-linux-gnu-g++"


@pytest.mark.parametrize("target", [t for t in TARGETS.values() if t != HERE])
def test_without_a_compiler_the_message_says_what_to_install(bin_only: Path, target) -> None:
    with pytest.raises(BuildError, match=rf"{target.name}; tried .*ei-runner-sdk-ffi\[zig\]"):
        find_toolchain(BuildOptions(), target)


def test_without_a_compiler_for_this_machine_either(bin_only: Path) -> None:
    with pytest.raises(BuildError, match=r"g\+\+ \(not found\)|clang\+\+.*\(not found\)"):
        find_toolchain(BuildOptions(), HERE)


def test_zig_on_the_path_builds_for_another_platform(bin_only: Path) -> None:
    put_compiler(bin_only, "zig", "aarch64-unknown-linux5.10.0-gnu2.28.0")
    found = find_toolchain(BuildOptions(), ARM)
    assert found.kind == "zig"
    assert found.cxx == ("zig", "c++", "-target", "aarch64-linux-gnu.2.28")


@pytest.mark.parametrize(
    ("triple", "name"),
    [
        ("x86_64-pc-linux-gnu", "linux-x86_64"),
        ("x86_64-conda-linux-gnu", "linux-x86_64"),
        ("aarch64-linux-gnu", "linux-aarch64"),
        ("arm-linux-gnueabihf", "linux-armv7"),
        ("arm64-apple-darwin23.1.0", "mac-arm64"),
        ("aarch64-unknown-macos", "mac-arm64"),
        ("x86_64-apple-darwin20", "mac-x86_64"),
        ("riscv64-linux-gnu", "linux-riscv64"),
    ],
)
def test_a_platform_is_known_by_what_compilers_call_it(triple: str, name: str) -> None:
    assert machine_of(triple) == name


def test_a_board_stands_for_its_platform() -> None:
    options = BuildOptions(target_am68a=True, target_linux_aarch64=True)
    assert named_boards(options)[:2] == ("target_am68a", "target_tda4vm")
    assert choose_target(options) == ARM
    assert choose_target(BuildOptions()) == HERE


def test_a_board_may_be_named_with_its_own_platform_only() -> None:
    assert choose_target(BuildOptions(target_linux_x86=True, target="linux-x86_64")) == X86
    with pytest.raises(InvalidInputError, match="leave one out"):
        choose_target(BuildOptions(target_linux_x86=True, target="mac-arm64"))
