"""Builds to plan: an export of empty files, what users ask for, and the reviewed plans.

``python tests/support/ffi_plan_cases.py`` writes the golden plans again: read the difference.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path

from ei_runner_sdk_ffi.build.export import Export
from ei_runner_sdk_ffi.build.fingerprint import scan
from ei_runner_sdk_ffi.build.options import BuildOptions
from ei_runner_sdk_ffi.build.plan import BuildPlan, make_plan
from ei_runner_sdk_ffi.build.rendering import plan_as_text
from ei_runner_sdk_ffi.build.targets import choose_target
from ei_runner_sdk_ffi.build.toolchain import Toolchain

from ei_runner_core import InvalidInputError

GOLDEN = Path(__file__).parents[2] / "backends" / "sdk-ffi" / "tests" / "golden" / "plans"
REFUSALS = GOLDEN / "refusals.txt"

BOARDS = (
    "TARGET_LINUX_X86",
    "TARGET_LINUX_AARCH64",
    "TARGET_LINUX_ARMV7",
    "TARGET_MAC_X86_64",
    "TARGET_MAC_ARM64",
    "TARGET_RENESAS_RZV2L",
    "TARGET_RENESAS_RZG2L",
    "TARGET_AM68PA",
    "TARGET_AM62A",
    "TARGET_AM68A",
    "TARGET_TDA4VM",
    "TARGET_JETSON_NANO",
    "TARGET_JETSON",
    "TARGET_JETSON_ORIN",
)
# What has no target of its own is planned for one, so that the machine of the test is no matter.
PLANS = (
    *(f"{board}=1" for board in BOARDS),
    *(f"{board}=1 USE_FULL_TFLITE=1" for board in BOARDS),
    "target=linux-x86_64",
    "target=linux-x86_64 network=onnx",
    "TARGET_LINUX_X86=1 USE_FULL_TFLITE=0",
    "USE_ONNX=1 TARGET_AM68A=1 USE_FULL_TFLITE=1",
    "USE_ONNX=1 TARGET_TDA4VM=1 TIDL_TOOLS_PATH=/opt/tidl",
    "USE_TVM=1 TVM_HOME=/opt/tvm TARGET_RENESAS_RZV2L=1 USE_FULL_TFLITE=1",
    "USE_QUALCOMM_QNN=1 QNN_SDK_ROOT=/opt/qnn TARGET_LINUX_AARCH64=1 USE_FULL_TFLITE=1",
    "USE_QUALCOMM_QNN=1 QNN_SDK_ROOT=/opt/qnn TARGET_LINUX_X86=1",
    "USE_ETHOS=1 TARGET_LINUX_AARCH64=1 USE_FULL_TFLITE=1",
    "USE_AKIDA=1 target=linux-x86_64",
    "USE_AKIDA=1 TARGET_LINUX_AARCH64=1 PYTHON_CROSS_PATH=cross-",
    "USE_MEMRYX=1 EI_CLASSIFIER_USE_MEMRYX_SOFTWARE=1 TARGET_LINUX_X86=1 USE_FULL_TFLITE=1",
    "USE_MEMRYX=1 TARGET_LINUX_X86=1 USE_FULL_TFLITE=1",
    "LINK_TFLITE_FLEX_LIBRARY=1 USE_FULL_TFLITE=1 target=linux-x86_64",
    "EI_CLASSIFIER_USE_GPU_DELEGATES=1 TARGET_LINUX_AARCH64=1 USE_FULL_TFLITE=1",
    "TARGET_JETSON_NANO=1 TENSORRT_VERSION=8.5.2 USE_FULL_TFLITE=1",
    "TARGET_JETSON_ORIN=1 TENSORRT_VERSION=8.6.2 USE_FULL_TFLITE=1",
)
REFUSED = (
    "TARGET_LINUX_X86=1 TARGET_LINUX_AARCH64=1",
    "TARGET_JETSON_NANO=1 TARGET_JETSON_ORIN=1",
    "TARGET_LINUX_ARMV7=1 target=linux-aarch64",
    "target=windows",
    "USE_MEMRYX=1 TARGET_LINUX_AARCH64=1",
    "USE_MEMRYX=1 TARGET_LINUX_ARMV7=1 USE_FULL_TFLITE=1",
    "USE_TVM=1 target=linux-aarch64",
    "USE_QUALCOMM_QNN=1 TARGET_LINUX_AARCH64=1 USE_FULL_TFLITE=1",
    "USE_QUALCOMM_QNN=1 QNN_SDK_ROOT=/opt/qnn TARGET_LINUX_ARMV7=1",
    "TARGET_JETSON_NANO=1 TENSORRT_VERSION=7 USE_FULL_TFLITE=1",
    "TENSORRT_VERSION=8 TARGET_LINUX_AARCH64=1",
    "TARGET_RENESAS_RZG2L=1 USE_FULL_TFLITE=0",
    "USE_AKIDA=1 USE_FULL_TFLITE=0 target=linux-x86_64",
    "USE_AKIDA=1 USE_FULL_TFLITE=1 target=linux-x86_64",
    "USE_AKIDA=1 USE_TVM=1 TVM_HOME=/opt/tvm target=linux-x86_64",
    "USE_AKIDA=1 TARGET_MAC_ARM64=1",
    "USE_ETHOS=1 TARGET_MAC_ARM64=1",
    "USE_ONNX=1 TARGET_LINUX_AARCH64=1",
    "USE_QUALCOMM_QNN=1 QNN_SDK_ROOT=/opt/qnn EI_CLASSIFIER_USE_GPU_DELEGATES=1 TARGET_LINUX_X86=1",
    "EI_CLASSIFIER_USE_MEMRYX_SOFTWARE=1 target=linux-x86_64",
    "PYTHON_CROSS_PATH=cross- TARGET_LINUX_AARCH64=1",
    "LINK_TFLITE_FLEX_LIBRARY=1 USE_FULL_TFLITE=0 target=linux-x86_64",
    "LINK_TFLITE_FLEX_LIBRARY=1 network=compiled target=linux-x86_64",
    "TARGET_JETSON=1 network=onnx",
    "network=linked USE_FULL_TFLITE=0 target=linux-x86_64",
    "network=compiled USE_FULL_TFLITE=1 target=linux-x86_64",
    "EI_ENGINE=tflite-eon USE_FULL_TFLITE=1 target=linux-x86_64",
    "USE_FULL_TFLITE=maybe",
    "NUM_JOBS=many",
)
REFUSED_FOR_EON = (
    "USE_FULL_TFLITE=1 TARGET_LINUX_X86=1",
    "TARGET_JETSON_NANO=1",
    "network=linked target=linux-x86_64",
    "network=onnx target=linux-x86_64",
)

_SDK_FILES = (
    "CMSIS/DSP/Source/BasicMathFunctions/arm_add_f32.c",
    "CMSIS/DSP/Source/FilteringFunctions/arm_fir_f32.c",
    "CMSIS/NN/Source/ConvolutionFunctions/arm_convolve_s8.c",
    "classifier/ei_run_classifier.h",
    "classifier/ei_run_classifier_c.cpp",
    "dsp/dct/fast-dct-fft.cpp",
    "dsp/image/processing.cpp",
    "dsp/kissfft/kiss_fft.cpp",
    "dsp/kissfft/kiss_fft.h",
    "dsp/memory.cpp",
    "porting/ethos-u-driver-stack-imx/driver_library/src/ethosu.cpp",
    "porting/posix/ei_classifier_porting.cpp",
    "tensorflow/lite/c/common.c",
    "tensorflow/lite/core/api/error_reporter.cc",
    "tensorflow/lite/kernels/custom/tree_ensemble_classifier.cc",
    "tensorflow/lite/kernels/internal/quantization_util.cc",
    "tensorflow/lite/kernels/kernel_util_lite.cc",
    "tensorflow/lite/micro/kernels/add.cc",
    "tensorflow/lite/micro/kernels/conv.cpp",
    "tensorflow/lite/micro/memory_planner/greedy_memory_planner.cc",
    "tensorflow/lite/micro/micro_allocator.cc",
)
_OWN_FILES = ("model-parameters/model_metadata.h", "tflite-model/tflite_learn_1_2.cpp")
_PYTHON_CONFIG = """#!/bin/sh
case "$1" in
  --cflags) echo "-I/usr/include/python3.11 -I/usr/include/python3.11 -DNDEBUG -g -O3 -Wall" ;;
  --ldflags) echo "-L/usr/lib/python3.11/config -lpython3.11 -ldl -lm" ;;
esac
"""


def make_export(folder: Path, *, engine: str = "TFLITE", is_eon: bool = False) -> Export:
    """An export of which only the names of its files are right."""
    names = (*_OWN_FILES, *(f"edge-impulse-sdk/{name}" for name in _SDK_FILES))
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return Export(
        given=folder,
        root=folder,
        sdk=folder / "edge-impulse-sdk",
        layout="library",
        studio_version="1.80.0",
        engine=engine,
        is_eon=is_eon,
        has_flatbuffer=engine == "TFLITE" and not is_eon,
        files=tuple(sorted(names)),
        stamps=scan({}),
    )


def read_case(case: str) -> BuildOptions:
    """The options that a line such as ``TARGET_JETSON=1 network=linked`` stands for."""
    words = dict(word.split("=", 1) for word in case.split())
    options = {name: value for name, value in words.items() if name.islower()}
    return BuildOptions.read(options, {n: words[n] for n in words.keys() - options.keys()})


def plan_case(case: str, export: Export, installed: Collection[str] = ("onnx",)) -> BuildPlan:
    """The plan for a line, with a compiler that is the same everywhere."""
    options = read_case(case)
    usual = Toolchain("gcc", ("g++",), ("gcc",), "gcc of the test", static_runtime=True)
    mac = Toolchain("clang", ("clang++",), ("clang",), "clang of the test")
    toolchain = mac if choose_target(options).is_mac else usual
    return make_plan(export, options, installed=installed, toolchain=toolchain)


def refusal_of(case: str, export: Export) -> str:
    """What a line is refused with."""
    try:
        plan_case(case, export)
    except InvalidInputError as error:
        return str(error)
    raise AssertionError(f"{case} is not refused")


def refusals(folder: Path) -> str:
    """All refusals, each below its line."""
    export = make_export(folder / "export")
    eon = make_export(folder / "eon", is_eon=True)
    cases = [*((case, export) for case in REFUSED), *((case, eon) for case in REFUSED_FOR_EON)]
    lines = (f"{'EON ' * e.is_eon}{case}\n  {refusal_of(case, e)}\n" for case, e in cases)
    return "\n".join(lines)


def golden_path(case: str) -> Path:
    """The file with the plan for a line."""
    name = case.replace("=1", "").replace(" ", "+").replace("=/opt/", "=")
    return GOLDEN / f"{name}.txt"


def put_python_config(folder: Path) -> None:
    """Programs that answer as Python's own does, the same on every machine."""
    folder.mkdir(exist_ok=True)
    for name in ("python3-config", "cross-python3-config"):
        (folder / name).write_text(_PYTHON_CONFIG)
        (folder / name).chmod(0o755)


def _write(folder: Path, environment: Mapping[str, str] = os.environ) -> None:
    put_python_config(folder / "bin")
    os.environ["PATH"] = f"{folder / 'bin'}{os.pathsep}{environment['PATH']}"
    os.chdir(folder)
    for old in GOLDEN.glob("*.txt"):
        old.unlink()
    export = make_export(folder / "export")
    for case in PLANS:
        golden_path(case).write_text(plan_as_text(plan_case(case, export)), encoding="utf-8")
    REFUSALS.write_text(refusals(folder), encoding="utf-8")
    sys.stdout.write(f"wrote {len(PLANS)} plans\n")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        _write(Path(name).resolve())
