"""Small exports with an SDK of their own, which compile in a moment, and plans for them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ei_runner_sdk_ffi.build.cache import Cache
from ei_runner_sdk_ffi.build.export import read_export
from ei_runner_sdk_ffi.build.options import BuildOptions
from ei_runner_sdk_ffi.build.plan import BuildPlan, make_plan
from ei_runner_sdk_ffi.build.toolchain import Toolchain

METADATA = """\
#define EI_CLASSIFIER_PROJECT_NAME "small"
#define EI_CLASSIFIER_INFERENCING_ENGINE            EI_CLASSIFIER_TFLITE
#define EI_CLASSIFIER_COMPILED                      1
#define EI_STUDIO_VERSION_MAJOR             1
#define EI_STUDIO_VERSION_MINOR             75
#define EI_STUDIO_VERSION_PATCH             3
#define SCALE 2
"""
FILES = {
    "model-parameters/model_metadata.h": METADATA,
    "model-parameters/model_variables.h": '#include "tflite-model/net_compiled.h"\n',
    "tflite-model/net_compiled.h": "int run_net(int);\n",
    "tflite-model/net_compiled.cpp": (
        "namespace ops { int Register_ADD(); }\n"
        "int run_net(int x) { return x + ops::Register_ADD(); }\n"
    ),
    "edge-impulse-sdk/classifier/ei_run_classifier.h": (
        '#include "model-parameters/model_metadata.h"\n'
        '#include "model-parameters/model_variables.h"\n'
        'extern "C" int transform(int);\n'
        "inline int run_classifier(int x) { return transform(run_net(x)) * SCALE; }\n"
    ),
    "edge-impulse-sdk/porting/ei_classifier_porting.h": "",
    "edge-impulse-sdk/dsp/numpy.hpp": "",
    "edge-impulse-sdk/dsp/tables.h": "extern const int table[2];\n",
    "edge-impulse-sdk/dsp/transform.c": (
        '#include "edge-impulse-sdk/dsp/tables.h"\nint transform(int x) { return x + table[1]; }\n'
    ),
    "edge-impulse-sdk/dsp/tables.c": (
        '#include "edge-impulse-sdk/dsp/tables.h"\nconst int table[2] = { 1, 10 };\n'
    ),
    "edge-impulse-sdk/ops/add.cc": (
        "namespace ops {\nclass Adder {\n public:\n  Adder();\n  virtual ~Adder();\n"
        "  virtual int value();\n};\n"
        "int Register_ADD() { return Adder().value(); }\n}\n"
    ),
    "edge-impulse-sdk/ops/adder.cc": (
        "namespace ops {\nclass Adder {\n public:\n  Adder();\n  virtual ~Adder();\n"
        "  virtual int value();\n};\n"
        "Adder::Adder() {}\nAdder::~Adder() {}\nint Adder::value() { return 100; }\n}\n"
    ),
    "edge-impulse-sdk/ops/broken.cc": '#include "a_vendor.h"\nint broken() { return 1; }\n',
    "edge-impulse-sdk/ops/unused.cc": "int unused() { return 1; }\n",
}
"""An export whose ``answer(x)`` is ``(x + 110) * SCALE``; it needs four sources of its SDK."""

NEEDED = {"transform.c", "tables.c", "add.cc", "adder.cc"}
WRAPPER = """\
#include "edge-impulse-sdk/classifier/ei_run_classifier.h"
extern "C" int answer(int x) { return run_classifier(x); }
"""


def write_export(folder: Path, files: Mapping[str, str] = FILES) -> Path:
    """Write an export; files that stand for nothing (``None``) are left out."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def compiler() -> str:
    """The C++ compiler of this machine."""
    return next(filter(None, map(shutil.which, ("g++", "clang++", "c++"))))


def plan_of(folder: Path, cache: Cache, wrapper: Path, **changes: object) -> BuildPlan:
    """A plan that compiles a wrapper around an export as the real one would, but for its flags."""
    export = read_export(folder, sdk=None, cache=cache)
    cxx = compiler()
    toolchain = Toolchain("gcc", (cxx,), (cxx, "-x", "c"), "the compiler of this machine")
    plan = make_plan(export, BuildOptions(), installed=(), toolchain=toolchain)
    sources = [name for name in export.files if re.fullmatch(r"edge-impulse-sdk/.*\.cc?", name)]
    small = replace(
        plan,
        own=(wrapper,),
        candidates=tuple(map(Path, sources)),
        common_flags=("-O0", "-fPIC"),
        defines=(),
        includes=("-I.",),
        link=("-shared", "-Wl,--no-undefined"),
    )
    return replace(small, **changes)
