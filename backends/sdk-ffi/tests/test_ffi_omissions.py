"""Headers that sources include without using them: they are left out, and never missed."""

from dataclasses import replace
from pathlib import Path

import pytest
from small_exports import FILES, METADATA, WRAPPER, plan_of, write_export

from ei_runner_core import BuildError
from ei_runner_sdk_ffi.build.cache import Cache
from ei_runner_sdk_ffi.build.export import read_export
from ei_runner_sdk_ffi.build.omissions import omissions
from ei_runner_sdk_ffi.build.pipeline import build

LITE = "edge-impulse-sdk/tensorflow/lite"
SCHEMA = f"{LITE}/schema/schema_generated_full.h"
INCLUDED = f'#include "{SCHEMA}"\n'
GUARDED = (
    "#ifndef FLATBUFFERS_GENERATED_SCHEMA_TFLITE_H_\n"
    "#define FLATBUFFERS_GENERATED_SCHEMA_TFLITE_H_\n"
    "inline int version() { return 100; }\n"
    "#endif\n"
)
HIDING = "#define VERSION version()\n"  # what a guess by the text of a source does not see
KERNEL = "namespace ops { int Register_ADD() { return 100; } }\n"
READER = "namespace ops { int Register_ADD() { return VERSION; } }\n"
KERNELS = {
    **FILES,
    SCHEMA: GUARDED,
    f"{LITE}/kernel.h": INCLUDED + HIDING,
    "edge-impulse-sdk/ops/add.cc": "",
}


def including(text: str) -> dict[str, str]:
    """An export whose one kernel includes the schema by a header, and is otherwise this text."""
    return {**KERNELS, f"{LITE}/kernel.cc": f'#include "{LITE}/kernel.h"\n{text}'}


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.fixture
def wrapper(tmp_path: Path) -> Path:
    path = tmp_path / "wrapper.cpp"
    path.write_text(WRAPPER)
    return path


@pytest.fixture
def make(tmp_path, cache, wrapper):
    def make(files, name="export"):
        plan = plan_of(write_export(tmp_path / name, files), cache, wrapper)
        return build(plan.export, plan, cache=cache, jobs=2)

    return make


@pytest.fixture
def left_out(tmp_path, cache, wrapper):
    """Whether something is left out of a source, ``wrapper`` standing for our own."""

    def left_out(source, files, **changes):
        plan = plan_of(write_export(tmp_path / "plan", files), cache, wrapper, **changes)
        return bool(omissions(plan, wrapper if source == "wrapper" else Path(source)))

    return left_out


def test_the_schema_is_left_out_of_kernels_that_do_not_name_it(left_out):
    assert left_out(f"{LITE}/kernel.cc", including(KERNEL))


@pytest.mark.parametrize(
    "use",
    [
        INCLUDED,
        "void plan(const SubGraph *graph);",
        "const Model* model = tflite::GetModel(buffer);",
        "int size(const tflite::Tensor& tensor);",
    ],
)
def test_a_source_that_names_parts_of_the_schema_gets_it(left_out, use):
    assert not left_out(f"{LITE}/kernel.cc", including(use + KERNEL))


def test_only_the_kernels_of_tensorflow_are_guessed_about(left_out):
    assert not left_out("edge-impulse-sdk/dsp/transform.c", including(KERNEL))
    assert not left_out("tflite-model/net_compiled.cpp", including(KERNEL))


def test_nothing_is_left_out_where_one_macro_guards_the_whole_schema(left_out):
    older = {name: text for name, text in including(KERNEL).items() if name != SCHEMA}
    assert not left_out(f"{LITE}/kernel.cc", older)


def test_nothing_is_left_out_beside_the_headers_of_full_tensorflow_lite(left_out):
    assert not left_out(f"{LITE}/kernel.cc", including(KERNEL), network="linked")
    assert not left_out("wrapper", FILES, network="full-tflite")


def test_only_a_network_of_eon_needs_no_interpreter(left_out):
    assert left_out("wrapper", FILES)
    interpreted = METADATA.replace("COMPILED                      1", "COMPILED 0")
    assert not left_out("wrapper", {**FILES, "model-parameters/model_metadata.h": interpreted})


def test_an_sdk_elsewhere_is_treated_alike(tmp_path, cache, wrapper):
    write_export(tmp_path / "sdk", including(KERNEL))
    plan = plan_of(write_export(tmp_path / "export", FILES), cache, wrapper)
    elsewhere = tmp_path / "sdk" / "edge-impulse-sdk"
    export = read_export(tmp_path / "export", sdk=elsewhere, cache=cache)
    source = export.path(f"{LITE}/kernel.cc")
    assert source.resolve().is_relative_to(elsewhere.resolve())
    assert omissions(replace(plan, export=export), source)


@pytest.mark.requires("compiler")
def test_what_is_left_out_is_not_compiled(make):
    broken = GUARDED.replace("inline", "#error this is compiled\n")
    log = make({**including(KERNEL), SCHEMA: broken}).log.read_text()
    assert log.count(f"-c {LITE}/kernel.cc") == 1


@pytest.mark.requires("compiler")
def test_a_source_that_misses_what_was_left_out_is_compiled_with_it(make):
    built = make(including(READER))
    log = built.log.read_text()
    assert log.count(f"-c {LITE}/kernel.cc") == 2
    assert built.compiled == 5  # the wrapper, the network, transform.c, tables.c and the kernel


@pytest.mark.requires("compiler")
def test_it_is_known_the_next_time_and_depends_on_the_header(make):
    make(including(READER))
    metadata = {"model-parameters/model_metadata.h": METADATA.replace("SCALE 2", "SCALE 3")}
    assert make({**including(READER), **metadata}, "other").compiled == 2
    newer = {**including(READER), SCHEMA: GUARDED.replace("100", "200")}
    assert f"-c {LITE}/kernel.cc" in make(newer, "newer").log.read_text()


@pytest.mark.requires("compiler")
def test_our_own_source_gets_all_headers_when_it_misses_one(make, wrapper):
    interpreter = f"{LITE}/micro/micro_interpreter.h"
    guarded = (
        "#ifndef TENSORFLOW_LITE_MICRO_MICRO_INTERPRETER_H_\n"
        "#define TENSORFLOW_LITE_MICRO_MICRO_INTERPRETER_H_\ninline int more() { return 0; }\n"
        "#endif\n"
    )
    wrapper.write_text(f'#include "{interpreter}"\n{WRAPPER.replace("answer(int x)", "a(int x)")}'
                       'extern "C" int answer(int x) { return a(x) + more(); }\n')  # fmt: skip
    assert make({**FILES, interpreter: guarded}).compiled == 6


@pytest.mark.requires("compiler")
def test_a_source_that_is_wrong_either_way_is_told_as_it_is(make, wrapper):
    wrapper.write_text("this is no C++;\n")
    with pytest.raises(BuildError, match=r"wrapper\.cpp does not compile"):
        make(FILES)
