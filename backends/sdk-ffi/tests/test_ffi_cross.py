"""Libraries for other machines: compiled here, looked at, and run on an emulated processor.

A test skips where its compiler or emulator is missing. Those of zig run where ``EI_RUNNER_ZIG=1``
is set: for each target it first compiles a C++ library of its own, which takes minutes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection
from ffi_exports import TASKS, scores_of, write_export
from ffi_plan_cases import make_export
from macholib.MachO import MachO
from macholib.SymbolTable import SymbolTable

from ei_runner_sdk_ffi.build.cache import Cache
from ei_runner_sdk_ffi.build.export import read_export
from ei_runner_sdk_ffi.build.options import BuildOptions
from ei_runner_sdk_ffi.build.pipeline import build
from ei_runner_sdk_ffi.build.plan import make_plan
from ei_runner_sdk_ffi.build.targets import TARGETS
from ei_runner_sdk_ffi.build.toolchain import Kind, Toolchain

NATIVE = Path(__file__).parent / "native"
WINDOWS = np.random.default_rng(5).normal(size=(4, TASKS["motion"].window)).astype(np.float32)
TIMEOUT = 60.0


@dataclass(frozen=True)
class Machine:
    """An emulated machine: its emulator, its C compiler, and where that keeps the C library."""

    emulator: str
    prefix: str

    @property
    def run(self) -> tuple[str, ...]:
        return (self.emulator, "-L", f"/usr/{self.prefix}")

    def missing(self) -> list[str]:
        tools = (self.emulator, f"{self.prefix}-gcc", f"{self.prefix}-g++")
        return [tool for tool in tools if shutil.which(tool) is None]


MACHINES = {
    "linux-aarch64": Machine("qemu-aarch64-static", "aarch64-linux-gnu"),
    "linux-armv7": Machine("qemu-arm-static", "arm-linux-gnueabihf"),
}
zig = pytest.mark.skipif(
    not os.environ.get("EI_RUNNER_ZIG"), reason="EI_RUNNER_ZIG=1 is not set: it takes minutes"
)
COMPILERS = [pytest.param("gcc"), pytest.param("zig", marks=zig)]

Builder = Callable[..., Path]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """Builds the small motion model; what was built once is there already."""
    folder = tmp_path_factory.mktemp("ffi_cross")
    write_export(folder / "motion")
    cache = Cache(folder / "cache")

    def builder(target: str, compiler: str, **options: Any) -> Path:
        export = read_export(folder / "motion", sdk=None, cache=cache)
        asked = BuildOptions(target=target, compiler=compiler, **options)
        return build(export, make_plan(export, asked, installed=()), cache=cache).path

    return builder


@pytest.fixture
def machine(target: str) -> Machine:
    machine = MACHINES[target]
    if missing := machine.missing():
        pytest.skip(f"not installed: {', '.join(missing)}")
    return machine


def outcomes(machine: Machine, libraries: Sequence[Path], folder: Path) -> list[dict[str, Any]]:
    """What a C program says that loads libraries on an emulated machine, and unloads them."""
    program, windows = folder / "call_library", folder / "windows.f32"
    windows.write_bytes(WINDOWS.tobytes())
    compiler = (f"{machine.prefix}-gcc", "-Wall", "-Werror", str(NATIVE / "call_library.c"))
    subprocess.run((*compiler, "-o", str(program), "-ldl"), check=True, timeout=TIMEOUT)
    command = (*machine.run, program, windows, str(WINDOWS.shape[1]), *libraries)
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def assert_right(answers: Collection[dict[str, Any]]) -> None:
    assert len(answers) == len(WINDOWS)
    labels = TASKS["motion"].labels
    for window, answer in zip(WINDOWS, answers, strict=True):
        expected = list(scores_of(labels, window).values())
        assert answer["scores"] == pytest.approx(expected, abs=1e-6)


# On an emulated machine


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("target", MACHINES)
def test_a_library_for_another_processor_answers_there_and_ends_well(
    built: Builder, machine: Machine, target: str, compiler: str, tmp_path: Path
) -> None:
    description, *answers = outcomes(machine, [built(target, compiler)], tmp_path)
    assert description["model_parameters"]["labels"] == list(TASKS["motion"].labels)
    assert_right(answers)


@pytest.mark.parametrize("target", MACHINES)
def test_two_libraries_run_side_by_side_on_another_processor(
    built: Builder, machine: Machine, target: str, tmp_path: Path
) -> None:
    first = built(target, "gcc")
    second = shutil.copy(first, tmp_path / "second.so")
    lines = outcomes(machine, [first, second], tmp_path)
    assert len(lines) == 2 * (1 + len(WINDOWS))
    assert_right(lines[2::2])
    assert_right(lines[3::2])


# Looked at


def needed(library: Path) -> tuple[set[str], set[str]]:
    """The libraries that one needs, and the versions of their symbols."""
    with library.open("rb") as file:
        elf = ELFFile(file)
        dynamic = next(s for s in elf.iter_sections() if isinstance(s, DynamicSection))
        names = {tag.needed for tag in dynamic.iter_tags("DT_NEEDED")}
        section = next(s for s in elf.iter_sections() if isinstance(s, GNUVerNeedSection))
        versions = {aux.name for _, auxiliary in section.iter_versions() for aux in auxiliary}
    return names, versions


def exported(library: Path) -> set[str]:
    with library.open("rb") as file:
        section = ELFFile(file).get_section_by_name(".dynsym")
        return {s.name for s in section.iter_symbols() if s.name and s["st_shndx"] != "SHN_UNDEF"}


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("target", MACHINES)
def test_a_library_needs_the_c_library_only_and_shows_nothing_but_its_interface(
    built: Builder, machine: Machine, target: str, compiler: str
) -> None:
    library = built(target, compiler)
    names, versions = needed(library)
    assert not {name for name in names if "c++" in name or "gcc" in name}
    assert not {version for version in versions if "CXX" in version}
    assert {name for name in exported(library) if not name.startswith("ei_runner_")} == set()


def test_without_gccs_start_files_a_library_destroys_its_globals_itself(tmp_path: Path) -> None:
    def extra(kind: Kind, target: str) -> list[str]:
        toolchain = Toolchain(kind, ("c++",), ("cc",), "")
        options = BuildOptions(target=target)
        export = make_export(tmp_path)
        plan = make_plan(export, options, installed=(), toolchain=toolchain)
        return [path.name for path in plan.extra]

    assert extra("zig", "linux-armv7") == ["unloading.cpp"]
    assert extra("gcc", "linux-armv7") == extra("zig", "mac-arm64") == []


@zig
@pytest.mark.parametrize("target", MACHINES)
def test_zig_builds_for_systems_that_are_years_old(built: Builder, target: str) -> None:
    _, versions = needed(built(target, "zig"))
    numbers = [version.split("_")[1].split(".") for version in versions if "GLIBC_" in version]
    assert max((int(major), int(minor)) for major, minor, *_ in numbers) <= (2, 28)


@zig
@pytest.mark.parametrize("target", [name for name in TARGETS if name.startswith("mac-")])
def test_zig_links_a_library_for_a_mac(built: Builder, target: str) -> None:
    file = MachO(str(built(target, "zig")))
    names = {name.decode() for _, name in SymbolTable(file).extdefsyms}
    assert {"_ei_runner_open", "_ei_runner_classify", "_ei_runner_close"} <= names
    commands = [command for _, command, _ in file.headers[0].commands]
    (oldest,) = [command.minos for command in commands if hasattr(command, "minos")]
    assert oldest >> 16 == 11
