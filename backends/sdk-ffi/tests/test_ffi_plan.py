"""A build plan: what runs the network, which sources may be compiled, what has to be there."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from ffi_plan_cases import make_export, plan_case

from ei_runner_core import BuildError, InvalidInputError
from ei_runner_sdk_ffi.build.export import Export
from ei_runner_sdk_ffi.build.options import BuildOptions
from ei_runner_sdk_ffi.build.plan import BuildPlan, make_plan, refuse_missing
from ei_runner_sdk_ffi.build.rendering import plan_as_json, plan_as_text
from ei_runner_sdk_ffi.build.targets import TARGETS, this_machine
from ei_runner_sdk_ffi.build.toolchain import Toolchain

BOTH = ("full-tflite", "onnx")
HERE = this_machine()


@pytest.fixture
def export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Export:
    monkeypatch.chdir(tmp_path)
    return make_export(tmp_path / "an export")


@pytest.fixture
def eon(tmp_path: Path) -> Export:
    return make_export(tmp_path / "eon", is_eon=True)


def put_libraries(export: Export, platform: str, *names: str) -> Path:
    folder = export.root / "tflite" / platform
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch()
    return folder


# What runs the network


def test_an_installed_full_tflite_runs_a_flatbuffer_on_this_machine(export: Export) -> None:
    assert plan_case("", export, BOTH).network == "full-tflite"


def test_without_full_tflite_the_network_is_compiled(export: Export) -> None:
    assert plan_case("", export, ()).network == "compiled"


def test_eon_code_and_an_impulse_without_network_are_compiled(export: Export, eon: Export) -> None:
    assert plan_case("", eon, BOTH).network == "compiled"
    nothing = replace(export, engine="NONE", has_flatbuffer=False)
    assert plan_case("USE_FULL_TFLITE=1", nothing, BOTH).network == "compiled"


def test_0_forces_micro_and_1_forces_full(export: Export) -> None:
    assert plan_case("USE_FULL_TFLITE=0", export, BOTH).network == "compiled"
    assert plan_case("USE_FULL_TFLITE=1", export, BOTH).network == "full-tflite"


def test_full_tflite_is_linked_where_its_libraries_are_or_no_backend_is(export: Export) -> None:
    assert plan_case("USE_FULL_TFLITE=1", export, ()).network == "linked"
    put_libraries(export, HERE.tflite[0])
    assert plan_case("USE_FULL_TFLITE=1", export, BOTH).network == "linked"


@pytest.mark.parametrize("name", TARGETS)
def test_for_a_named_target_full_tflite_is_linked(name: str, export: Export) -> None:
    assert plan_case(f"target={name} USE_FULL_TFLITE=1", export, BOTH).network == "linked"


def test_a_backend_may_be_named_if_it_is_installed(export: Export) -> None:
    plan = plan_case("network=onnx", export, BOTH)
    assert plan.network == "onnx"
    assert "-DEI_RUNNER_NETWORK_CALLBACK=1" in plan.defines
    with pytest.raises(InvalidInputError, match=r"'tvm' is no installed backend.*ei-runner\[tvm\]"):
        plan_case("network=tvm", export, BOTH)


MICRO = "shim/tensorflow/micro"
FULL = "-DEI_CLASSIFIER_USE_FULL_TFLITE=1"


def looks_like(plan: BuildPlan) -> str:
    """Which engine the SDK takes for its own."""
    is_micro = any(folder.endswith(MICRO) for folder in plan.includes)
    assert is_micro is (FULL not in plan.defines)
    return "micro" if is_micro else "full"


def test_the_sdk_takes_an_engine_for_quantised_networks_for_micro(export: Export) -> None:
    quantised = replace(export, quantizes_for_micro=True)
    assert looks_like(plan_case("", export, BOTH)) == "full"
    assert looks_like(plan_case("", quantised, BOTH)) == "micro"
    assert looks_like(plan_case("network=onnx", quantised, BOTH)) == "micro"
    assert looks_like(plan_case("USE_FULL_TFLITE=1", quantised, BOTH)) == "full"


def test_the_c_library_is_taken_for_micro_too_and_the_cpp_libraries_are_not(export: Export) -> None:
    quantised = replace(export, quantizes_for_micro=True)
    linked = "target=linux-aarch64 network=linked"
    assert looks_like(plan_case(linked, quantised)) == "full"
    put_libraries(export, "linux-aarch64", "libtensorflowlite_c.so")
    assert looks_like(plan_case(linked, quantised)) == "micro"
    assert looks_like(plan_case(f"{linked} USE_FULL_TFLITE=1", quantised)) == "full"


def test_another_machine_may_have_other_backends(export: Export) -> None:
    elsewhere = next(target for target in TARGETS.values() if target != HERE)
    assert plan_case(f"target={elsewhere.name} network=tvm", export).network == "tvm"


def test_a_backend_cannot_run_what_is_no_flatbuffer(tmp_path: Path) -> None:
    export = make_export(tmp_path, engine="DRPAI")
    with pytest.raises(InvalidInputError, match="DRPAI has none"):
        plan_case("network=onnx", export)


def test_an_export_for_a_vendors_engine_says_which_flag_it_needs(tmp_path: Path) -> None:
    export = make_export(tmp_path, engine="TENSORRT")
    assert "TARGET_JETSON_NANO" in plan_case("", export).notes[0]
    assert not any("made for" in note for note in plan_case("TARGET_JETSON=1", export).notes)


# Sources


def test_the_sdks_porting_and_its_c_bindings_stay_out(export: Export) -> None:
    names = [path.as_posix() for path in plan_case("", export, ()).candidates]
    assert not any("porting/" in name or "ei_run_classifier_c" in name for name in names)
    assert not any("FilteringFunctions" in name or "CMSIS/NN" in name for name in names)


def test_sources_of_arduino_libraries_are_found_under_their_names(export: Export) -> None:
    names = {path.name for path in plan_case("", export, ()).candidates}
    assert {"conv.cpp", "add.cc", "common.c", "memory.cpp"} <= names


def test_paths_are_relative_to_the_export_or_lead_to_an_sdk_elsewhere(
    export: Export, tmp_path: Path
) -> None:
    assert Path("edge-impulse-sdk/dsp/memory.cpp") in plan_case("", export).candidates
    moved = replace(export, sdk=tmp_path / "other" / "edge-impulse-sdk")
    plan = plan_case("", moved)
    assert moved.sdk / "dsp/memory.cpp" in plan.candidates
    assert plan.includes.index(f"-I{moved.sdk.parent}") < plan.includes.index("-I.")
    assert plan.model == (Path("tflite-model/tflite_learn_1_2.cpp"),)
    assert "<sdk>/edge-impulse-sdk/dsp" in plan_as_text(plan)


# Libraries of full TensorFlow Lite


def test_the_c_library_is_linked_with_our_headers_and_lies_beside(export: Export) -> None:
    folder = put_libraries(export, "linux-aarch64", "libtensorflowlite_c.so")
    plan = plan_case("target=linux-aarch64 network=linked", export)
    assert plan.libraries == (folder / "libtensorflowlite_c.so",)
    assert plan.link[-2:] == (str(plan.libraries[0]), "-Wl,-rpath,$ORIGIN")
    assert "-DEI_RUNNER_TFLITE_C=1" in plan.defines
    assert plan.includes[1].endswith("shim/tensorflow")
    assert not plan.needs


def test_a_vendors_engine_takes_the_cpp_libraries(export: Export) -> None:
    put_libraries(export, "linux-aarch64", "libtensorflowlite_c.so")
    plan = plan_case("TARGET_JETSON_ORIN=1", export)
    assert not plan.libraries
    assert "-ltensorflow-lite" in plan.link


def test_both_spellings_of_the_folder_for_x86_are_taken(export: Export) -> None:
    put_libraries(export, "linux-x86_64", "libtensorflow-lite.a")
    assert "-L./tflite/linux-x86_64" in plan_case("TARGET_LINUX_X86=1 network=linked", export).link


def test_libraries_and_headers_may_lie_elsewhere(export: Export, tmp_path: Path) -> None:
    place = tmp_path / "prebuilt"
    (place / "linux-armv7").mkdir(parents=True)
    (place / "tensorflow-lite").mkdir()
    (place / "linux-armv7" / "libtensorflow-lite.a").touch()
    options = BuildOptions.read(
        {"target": "linux-armv7", "network": "linked"}, {"EI_TFLITE_DIR": str(place)}
    )
    plan = make_plan(export, options, installed=())
    assert f"-L{place / 'linux-armv7'}" in plan.link
    assert {f"-I{place}", f"-I{place / 'tensorflow-lite'}/"} <= set(plan.includes)
    assert all(need.is_there for need in plan.needs)


def test_the_folder_tflite_of_the_working_directory_is_taken(
    export: Export, tmp_path: Path
) -> None:
    (tmp_path / "tflite" / "linux-armv7").mkdir(parents=True)
    plan = plan_case("target=linux-armv7 network=linked", export)
    assert f"-L{tmp_path / 'tflite' / 'linux-armv7'}" in plan.link


# What has to be there


def refusal(plan: BuildPlan) -> str:
    with pytest.raises(BuildError) as caught:
        refuse_missing(plan)
    return str(caught.value)


def test_a_missing_sdk_stops_the_build_and_not_the_plan(export: Export) -> None:
    plan = plan_case("USE_TVM=1 TVM_HOME=/nowhere/tvm TARGET_LINUX_AARCH64=1", export)
    assert refusal(plan).startswith("/nowhere/tvm is missing")
    assert "TVM_HOME" in refusal(plan)
    assert "/nowhere/tvm (missing)" in plan_as_text(plan)


def test_a_missing_compiler_stops_the_build_and_not_the_plan(export: Export) -> None:
    options = BuildOptions(compiler="/nowhere/g++")
    plan = make_plan(export, options, installed=())
    assert "/nowhere/g++ (not found)" in refusal(plan)
    assert "(missing)" in plan_as_text(plan)


def test_nothing_is_refused_where_nothing_is_missing(export: Export) -> None:
    refuse_missing(plan_case("", export, ()))


def test_without_python3_config_the_plan_says_what_it_would_add(
    export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    plan = plan_case("USE_AKIDA=1 target=linux-x86_64", export)
    assert "$(python3-config --ldflags --embed)" in plan.link
    assert refusal(plan).startswith(("tflite", "python3-config", str(export.root)))


# Flags


def test_the_same_answers_everywhere_no_fast_math(export: Export) -> None:
    flags = plan_case("", export, ()).common_flags
    assert "-ffp-contract=off" in flags
    assert "-ffast-math" not in flags
    assert not any(flag.startswith("-march") for flag in flags)


def test_march_and_flags_of_the_user_are_added(export: Export) -> None:
    environment = {"CFLAGS": "-DA='x y' -g", "CXXFLAGS": "-DB"}
    options = BuildOptions.read({"march": "native"}, environment)
    plan = make_plan(export, options, installed=())
    assert "-march=native" in plan.common_flags
    assert plan.common_flags[-2:] == ("-DA=x y", "-g")
    assert plan.cxx_flags[-1] == "-DB"
    assert "-DB" not in plan.c_flags


def test_flags_fit_the_compiler(export: Export) -> None:
    def plan(kind: str, target: str) -> BuildPlan:
        toolchain = Toolchain(kind, ("c++",), ("cc",), "", kind == "gcc")  # type: ignore[arg-type]
        return make_plan(export, BuildOptions(target=target), installed=(), toolchain=toolchain)

    assert "-fno-gnu-unique" in plan("gcc", "linux-x86_64").cxx_flags
    assert "-fno-gnu-unique" not in plan("clang", "linux-x86_64").cxx_flags
    assert "-fno-sanitize=undefined" in plan("zig", "linux-armv7").common_flags
    assert "-static-libstdc++" not in plan("zig", "linux-armv7").link
    assert "-dynamiclib" in plan("zig", "mac-arm64").link


def test_the_sdk_is_compiled_with_the_same_flags_for_every_export(
    export: Export, eon: Export
) -> None:
    first, second = plan_case("", export, ()), plan_case("", eon, ())
    assert first.common_flags == second.common_flags
    assert first.includes == second.includes
    assert first.candidates == second.candidates


def test_a_plan_can_be_written_as_json_with_every_source(export: Export) -> None:
    plan = plan_case("TARGET_RENESAS_RZV2L=1", export)
    written = json.loads(json.dumps(plan_as_json(plan)))
    assert written["network"] == "linked"
    assert written["target"] == "linux-aarch64"
    assert "edge-impulse-sdk/dsp/dct/fast-dct-fft.cpp" in written["compiled_by_need"]
    assert written["needs"][0]["missing"] is True
    assert str(export.root) not in json.dumps(written)
