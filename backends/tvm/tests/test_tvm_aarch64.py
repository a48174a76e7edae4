"""A network for aarch64 is compiled here, and runs there: on TVM's own runtime, in an emulator.

It needs qemu, a cross compiler, and the wheels of apache-tvm and apache-tvm-ffi for aarch64 in the
folder that ``EI_RUNNER_TVM_AARCH64`` names; ``pip download --no-deps --only-binary=:all: --platform
manylinux_2_28_aarch64 --python-version 311 apache-tvm apache-tvm-ffi`` gets them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from ei_runner_core import Network
from ei_runner_core.demos import demo
from ei_runner_tvm.backend import TvmBackend
from ei_runner_tvm.compile_options import CompileOptions
from ei_runner_tvm.compiling import compile_network

COMPILER, EMULATOR = "aarch64-linux-gnu-g++", "qemu-aarch64-static"
ROOT = Path("/usr/aarch64-linux-gnu")
VARIABLE = "EI_RUNNER_TVM_AARCH64"
PROGRAM = Path(__file__).parent / "support" / "run_network.cpp"
PARTS = ("libtvm_runtime.so", "libtvm_runtime_extra.so", "libtvm_ffi.so")
SAMPLES = 24
DEADLINE = 120.0

pytestmark = [
    pytest.mark.skipif(not shutil.which(COMPILER), reason=f"needs {COMPILER}"),
    pytest.mark.skipif(not shutil.which(EMULATOR), reason=f"needs {EMULATOR}"),
    pytest.mark.skipif(
        not os.environ.get(VARIABLE), reason=f"{VARIABLE} names no folder of wheels"
    ),
]


@pytest.fixture(scope="module")
def runtime(tmp_path_factory) -> Path:
    """The libraries of TVM's runtime for aarch64, and the program that runs a network on them."""
    folder = tmp_path_factory.mktemp("aarch64")
    for wheel in Path(os.environ[VARIABLE]).glob("*aarch64*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.namelist():
                if (name := Path(member).name) in PARTS:
                    (folder / name).write_bytes(archive.read(member))
    headers = Path(find_spec("tvm_ffi").submodule_search_locations[0]) / "include"
    subprocess.run(
        [COMPILER, "-std=c++17", "-O1", f"-I{headers}", PROGRAM, "-o", folder / "run",
         f"-L{folder}", "-Wl,--no-as-needed", *(f"-l:{name}" for name in PARTS)],
        check=True, timeout=DEADLINE,
    )  # fmt: skip
    return folder


def run(runtime: Path, library: bytes, samples: np.ndarray) -> bytes:
    (runtime / "network.so").write_bytes(library)
    samples.tofile(runtime / "samples")
    shape = map(str, (1, *samples.shape[1:]))
    subprocess.run(
        [EMULATOR, "-L", ROOT, "-E", f"LD_LIBRARY_PATH={runtime}", runtime / "run",
         runtime / "network.so", runtime / "samples", runtime / "answers", samples.dtype.name,
         *shape],
        check=True, timeout=DEADLINE,
    )  # fmt: skip
    return (runtime / "answers").read_bytes()


@pytest.mark.parametrize("suffix", [".onnx", ".tflite"])
@pytest.mark.parametrize(
    ("name", "variant", "march"),
    [
        ("digits", "float32", "portable"),
        ("digits", "int8", "portable"),
        ("keywords", "float32", "cortex-a78"),
        ("motion", "int8", "cortex-a53"),
    ],
)
def test_the_answers_there_are_those_of_here(runtime, name, variant, march, suffix):
    path = demo(name).model(variant) / f"network{suffix}"
    network = Network(path.name, suffix, path)
    generator = np.random.default_rng(0)

    compiled = compile_network(network, CompileOptions(march=march), "linux-aarch64")

    (source,), (target,) = compiled.manifest.inputs, compiled.manifest.outputs
    samples = generator.random((SAMPLES, *source.shape[1:]), np.float32)
    if source.is_quantized:
        samples = np.round(samples * 255 - 128).astype(source.dtype)
    with TvmBackend().open(network, {}) as session:
        here = np.concatenate([session.run([sample[None]])[0] for sample in samples])
    there = np.frombuffer(run(runtime, compiled.library, samples), target.dtype)
    there = there.reshape(here.shape)
    np.testing.assert_array_equal(there.argmax(axis=1), here.argmax(axis=1))
    np.testing.assert_allclose(
        there.astype(float), here.astype(float), atol=1 if source.is_quantized else 1e-4
    )
