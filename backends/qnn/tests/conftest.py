"""Settings and helpers of the backend's tests."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import settings

import ei_runner_core
from ei_runner_core import Network, TensorSession
from ei_runner_qnn.backend import QnnBackend

settings.register_profile("ei_runner", deadline=None, derandomize=True, database=None)
settings.load_profile("ei_runner")

DEMOS = Path(ei_runner_core.__file__).parent / "demos"
DEADLINE = 240.0
ELF = b"\x7fELF\x02\x01\x01" + bytes(9)

Opener = Callable[..., TensorSession]


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that all tests use which do not look at it."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def cache(shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keeps what tests compile away from the cache of whoever runs them."""
    monkeypatch.setenv("EI_RUNNER_CACHE", str(shared_cache))
    return shared_cache


@pytest.fixture(autouse=True)
def no_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test may bring stand-ins of its own for libraries, which do not end the process."""
    monkeypatch.setattr("ei_runner_qnn.claims._libraries", {})


@pytest.fixture
def demo() -> Callable[..., Path]:
    """Where a network of a demo is."""
    return lambda name, form="float32", suffix=".onnx": DEMOS / name / form / f"network{suffix}"


@pytest.fixture
def open_network() -> Iterator[Opener]:
    """Opens a network by its path or content, and closes it after the test."""
    opened: list[TensorSession] = []

    def opener(source: Path | bytes, **options: Any) -> TensorSession:
        if isinstance(source, bytes):
            network = Network("network.onnx", ".onnx", content=source)
        else:
            network = Network(source.name, source.suffix, path=source)
        opened.append(QnnBackend().open(network, options))
        return opened[-1]

    yield opener
    for session in opened:
        session.close()


def without_chatter(output: str) -> str:
    """Without what Qualcomm's library writes to stdout, at any moment up to the end."""
    lines = output.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(" # LIBNATIVE"))


@pytest.fixture
def run_script(tmp_path: Path) -> Callable[..., str]:
    """Runs Python code in a process of its own, and gives what it prints."""

    def runner(code: str, *arguments: object, **environment: str) -> str:
        finished = subprocess.run(
            [sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))} | environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        assert finished.returncode == 0, f"exit {finished.returncode}: {finished.stderr[-2000:]}"
        return without_chatter(finished.stdout)

    return runner


@pytest.fixture
def foreign_library(tmp_path: Path) -> Callable[[str], Path]:
    """Makes the head of a shared library for a processor that no test runs on."""

    def make(name: str) -> Path:
        head = struct.pack("<16sHHIQQQIHHHHHH", ELF, 3, 243, 1, 0, 64, 0, 0, 64, 56, 1, 64, 0, 0)
        program = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, 120, 120, 4096)
        path = tmp_path / name
        path.write_bytes(head + program)
        return path

    return make


@pytest.fixture(scope="session")
def quantised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The digits demo in the form that QNN wants, calibrated with noise."""
    from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize
    from onnxruntime.quantization.execution_providers.qnn import get_qnn_qdq_config

    class Noise(CalibrationDataReader):
        left = 8

        def get_next(self) -> dict[str, np.ndarray] | None:
            if not self.left:
                return None
            self.left -= 1
            return {"image": np.random.default_rng(self.left).random((1, 8, 8, 1), np.float32)}

    source = DEMOS / "digits" / "float32" / "network.onnx"
    target = tmp_path_factory.mktemp("quantised") / "digits.onnx"
    config = get_qnn_qdq_config(
        source, Noise(), activation_type=QuantType.QUInt8, weight_type=QuantType.QUInt8
    )
    quantize(source, target, config)
    return target


@pytest.fixture
def half(tmp_path: Path) -> Path:
    """Where the positive numbers are: a network of which QNN takes two of four nodes."""
    make = onnx.helper.make_node
    nodes = [
        make("Relu", ["x"], ["positive"], "first"),
        make("Abs", ["positive"], ["same"], "second"),
        make("NonZero", ["same"], ["places"], "find"),
        make("Cast", ["places"], ["y"], "cast", to=onnx.TensorProto.FLOAT),
    ]
    return written(tmp_path / "half.onnx", nodes, [1, 4], onnx.TensorProto.FLOAT)


@pytest.fixture
def on_the_cpu(tmp_path: Path) -> Path:
    """A network of which QNN takes nothing."""
    nodes = [onnx.helper.make_node("NonZero", ["x"], ["y"], "find")]
    return written(tmp_path / "cpu.onnx", nodes, [2], onnx.TensorProto.INT64)


def written(path: Path, nodes: list[onnx.NodeProto], shape: list[int], kind: int) -> Path:
    """A network file of these nodes, from ``x`` of a shape to ``y`` of a type."""
    inputs = [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, shape)]
    outputs = [onnx.helper.make_tensor_value_info("y", kind, [len(shape), None])]
    graph = onnx.helper.make_graph(nodes, "test", inputs, outputs)
    opset = [onnx.helper.make_opsetid("", 13)]
    onnx.save_model(onnx.helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    return path
