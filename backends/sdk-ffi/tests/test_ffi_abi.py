"""The binary interface of a compiled model, as other programs than ours may use it."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from ffi_exports import FAULTS, TASKS, build_library

from ei_runner_sdk_ffi._abi import ffi
from ei_runner_sdk_ffi.library import load_library, unload_library

DISTRIBUTION = Path(__file__).parents[1]
SHIM = DISTRIBUTION / "ei_runner_sdk_ffi" / "shim"
HEADERS = ("ei_runner.h", "tensorflow/ei_runner_network.h")
STRUCTS = ("box", "track", "values", "result", "tensor", "opened", "network")

needs_compiler = pytest.mark.requires("compiler")


def compiler() -> str:
    return next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))))


@pytest.fixture
def library(exported: Any) -> Iterator[Any]:
    """The functions of a model that is opened."""
    path = build_library(exported("motion")).path
    functions = load_library(path, path.read_bytes())
    assert functions.ei_runner_open(ffi.NULL) == 0
    yield functions
    functions.ei_runner_close()
    unload_library(functions)


def classify(library: Any, values: list[float]) -> tuple[int, Any]:
    result = ffi.new("ei_runner_result *")
    window = ffi.new("float[]", values)
    return library.ei_runner_classify(window, len(values), 0, result), result


def test_pythons_side_is_made_from_the_headers(tmp_path: Path) -> None:
    specification = importlib.util.spec_from_file_location("make_abi", DISTRIBUTION / "make_abi.py")
    make_abi = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(make_abi)
    make_abi.make(tmp_path / "_abi.py")
    kept = (DISTRIBUTION / "ei_runner_sdk_ffi" / "_abi.py").read_text()
    assert data_of((tmp_path / "_abi.py").read_text()) == data_of(kept)


def data_of(module: str) -> str:
    """What cffi has written, without the version of cffi that it needs."""
    return re.sub(r"_version = \w+", "", module.partition("ffi = ")[2])


@needs_compiler
@pytest.mark.parametrize("language", ["c", "c++"])
def test_the_headers_are_strict_c(tmp_path: Path, language: str) -> None:
    source = tmp_path / "use.c"
    source.write_text("".join(f'#include "{name}"\n' for name in HEADERS))
    flags = ["-x", language, "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-pedantic"]
    command = [compiler(), *flags, f"-I{SHIM}", str(source)]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (finished.returncode, finished.stderr) == (0, "")


@needs_compiler
def test_python_and_c_agree_on_the_structs(tmp_path: Path) -> None:
    source, program = tmp_path / "sizes.c", tmp_path / "sizes"
    sizes = "".join(f'printf("%zu ", sizeof(ei_runner_{name}));\n' for name in STRUCTS)
    includes = "".join(f'#include "{name}"\n' for name in HEADERS)
    source.write_text(f"#include <stdio.h>\n{includes}int main(void) {{\n{sizes}return 0; }}\n")
    command = [compiler(), "-x", "c", f"-I{SHIM}", str(source), "-o", str(program)]
    subprocess.run(command, check=True, timeout=60)
    told = subprocess.run([program], capture_output=True, text=True, timeout=60, check=True).stdout
    assert list(map(int, told.split())) == [ffi.sizeof(f"ei_runner_{name}") for name in STRUCTS]


@needs_compiler
def test_a_library_shows_nothing_but_the_interface(exported: Any) -> None:
    with build_library(exported("motion")).path.open("rb") as file:
        if file.read(4) != b"\x7fELF":
            pytest.skip("this is no ELF library")
        table = ELFFile(file).get_section_by_name(".dynsym")
        assert isinstance(table, SymbolTableSection)
        shown = {
            symbol.name
            for symbol in table.iter_symbols()
            if symbol["st_shndx"] != "SHN_UNDEF" and symbol.name
        }
    assert {"ei_runner_open", "ei_runner_classify", "ei_runner_close"} <= shown
    assert {name for name in shown if not name.startswith("ei_runner_")} == set()


@needs_compiler
def test_a_library_needs_nothing_but_the_system(exported: Any) -> None:
    with build_library(exported("motion")).path.open("rb") as file:
        if file.read(4) != b"\x7fELF":
            pytest.skip("this is no ELF library")
        dynamic = ELFFile(file).get_section_by_name(".dynamic")
        needed = [tag.needed for tag in dynamic.iter_tags("DT_NEEDED")]
    assert [name for name in needed if not re.match(r"(libc|libm|libpthread|ld-)", name)] == []


@needs_compiler
def test_a_window_is_answered_without_python(library: Any) -> None:
    status, result = classify(library, list(np.arange(12)))
    assert status == 0
    assert result.score_count == 3
    assert sum(ffi.unpack(result.scores, 3)) == pytest.approx(1)
    assert (result.has_anomaly, result.anomaly) == (1, 5.5)
    absent = ("boxes", "cells", "tracks", "counts", "tensors", "detected_label")
    assert all(getattr(result, name) == ffi.NULL for name in absent)


@needs_compiler
@pytest.mark.parametrize(
    ("values", "status"),
    [
        ([0.0] * 11, 2),
        ([0.0] * 13, 2),
        ([], 2),
        ([float("nan")] + [0.0] * 11, 1),
        ([0.0] * 11 + [float("-inf")], 1),
        ([3.4e38, -3.4e38] + [0.0] * 10, 0),
        ([float(FAULTS["fail"])] + [0.0] * 11, -8),
        ([float(FAULTS["throw"])] + [0.0] * 11, 3),
    ],
)
def test_every_fault_has_its_status(library: Any, values: list[float], status: int) -> None:
    assert classify(library, values)[0] == status


@needs_compiler
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_value_that_is_not_finite_is_found_wherever_it_is(library: Any, value: float) -> None:
    windows = [[-3.4e38] * 12 for _ in range(12)]
    for position, window in enumerate(windows):
        window[position] = value
    assert [classify(library, window)[0] for window in windows] == [1] * 12


@needs_compiler
def test_what_was_thrown_is_told(library: Any) -> None:
    classify(library, [float(FAULTS["throw"])] + [0.0] * 11)
    assert ffi.string(library.ei_runner_thrown()) == b"the tensors are in disorder"


@needs_compiler
def test_a_threshold_that_is_not_there_has_a_status(library: Any) -> None:
    value = ffi.new("float *")
    assert library.ei_runner_set_threshold(1, b"min_score", 0.5) == 4
    assert library.ei_runner_get_threshold(1, b"min_score", value) == 4


@needs_compiler
def test_the_description_is_the_hello_reply(library: Any) -> None:
    told = json.loads(ffi.string(library.ei_runner_description()))
    assert told["project"]["owner"] == "Ünal & Co"
    assert tuple(told["model_parameters"]["labels"]) == TASKS["motion"].labels
    assert library.ei_runner_abi() == 1
    assert library.ei_runner_network_host() == 0


@needs_compiler
def test_a_reset_is_legal_at_any_time(library: Any) -> None:
    assert [library.ei_runner_reset() for _ in range(3)] == [0, 0, 0]
    assert classify(library, [0.0] * 12)[0] == 0
