"""``.onnx`` networks on QNN: the same answers as elsewhere, and clear words for what it lacks."""

from __future__ import annotations

import platform
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from ei_runner_core import (
    EdgeImpulseModel,
    InvalidInputError,
    ModelFormatError,
    Network,
    UnsupportedModelError,
)
from ei_runner_core.testing import golden_cases
from ei_runner_onnx.backend import OnnxBackend

pytest.importorskip("onnxruntime_qnn")

ROWS = next(case for case in golden_cases((".onnx",)) if case.name == "rows")
COPIES = """
import sys
from pathlib import Path
from ei_runner_core import InvalidInputError, Network
from ei_runner_qnn.backend import QnnBackend
network = Network("network.onnx", ".onnx", path=Path(sys.argv[1]))
QnnBackend().open(network, {}).close()
try:
    QnnBackend().open(network, {"backend_path": sys.argv[2]})
except InvalidInputError as error:
    print(error)
"""
HALF_PRECISION = """
import sys
from pathlib import Path
import numpy as np
from ei_runner_core import InvalidInputError, Network
from ei_runner_onnx.backend import OnnxBackend
from ei_runner_qnn.backend import QnnBackend
network = Network("network.onnx", ".onnx", path=Path(sys.argv[1]))
session = QnnBackend().open(network, {"precision": "float16", "soc_model": 43})
features = [np.ones(spec.shape, spec.dtype) for spec in session.inputs]
(exact,) = OnnxBackend().open(network, {}).run(features)
print(abs(session.run(features)[0] - exact).max())
try:
    QnnBackend().open(network, {})
except InvalidInputError as error:
    print(error)
"""
UNKNOWN_CHIP = """
import sys
from pathlib import Path
from ei_runner_core import Network, UnsupportedModelError
from ei_runner_qnn.backend import QnnBackend
try:
    network = Network("network.onnx", ".onnx", path=Path(sys.argv[1]))
    QnnBackend().open(network, {"soc_model": 65535})
except UnsupportedModelError as error:
    print(error)
"""
FORKED = """
import os, sys, warnings
from pathlib import Path
import numpy as np
from ei_runner_core import BackendUnavailableError, InferenceError, Network
from ei_runner_qnn.backend import QnnBackend
warnings.simplefilter("ignore", DeprecationWarning)
network = Network("network.onnx", ".onnx", path=Path(sys.argv[1]))
session = QnnBackend().open(network, {})
features = [np.zeros(spec.shape, spec.dtype) for spec in session.inputs]
child = os.fork()
if child:
    os.waitpid(child, 0)
    session.run(features)
    print("the parent is well")
else:
    try:
        session.run(features)
    except InferenceError as error:
        print(error, flush=True)
    try:
        QnnBackend().open(network, {})
    except BackendUnavailableError as error:
        print(error, flush=True)
    os._exit(0)  # as the children of multiprocessing end
"""


@pytest.fixture
def answers() -> Callable[[Path, object], list[np.ndarray]]:
    """What the backend onnx answers on the CPU."""

    def ask(path: Path, inputs: list[np.ndarray]) -> list[np.ndarray]:
        with OnnxBackend().open(Network(path.name, ".onnx", path=path), {}) as session:
            return list(session.run(inputs))

    return ask


def some(session) -> list[np.ndarray]:
    generator = np.random.default_rng(7)
    return [generator.random(spec.shape).astype(spec.dtype) for spec in session.inputs]


@pytest.mark.parametrize("name", ["digits", "motion", "keywords"])
@pytest.mark.parametrize("context_cache", [True, False])
def test_float_networks_answer_as_on_the_cpu(open_network, demo, answers, name, context_cache):
    session = open_network(demo(name), context_cache=context_cache)
    inputs = some(session)

    (scores,) = session.run(inputs)
    np.testing.assert_allclose(scores, answers(demo(name), inputs)[0], atol=1e-4)


def test_quantised_networks_answer_as_on_the_cpu(open_network, quantised, answers):
    session = open_network(quantised)
    inputs = some(session)

    (scores,) = session.run(inputs)
    np.testing.assert_allclose(scores, answers(quantised, inputs)[0], atol=3 / 256)


def test_a_whole_model_runs(demo):
    with EdgeImpulseModel(demo("motion").parent, backend="qnn") as model:
        result = model.infer(np.zeros(model.input_size, np.float32))

    assert sum(result.classification.values()) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    "options",
    [
        {"performance_mode": "power_saver"},
        {"graph_optimization": 3, "vtcm_mb": 8, "htp_arch": 73, "device_id": 0, "num_threads": 2},
        {"precision": "float32"},
        {"backend_path": "libQnnHtp.so"},
        {"provider_options": {"qnn_context_priority": "high", "rpc_control_latency": 100}},
    ],
)
def test_options_change_no_answer(open_network, demo, answers, options):
    session = open_network(demo("motion"), **options)
    inputs = some(session)

    (scores,) = session.run(inputs)
    np.testing.assert_allclose(scores, answers(demo("motion"), inputs)[0], atol=1e-4)


def test_half_precision_answers_nearly_the_same_and_is_for_the_whole_process(run_script, demo):
    said = run_script(HALF_PRECISION, demo("motion")).splitlines()

    assert float(said[-2]) < 1e-2
    assert "with soc_model=43, and cannot run others with no soc_model; open all" in said[-1]


@pytest.mark.parametrize("context_cache", [True, False])
def test_what_the_cpu_would_run_is_refused_by_name(open_network, half, context_cache):
    with pytest.raises(UnsupportedModelError, match="takes 2 of the 4 nodes") as caught:
        open_network(half, context_cache=context_cache)

    assert "NonZero (find), Cast (cast); pass allow_cpu=True" in str(caught.value)


@pytest.mark.parametrize("context_cache", [True, False])
def test_the_cpu_may_be_allowed(open_network, half, context_cache):
    session = open_network(half, allow_cpu=True, context_cache=context_cache)

    row = np.array([[1, -2, 3, 4]], np.float32)
    np.testing.assert_array_equal(session.run([row])[0], [[0, 0, 0], [0, 2, 3]])


def test_int8_networks_of_tensorflow_lite_are_refused_with_the_way_out(open_network, demo):
    with pytest.raises(
        UnsupportedModelError, match="quantised to int8 as .*ei-runner quant"
    ) as told:
        open_network(demo("digits", "int8"))

    assert str(told.value).endswith("--samples FOLDER -o OUT.onnx")
    assert isinstance(told.value.__cause__, UnsupportedModelError)


def test_a_damaged_network_is_a_damaged_network(open_network, demo):
    with pytest.raises(ModelFormatError):
        open_network(demo("motion").read_bytes()[:-500])


def test_dynamic_shapes_are_refused_with_the_way_out(open_network):
    with pytest.raises(UnsupportedModelError, match=r"fixed shapes only: .*'features': \[1, 6\]"):
        open_network(ROWS.network.read())


def test_a_shape_for_an_input_that_there_is_not_is_told_first(open_network):
    with pytest.raises(InvalidInputError, match="names the input 'feature', the network has feat"):
        open_network(ROWS.network.read(), input_shapes={"feature": [1, 6]})


def test_dynamic_shapes_may_be_fixed(open_network):
    size = len(ROWS.inputs[0])
    session = open_network(ROWS.network.read(), input_shapes={"features": [size, 6]})

    assert session.inputs[0].shape == (size, 6)
    ROWS.check(session.run(ROWS.inputs))


def test_times_are_written_to_a_file(open_network, demo, tmp_path, cache):
    times = tmp_path / "times.csv"
    before = sorted(cache.rglob("*"))
    session = open_network(demo("motion"), profiling="detailed", profiling_file=times)
    session.run(some(session))
    session.close()

    lines = times.read_text().splitlines()
    assert lines[0].startswith("Msg Timestamp,Message,Time")
    assert any("FINALIZE" in line for line in lines)
    assert any("EXECUTE" in line for line in lines)
    assert sorted(cache.rglob("*")) == before


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("libQnnHtp.so", b"no library", "is no shared library"),
        ("libQnnHtp.so", None, "cannot be read: No such file"),
    ],
)
def test_a_backend_library_that_is_none_is_refused(
    open_network, demo, tmp_path, name, content, expected
):
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(InvalidInputError, match=f"{name} {expected}"):
        open_network(demo("motion"), backend_path=tmp_path / name)


def test_a_backend_library_for_another_machine_is_refused(open_network, demo, foreign_library):
    with pytest.raises(InvalidInputError, match="libQnnGpu.so is for riscv64 Linux, this is"):
        open_network(demo("motion"), backend_path=foreign_library("libQnnGpu.so"))


def test_a_library_that_is_no_backend_is_refused(open_network, demo, tmp_path):
    other = Path(import_module("onnxruntime_qnn").get_library_path()).with_name("libQnnSystem.so")
    (tmp_path / "libQnnCpu.so").symlink_to(other)

    with pytest.raises(InvalidInputError, match="is no backend of QNN: it lacks QnnInterface_get"):
        open_network(demo("motion"), backend_path=tmp_path / "libQnnCpu.so")


def test_a_second_copy_of_a_library_is_refused_before_it_ends_the_process(
    run_script, demo, tmp_path
):
    own = Path(import_module("onnxruntime_qnn").get_library_path()).parent
    parent = tmp_path / "onnxruntime_qnn"
    parent.mkdir()
    (parent / "libQnnHtp.so").write_bytes((own / "libQnnHtp.so").read_bytes())
    for bundled in own.parent.glob("onnxruntime_qnn.libs"):
        (tmp_path / bundled.name).symlink_to(bundled)

    said = run_script(COPIES, demo("motion"), parent / "libQnnHtp.so")

    assert f"this process uses libQnnHtp.so of {own}, and cannot use that of {parent}" in said


def test_a_forked_child_is_told_what_it_cannot_do(run_script, demo):
    said = run_script(FORKED, demo("motion"))

    assert "the network was opened in another process" in said
    assert "QNN was used by the process that this one was forked from" in said
    assert "the parent is well" in said


@pytest.mark.skipif(platform.machine() != "x86_64", reason="there may be a GPU of Qualcomm")
def test_the_gpu_is_not_taken_for_granted(open_network, demo):
    with pytest.raises(UnsupportedModelError, match="with backend_type=gpu: .*does not start here"):
        open_network(demo("motion"), backend_type="gpu")


def test_a_chip_that_qnn_does_not_know_is_named(run_script, demo):
    said = run_script(UNKNOWN_CHIP, demo("motion"))

    assert "takes nothing of network.onnx with soc_model=65535: most likely it does not" in said


def test_a_network_for_the_cpu_is_not_blamed_on_options_that_are_not_there(
    open_network, on_the_cpu
):
    with pytest.raises(UnsupportedModelError, match="takes 0 of the 1 nodes"):
        open_network(on_the_cpu)
