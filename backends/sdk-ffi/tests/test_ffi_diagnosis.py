"""What compilers and linkers say, in plain words."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ei_runner_sdk_ffi.build.diagnosis import Failure, diagnose

LOG = Path("/cache/build.log")


@dataclass
class FakeExport:
    root: Path = Path("/place/my export")
    studio_version: str = "1.74.28"
    files: tuple[str, ...] = ()


@dataclass
class FakePlan:
    export: FakeExport = field(default_factory=FakeExport)


def message(output: str, source: str | None = "edge-impulse-sdk/a.cc", code: int = 1) -> str:
    path = Path(source) if source else None
    text = str(diagnose(Failure(FakePlan(), path, code, output), LOG))
    assert "\n" not in text
    assert text.endswith("all output is in /cache/build.log")
    return text


@pytest.mark.parametrize(
    ("output", "cause"),
    [
        ("a.cc:1:10: fatal error: QnnInterface.h: No such file or directory", "set QNN_SDK_ROOT"),
        ("a.cc:1:10: fatal error: 'dlpack/dlpack.h' file not found", "set TVM_HOME"),
        ("a.cc:1:10: fatal error: memx/accl/MxAccl.h: No such file", "install MemryX"),
        ("a.cc:1:10: fatal error: pybind11/embed.h: No such file", "PYTHON_CROSS_PATH"),
        ("a.cc:1:10: fatal error: NvInfer.h: No such file", "install TensorRT"),
        ("a.h:1:10: fatal error: ll_aton_runtime.h: No such file", "of an STM32N6 only"),
        ("a.cc:1:10: fatal error: mine.h: No such file", "the header mine.h is missing"),
        ("a.cc:1:10: fatal error: vector: No such file", "the compiler lacks the C++ library"),
        (
            "a.cc:1:10: fatal error: edge-impulse-sdk/x.h: No such file",
            "edge-impulse-sdk/x.h is missing: the export is incomplete",
        ),
        ('m.h:9:2: error: #error "Cannot use full TensorFlow Lite with EON"', "unset USE_FULL"),
        (
            "edge-impulse-sdk/classifier/x.h:7:3: error: 'ei_post_processing_output_t' unknown",
            "made by Studio 1.74.28, and its SDK are of different versions",
        ),
        (
            "./model-parameters/model_variables.h:8:6: error: 'x' has no member named 'foo'",
            "of different versions",
        ),
        ("/place/x.s:1: Error: file not found: tflite-model/net.tflite", "the network is missing"),
        ("/place/x.s: Fatal error: can't close x.o: No space left on device", "the disk is full"),
        ("cc1: error: bad value ('pi9') for '-mcpu=' switch", "does not know the processor"),
        ("error: unknown target CPU 'pi9'", "does not know the processor"),
        ("g++: fatal error: cannot execute 'cc1plus': execvp", "the compiler is incomplete"),
        ("g++: fatal error: Killed signal terminated program cc1plus", "NUM_JOBS=1"),
        ("virtual memory exhausted: Cannot allocate memory", "NUM_JOBS=1"),
        ("something that nobody has seen", "the compiler refuses it (something that nobody"),
        ("", "the compiler refuses it; all"),
    ],
)
def test_the_cause_of_what_does_not_compile_is_told(output, cause):
    assert cause in message(output)


@pytest.mark.parametrize(
    ("output", "cause"),
    [
        ("/usr/bin/ld: cannot find -lmemx: No such file", "the library memx is missing; install M"),
        ("/usr/bin/ld: cannot find -lown", "install it"),
        ("ld: library 'onnxruntime' not found", "set TIDL_TOOLS_PATH"),
        ("x.o: in function `f':\nx.cc: undefined reference to `a::b(int)'", "defines a::b(int);"),
        ("ld.lld: error: undefined symbol: a::b(int)", "nothing defines a::b(int)"),
        ('Undefined symbols for architecture arm64:\n  "a::b(int)", referenced from:', "a::b(int)"),
        (
            "x.c: undefined reference to `armBitRevIndexTable16'",
            "CommonTables/arm_common_tables.c is missing, which defines armBitRevIndexTable16",
        ),
        ("ld: x.o: multiple definition of `f'", "remove stray files from tflite-model"),
        ("collect2: error: ld returned 1 exit status", "the linker refuses it"),
    ],
)
def test_the_cause_of_what_does_not_link_is_told(output, cause):
    text = message(output, source=None)
    assert cause in text
    assert text.startswith("it does not link: ")


def test_of_many_undefined_names_only_some_are_shown():
    output = "\n".join(f"x.o: undefined reference to `f{number}'" for number in range(9))
    assert "nothing defines f0, f1, f2 and 6 more;" in message(output, source=None)


def test_a_compiler_that_was_killed_says_nothing_itself():
    assert "the compiler was killed" in message("", code=-9)


def test_files_are_named_by_their_place_in_the_export():
    text = message(
        "/place/my export/tflite-model/x.cpp:3:1: error: 'y' is odd", "tflite-model/x.cpp"
    )
    assert text.startswith("tflite-model/x.cpp does not compile: ")
    assert "(tflite-model/x.cpp:3:1: error: 'y' is odd)" in text


def test_long_output_is_cut():
    assert len(message("\n".join(["error: " + "x" * 10_000] * 100))) < 1500
