"""Platforms, processors and the compilers that link for them."""

from __future__ import annotations

import io
import os
import shutil
import sys
from pathlib import Path

import pytest

from ei_runner_core import BuildError, DeadlineError, InvalidInputError, UnsupportedModelError
from ei_runner_core.authoring.native_files import Content, read_native_file
from ei_runner_tvm import linking, targets
from ei_runner_tvm.compile_options import CompileOptions
from ei_runner_tvm.compiling import compile_network
from ei_runner_tvm.linking import find_linker, link
from ei_runner_tvm.processors import choose_processor
from ei_runner_tvm.targets import TARGETS, find_target, platform_of, this_platform

HERE = this_platform()
OTHER = "linux-armv7" if HERE != "linux-armv7" else "linux-aarch64"
on_known_platform = pytest.mark.skipif(HERE not in TARGETS, reason="nothing is compiled for it")
on_x86_linux = pytest.mark.skipif(HERE != "linux-x86_64", reason="names processors of x86_64")


def program(folder: Path, name: str, script: str) -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_there_are_the_five_platforms_of_compiled_exports():
    assert list(TARGETS) == [
        "linux-x86_64",
        "linux-aarch64",
        "linux-armv7",
        "mac-arm64",
        "mac-x86_64",
    ]


@on_known_platform
def test_without_a_name_it_is_this_machine():
    assert find_target().name == HERE


def test_an_unknown_target_is_refused_with_those_that_there_are():
    with pytest.raises(InvalidInputError, match="target 'toaster' is unknown.*linux-armv7"):
        find_target("toaster")


def test_a_machine_that_is_no_target_is_told(monkeypatch):
    monkeypatch.setattr(targets, "this_platform", lambda: "linux-riscv64")

    with pytest.raises(UnsupportedModelError, match="this machine \\(linux-riscv64\\)"):
        find_target()


@pytest.mark.parametrize(
    ("triple", "name"),
    [
        ("x86_64-linux-gnu", "linux-x86_64"),
        ("x86_64-pc-linux-gnu", "linux-x86_64"),
        ("amd64-Linux", "linux-x86_64"),
        ("aarch64-unknown-linux-gnu.2.28", "linux-aarch64"),
        ("arm-linux-gnueabihf", "linux-armv7"),
        ("armv7l-Linux", "linux-armv7"),
        ("arm64-apple-darwin23.1.0", "mac-arm64"),
        ("aarch64-unknown-macos.11.0", "mac-arm64"),
        ("x86_64-apple-macosx14", "mac-x86_64"),
        ("riscv64-linux-gnu", "linux-riscv64"),
    ],
)
def test_what_a_compiler_calls_a_platform_is_understood(triple, name):
    assert platform_of(triple) == name


@pytest.mark.parametrize("name", TARGETS)
def test_a_portable_network_needs_no_more_than_the_platform_has(name):
    processor = choose_processor(TARGETS[name], "portable")

    assert processor.features == ()
    assert processor.vector_bits == 128


@on_x86_linux
def test_a_named_processor_tells_what_it_must_have():
    processor = choose_processor(TARGETS["linux-x86_64"], "x86-64-v3")

    assert {"avx2", "fma", "bmi1", "abm"} <= set(processor.features)
    assert processor.vector_bits == 256


def test_a_processor_of_another_kind_is_refused_with_those_that_there_are():
    with pytest.raises(InvalidInputError, match="'znver4', which LLVM does not know.*such as cort"):
        choose_processor(TARGETS["linux-aarch64"], "znver4")


@pytest.mark.parametrize(
    ("name", "march", "alike"),
    [("linux-aarch64", "cortexa72", "cortex-a72"), ("linux-x86_64", "Zen4-znver4", "znver4")],
)
def test_a_processor_that_is_misspelt_is_refused_with_those_that_are_alike(name, march, alike):
    with pytest.raises(InvalidInputError, match=f"such as .*\\b{alike}\\b"):
        choose_processor(TARGETS[name], march)


@on_known_platform
@pytest.mark.parametrize(("name", "is_offered"), [(HERE, True), (OTHER, False)])
def test_native_is_offered_only_for_this_machine(name, is_offered):
    with pytest.raises(InvalidInputError) as caught:
        choose_processor(TARGETS[name], "no-such-processor")

    assert ("'native'" in str(caught.value)) is is_offered


def test_this_very_processor_is_none_of_another_platform():
    with pytest.raises(InvalidInputError, match=f"this machine \\({HERE}\\) and not {OTHER}"):
        choose_processor(TARGETS[OTHER], "native")


@on_known_platform
@pytest.mark.requires("compiler")
class TestLinkers:
    def test_a_missing_compiler_is_told_with_what_to_install(self, monkeypatch, tmp_path):
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.delenv("CXX", raising=False)
        monkeypatch.setattr(linking, "find_spec", lambda name: None)

        with pytest.raises(BuildError, match="no compiler that links for.*(apt|xcode).*ziglang"):
            find_linker(find_target())
        with pytest.raises(BuildError, match="apt install g\\+\\+-arm-linux-gnueabihf"):
            find_linker(TARGETS["linux-armv7"])

    @pytest.mark.parametrize("cc", ["no-such-compiler", "false", "'", "a" * 5000])
    def test_the_option_has_to_name_a_compiler(self, cc):
        with pytest.raises(BuildError, match="of the option cc is no"):
            find_linker(find_target(), cc)

    def test_the_option_has_to_name_a_compiler_for_the_target(self):
        with pytest.raises(BuildError, match=f"makes code for {HERE}, expected.*for {OTHER}"):
            find_linker(TARGETS[OTHER], shutil.which("c++") or "g++")

    def test_the_variable_is_taken_first(self, monkeypatch, tmp_path):
        compiler = program(tmp_path, "my compiler", 'exec c++ "$@"')
        monkeypatch.setenv("CXX", compiler)

        assert find_linker(find_target()) == (compiler,)

    def test_a_variable_that_is_no_compiler_is_told(self, monkeypatch):
        monkeypatch.setenv("CXX", "false")

        with pytest.raises(BuildError, match="CXX=false of the environment is no C"):
            find_linker(find_target())

    def test_a_variable_for_another_platform_is_passed_over(self, monkeypatch, tmp_path):
        other = program(tmp_path, "other", "echo Target: riscv64-linux-gnu >&2")
        monkeypatch.setenv("CXX", other)

        assert find_linker(find_target()) != (other,)

    def test_a_linker_that_fails_is_quoted(self, tmp_path):
        failing = program(tmp_path, "failing", "echo undefined thing >&2; exit 3")

        with pytest.raises(BuildError, match="\\(exit code 3\\): undefined thing; try another"):
            link([failing], [], tmp_path / "out.so", find_target())

    def test_a_linker_that_makes_nothing_is_told(self, tmp_path):
        with pytest.raises(BuildError, match="it says nothing"):
            link(["true"], [], tmp_path / "out.so", find_target())

    def test_a_linker_that_does_not_end_is_ended(self, monkeypatch, tmp_path):
        monkeypatch.setattr(linking, "_DEADLINE", 0.2)
        note = tmp_path / "pid"
        hanging = program(tmp_path, "hanging", f"echo $$ > '{note}'; exec sleep 1000")

        with pytest.raises(DeadlineError, match="within 0.2 s"):
            link([hanging], [], tmp_path / "out.so", find_target())

        if note.exists():
            with pytest.raises(ProcessLookupError):
                os.kill(int(note.read_text()), 0)


def linker_or_skip(name: str) -> None:
    try:
        find_linker(TARGETS[name])
    except BuildError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", TARGETS)
def test_a_cross_compiled_library_is_for_its_platform(dense, name):
    linker_or_skip(name)

    compiled = compile_network(dense.network, CompileOptions(), name)

    head = read_native_file(Content(io.BytesIO(compiled.library)))
    assert (head.kind, head.machines) == ("library", (TARGETS[name].machine,))
    assert head.system == ("macos" if TARGETS[name].is_mac else "linux")
    assert (compiled.manifest.target, compiled.manifest.triple) == (name, TARGETS[name].triple)


@on_x86_linux
def test_an_llvm_without_a_target_is_told(monkeypatch):
    codegen = sys.modules["tvm.target.codegen"]
    monkeypatch.setattr(codegen, "llvm_get_targets", lambda: ("x86_64", "i386"))

    with pytest.raises(InvalidInputError, match="no aarch64 and cannot compile for linux-aarch64"):
        choose_processor(TARGETS["linux-aarch64"], "portable")
