"""Small C++ models for the tests of sdk-ffi's networks, compiled with the stand-in headers."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cffi
import numpy as np

NATIVE = Path(__file__).parents[2] / "backends/sdk-ffi/tests/native"
SHIM = Path(__file__).parents[2] / "backends/sdk-ffi/ei_runner_sdk_ffi/shim/tensorflow"
FLAGS = ("-std=c++17", "-O1", "-fPIC", "-shared", "-fvisibility=hidden", "-Wall", "-Wextra")
OK, TFLITE_ERROR, INPUT_NULL, OUTPUT_NULL, INVALID_SIZE = 0, -3, -10, -11, -16
"""What the models return, as the SDK does."""

_FUNCTIONS = """
void ei_runner_test_model(const char *bytes, size_t size);
int ei_runner_test_oldest(const float *features, float *answer);
int ei_runner_test_oldest_int8(const float *features, float *answer);
int ei_runner_test_middle(const float *features, float *answer, int index);
int ei_runner_test_latest(const float *features, float *answer, int count);
int ei_runner_test_micro(const float *features, float *answer);
int fake_tflite_alive(void);
"""


def compile_library(target: Path, source: str, *flags: str) -> Path:
    """Compile one of the sources of the tests; warnings are errors."""
    folders = (SHIM, SHIM / "tensorflow-lite", SHIM / "micro", NATIVE)
    includes = [f"-I{folder}" for folder in folders]
    compiler = next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))))
    command = [compiler, *FLAGS, "-Werror", *includes, str(NATIVE / source), *flags]
    finished = subprocess.run(
        [*command, "-o", str(target)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ | {"LC_ALL": "C"},
    )
    assert finished.returncode == 0, finished.stderr
    return target


class Library:
    """A loaded model and its calls; it is made of a copy, so that no two share what they know."""

    def __init__(self, ffi: Any, path: Path, folder: Path) -> None:
        self.ffi = ffi
        copy = shutil.copy(path, folder.resolve() / f"{path.stem}_{len(list(folder.iterdir()))}.so")
        self.functions = ffi.dlopen(str(copy))

    def load(self, model: bytes) -> None:
        """Say which network the model brings."""
        self.functions.ei_runner_test_model(model, len(model))

    def call(
        self, name: str, *extra: int, features: Sequence[float] = (1, 2, 3, 4)
    ) -> tuple[int, list[float]]:
        """What a function returns and writes."""
        window = np.array(features, np.float32)
        answer = np.full(4, -1, np.float32)
        function = getattr(self.functions, f"ei_runner_test_{name}")
        values, target = (self.ffi.from_buffer("float[]", array) for array in (window, answer))
        return function(values, target, *extra), answer.tolist()

    @property
    def error(self) -> str:
        """What the model says went wrong last."""
        return self.ffi.string(self.functions.ei_runner_network_error()).decode()


def make_ffi(header: Path = SHIM / "ei_runner_network.h") -> Any:
    """A cffi instance that knows the header of the networks and the functions of the tests."""
    lines = header.read_text().splitlines()
    plain = [line for line in lines if not line.startswith(("#", 'extern "C"')) and line != "}"]
    ffi = cffi.FFI()
    ffi.cdef("\n".join(plain) + _FUNCTIONS)
    return ffi
