"""From an export to a library: what is compiled, what is taken from the cache, what goes wrong."""

import ctypes
import logging
import re
import shutil
import stat
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from small_exports import FILES, NEEDED, WRAPPER, compiler, plan_of, write_export

from ei_runner_core import BuildError, DeadlineError
from ei_runner_sdk_ffi.build.cache import Cache
from ei_runner_sdk_ffi.build.libraries import BuiltLibrary
from ei_runner_sdk_ffi.build.pipeline import build

pytestmark = pytest.mark.requires("compiler")


class Silent:
    """Progress that keeps the names of what was done."""

    def __init__(self):
        self.names = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def step(self, name, done, total):
        self.names.append(name)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.fixture
def wrapper(tmp_path: Path) -> Path:
    path = tmp_path / "own" / "wrapper.cpp"
    path.parent.mkdir()
    path.write_text(WRAPPER)
    return path


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return write_export(tmp_path / "an export")


def make(export: Path, cache: Cache, wrapper: Path, timeout=60.0, **changes) -> BuiltLibrary:
    plan = plan_of(export, cache, wrapper, **changes)
    return build(plan.export, plan, cache=cache, progress=Silent(), jobs=2, timeout=timeout)


def answer(built: BuiltLibrary, x: int) -> int:
    return ctypes.CDLL(str(built.path)).answer(x)


def leftovers(cache: Cache) -> list[str]:
    return [path.name for path in cache.work.iterdir()]


def compiled_names(built: BuiltLibrary) -> set[str]:
    return {Path(name).name for name in re.findall(r"-c (?:'([^']+)'|(\S+))", "")} or {
        Path(found).name for found in re.findall(r"-c (\S+\.(?:cc|c|cpp))\b", built.log.read_text())
    }


def test_only_the_sources_that_are_needed_are_compiled(export, cache, wrapper):
    built = make(export, cache, wrapper)
    assert answer(built, 5) == (5 + 110) * 2
    assert compiled_names(built) == NEEDED | {"wrapper.cpp", "net_compiled.cpp"}
    assert built.compiled == 6
    assert not built.was_cached
    assert leftovers(cache) == []


def test_an_unchanged_export_is_not_built_again(export, cache, wrapper):
    first = make(export, cache, wrapper)
    again = make(export, cache, wrapper)
    assert again.was_cached
    assert again.compiled == 0
    assert (again.path, again.sha256) == (first.path, first.sha256)
    assert again.seconds < first.seconds


def test_a_second_model_with_the_same_sdk_compiles_only_its_own_files(
    export, cache, wrapper, tmp_path
):
    make(export, cache, wrapper)
    scale = FILES["model-parameters/model_metadata.h"].replace("SCALE 2", "SCALE 3")
    files = {**FILES, "model-parameters/model_metadata.h": scale}
    other = make(write_export(tmp_path / "other", files), cache, wrapper)
    assert compiled_names(other) == {"wrapper.cpp", "net_compiled.cpp"}
    assert answer(other, 0) == 330


def test_the_same_export_elsewhere_is_the_same_library(export, cache, wrapper, tmp_path):
    make(export, cache, wrapper)
    shutil.copytree(export, tmp_path / "moved")
    assert make(tmp_path / "moved", cache, wrapper).was_cached


def test_a_changed_header_of_the_sdk_compiles_what_includes_it(export, cache, wrapper):
    make(export, cache, wrapper)
    (export / "edge-impulse-sdk/dsp/tables.h").write_text("// new\nextern const int table[2];\n")
    built = make(export, cache, wrapper)
    assert compiled_names(built) == {"transform.c", "tables.c"}


def test_a_change_that_is_taken_back_is_found_in_the_cache(export, cache, wrapper):
    first = make(export, cache, wrapper)
    source = export / "edge-impulse-sdk/dsp/tables.c"
    source.write_text(FILES["edge-impulse-sdk/dsp/tables.c"].replace("10", "20"))
    assert answer(make(export, cache, wrapper), 0) == 240
    source.write_text(FILES["edge-impulse-sdk/dsp/tables.c"])
    assert make(export, cache, wrapper).path == first.path


def test_other_flags_make_another_library(export, cache, wrapper):
    make(export, cache, wrapper)
    built = make(export, cache, wrapper, common_flags=("-O1", "-fPIC"))
    assert built.compiled == 6


@pytest.mark.parametrize("damage", [b"", b"not a library", None])
def test_a_damaged_library_is_built_again(export, cache, wrapper, caplog, damage):
    path = make(export, cache, wrapper).path
    path.unlink()
    if damage is not None:
        path.write_bytes(damage)
    with caplog.at_level(logging.WARNING):
        built = make(export, cache, wrapper)
    assert "damaged" in caplog.text
    assert not built.was_cached
    assert built.compiled == 0  # its objects were whole
    assert answer(built, 1) == 222


def test_a_damaged_object_is_compiled_again(export, cache, wrapper):
    built = make(export, cache, wrapper)
    for path in cache.objects.rglob("*.o"):
        path.write_bytes(path.read_bytes()[:100])
    shutil.rmtree(built.path.parent)
    assert make(export, cache, wrapper).compiled == 6


def test_damaged_memos_are_forgotten(export, cache, wrapper):
    built = make(export, cache, wrapper)
    for path in cache.memos.rglob("*"):
        if path.is_file():
            path.write_bytes(b'[{"headers": 3')
    shutil.rmtree(built.path.parent)
    assert answer(make(export, cache, wrapper), 0) == 220


def test_a_definition_that_hides_in_a_macro_is_found_by_its_name(export, cache, wrapper):
    source = export / "edge-impulse-sdk/dsp/transform.c"
    source.write_text("#define F(name) int name(int x)\nF(transform) { return x; }\n")
    built = make(export, cache, wrapper)
    assert answer(built, 0) == 200
    assert "more sources" in built.log.read_text()
    assert "unused.cc" not in compiled_names(built)


def test_a_definition_without_its_name_is_found_by_compiling_everything(export, cache, wrapper):
    source = export / "edge-impulse-sdk/dsp/transform.c"
    source.write_text("#define F(a, b) int a##b(int x)\nF(trans, form) { return x; }\n")
    built = make(export, cache, wrapper)
    assert answer(built, 0) == 200
    assert "unused.cc" in compiled_names(built)  # and broken.cc did not matter


def test_a_symbol_that_nothing_defines_is_named(export, cache, wrapper):
    (export / "edge-impulse-sdk/dsp/transform.c").unlink()
    (export / "edge-impulse-sdk/ops/broken.cc").unlink()
    with pytest.raises(BuildError, match=r"does not link: nothing defines transform;.*log"):
        make(export, cache, wrapper)
    assert leftovers(cache) == []


def test_a_weak_symbol_may_be_missing(export, cache, wrapper):
    source = export / "edge-impulse-sdk/dsp/transform.c"
    source.write_text(
        "int unused(void) __attribute__((weak));\n"
        "int transform(int x) { return unused ? unused() : x; }\n"
    )
    built = make(export, cache, wrapper)
    assert "unused.cc" not in compiled_names(built)
    assert answer(built, 0) == 200


def test_a_file_that_does_not_compile_is_named_with_its_line(export, cache, wrapper):
    (export / "tflite-model/net_compiled.cpp").write_text("int ok;\nthis is no C++;\n")
    with pytest.raises(BuildError) as error:
        make(export, cache, wrapper)
    message = str(error.value)
    assert message.startswith("tflite-model/net_compiled.cpp does not compile: ")
    assert "net_compiled.cpp:2:" in message
    assert "\n" not in message
    log = Path(message.rpartition("all output is in ")[2])
    assert "this is no C++" in log.read_text()


def test_a_missing_header_of_a_vendor_names_the_variable(export, cache, wrapper):
    wrapper.write_text("#include <QnnInterface.h>\n")
    with pytest.raises(BuildError, match="set QNN_SDK_ROOT"):
        make(export, cache, wrapper)


def test_a_compiler_that_is_not_there_is_one_clear_error(export, cache, wrapper):
    toolchain = replace(plan_of(export, cache, wrapper).toolchain, cxx=("no-such-compiler",))
    with pytest.raises(BuildError, match=r"cannot start the compiler no-such-compiler.*install"):
        make(export, cache, wrapper, toolchain=toolchain)
    assert leftovers(cache) == []


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_a_killed_compiler_is_told_as_that(export, cache, wrapper, tmp_path):
    killed = script(tmp_path / "killed", "kill -9 $$")
    toolchain = replace(plan_of(export, cache, wrapper).toolchain, cxx=(str(killed),))
    with pytest.raises(BuildError, match="the compiler was killed.*NUM_JOBS=1"):
        make(export, cache, wrapper, toolchain=toolchain)


def test_a_compiler_that_hangs_is_killed_with_its_children(export, cache, wrapper, tmp_path):
    pid = tmp_path / "pid"
    hanging = script(tmp_path / "hanging", f'sleep 600 &\necho $! > "{pid}.$$"\nwait')
    toolchain = replace(plan_of(export, cache, wrapper).toolchain, cxx=(str(hanging),))
    with pytest.raises(DeadlineError, match="did not finish in time"):
        make(export, cache, wrapper, timeout=1.0, toolchain=toolchain)
    children = [int(path.read_text()) for path in tmp_path.glob("pid.*")]
    assert children
    assert not any(map(is_running, children))
    assert leftovers(cache) == []


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_one_failure_ends_the_other_compilers(export, cache, wrapper, tmp_path):
    slow = script(
        tmp_path / "slow",
        f'case "$*" in *wrapper*) sleep 600;; *) exec {compiler()} "$@";; esac',
    )
    (export / "tflite-model/net_compiled.cpp").write_text("#error broken\n")
    toolchain = replace(plan_of(export, cache, wrapper).toolchain, cxx=(str(slow),))
    started = time.monotonic()
    with pytest.raises(BuildError, match="broken"):
        make(export, cache, wrapper, toolchain=toolchain)
    assert time.monotonic() - started < 30


def test_an_interrupt_ends_the_build_and_its_compilers(export, cache, wrapper, tmp_path):
    class Interrupting(Silent):
        def step(self, name, done, total):
            raise KeyboardInterrupt

    plan = plan_of(export, cache, wrapper)
    with pytest.raises(KeyboardInterrupt):
        build(plan.export, plan, cache=cache, progress=Interrupting(), jobs=2)
    assert leftovers(cache) == []
    assert answer(make(export, cache, wrapper), 0) == 220


@pytest.mark.skipif(sys.platform == "darwin", reason="its compilers make no ELF")
def test_headers_with_strange_names_are_followed(export, cache, wrapper):
    (export / "edge-impulse-sdk/dsp/a b#$c.h").write_text("#define OFFSET 1\n")
    source = export / "edge-impulse-sdk/dsp/transform.c"
    source.write_text('#include "a b#$c.h"\nint transform(int x) { return x + OFFSET; }\n')
    assert answer(make(export, cache, wrapper), 0) == 202
    (export / "edge-impulse-sdk/dsp/a b#$c.h").write_text("#define OFFSET 2\n")
    assert answer(make(export, cache, wrapper), 0) == 204
