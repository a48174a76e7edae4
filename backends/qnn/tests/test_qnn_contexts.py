"""Compiled networks are kept by their content, and a damaged one is made anew."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import pytest

from ei_runner_core import ModelNotFoundError, UnsupportedModelError
from ei_runner_core.authoring import ContentCache
from ei_runner_core.testing import golden_cases

pytest.importorskip("onnxruntime_qnn")

DENSE = next(case for case in golden_cases((".onnx",)) if case.name == "dense")
DENSE_INT8 = next(case for case in golden_cases((".onnx",)) if case.name == "dense_int8")
FASTER = 5
OPEN = """
import sys
from pathlib import Path
from ei_runner_core import Network
from ei_runner_qnn.backend import QnnBackend
network = Network("network.onnx", ".onnx", path=Path(sys.argv[1]))
with QnnBackend().open(network, {}) as session:
    print(len(session.outputs))
"""

OPEN_AND_TELL = f"""
import onnxruntime, onnxruntime_qnn, sys
before = set(sys.modules)
{OPEN}
print(*sorted({{"onnx", "packaging", "numpy.random"}} & (set(sys.modules) - before)))
"""


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """A cache with nothing in it."""
    monkeypatch.setenv("EI_RUNNER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "qnn"


def entries(cache: Path) -> list[Path]:
    return sorted(path for path in cache.glob("*") if path.is_dir())


def seconds(open_network, source: Path) -> float:
    start = time.perf_counter()
    open_network(source).close()
    return time.perf_counter() - start


@pytest.mark.parametrize("name", ["digits", "motion"])
def test_the_second_opening_is_several_times_faster(open_network, demo, cache, name):
    open_network(demo("keywords")).close()  # which loads the libraries
    first = seconds(open_network, demo(name))
    later = min(seconds(open_network, demo(name)) for _ in range(5))

    assert first > FASTER * later


def test_quantised_networks_open_faster_too(open_network, quantised, demo, cache):
    open_network(demo("keywords")).close()
    first = seconds(open_network, quantised)
    later = min(seconds(open_network, quantised) for _ in range(5))

    assert first > FASTER * later


def test_what_is_kept_is_opened_without_all_that_compiling_needs(run_script, demo, cache):
    first = run_script(OPEN_AND_TELL, demo("motion"), EI_RUNNER_CACHE=str(cache))
    second = run_script(OPEN_AND_TELL, demo("motion"), EI_RUNNER_CACHE=str(cache))

    assert first.split() == ["1", "numpy.random", "onnx", "packaging"]
    assert second.split() == ["1"]


def test_one_content_is_one_entry_on_disk_and_in_memory(open_network, demo, cache):
    open_network(demo("motion"))
    (entry,) = entries(cache)
    open_network(demo("motion").read_bytes())

    assert entries(cache) == [entry]


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({"performance_mode": "power_saver"}, 1),
        ({"num_threads": 2}, 1),
        ({"graph_optimization": 3}, 2),
        ({"htp_arch": 73}, 2),
        ({"allow_cpu": True}, 2),
        ({"provider_options": {"qnn_context_priority": "high"}}, 2),
        ({"self_check": False}, 2),
        ({"context_cache": False}, 1),
    ],
)
def test_options_that_change_what_is_compiled_make_another_entry(
    open_network, cache, options, count
):
    network = DENSE.network.read()
    open_network(network)
    DENSE.check(open_network(network, **options).run(DENSE.inputs))

    assert len(entries(cache)) == count


def test_another_network_is_another_entry(open_network, cache):
    open_network(DENSE.network.read())
    open_network(DENSE_INT8.network.read())

    assert len(entries(cache)) == 2


def test_scales_and_zero_points_survive(open_network, cache):
    for _ in range(2):
        session = open_network(DENSE_INT8.network.read())
        specs = (*session.inputs, *session.outputs)
        found = [(spec.scale, spec.zero_point) for spec in specs]

        assert found == [pytest.approx(pair, rel=1e-6) for pair in DENSE_INT8.quantization]
        DENSE_INT8.check(session.run(DENSE_INT8.inputs))


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "damage",
    [flipped, lambda path: path.write_bytes(b""), Path.unlink],
    ids=["flipped", "emptied", "gone"],
)
@pytest.mark.parametrize("name", ["context.onnx", "context_qnn.bin", "seal.json"])
def test_a_damaged_entry_is_made_anew(open_network, cache, name, damage):
    open_network(DENSE.network.read()).close()
    (entry,) = entries(cache)
    before = {path.name for path in entry.iterdir()}
    damage(entry / name)

    DENSE.check(open_network(DENSE.network.read()).run(DENSE.inputs))
    assert entries(cache) == [entry]
    assert {path.name for path in entry.iterdir()} == before
    assert all(path.stat().st_size for path in entry.iterdir())


def test_what_qnn_refuses_although_its_bytes_are_right_is_made_anew(open_network, cache):
    open_network(DENSE.network.read()).close()
    (entry,) = entries(cache)
    context = (entry / "context.onnx").read_bytes()
    kept = ContentCache("qnn")
    kept.drop(entry.name)

    def make(folder: Path) -> None:
        (folder / "context.onnx").write_bytes(context)
        (folder / "context_qnn.bin").write_bytes(bytes(1000))

    assert kept.entry(entry.name, make).was_made
    DENSE.check(open_network(DENSE.network.read()).run(DENSE.inputs))
    assert (entry / "context_qnn.bin").stat().st_size > 1000


def test_what_is_refused_is_not_kept(open_network, half, cache):
    for _ in range(2):
        with pytest.raises(UnsupportedModelError, match="NonZero"):
            open_network(half)

    assert entries(cache) == []


def test_what_the_cpu_runs_alone_is_not_kept_and_runs(open_network, on_the_cpu, cache):
    session = open_network(on_the_cpu, allow_cpu=True)

    np.testing.assert_array_equal(session.run([np.array([0, 1], np.float32)])[0], [[1]])
    assert entries(cache) == []


def test_weights_in_another_file_are_part_of_the_content(open_network, tmp_path, cache):
    model = onnx.load_model_from_string(DENSE.network.read())
    path = tmp_path / "dense.onnx"
    onnx.save_model(
        model, path, save_as_external_data=True, location="dense.data", size_threshold=0
    )
    DENSE.check(open_network(path).run(DENSE.inputs))
    data = tmp_path / "dense.data"
    data.write_bytes(bytes(data.stat().st_size))

    (scores,) = open_network(path).run(DENSE.inputs)
    np.testing.assert_allclose(scores, np.full_like(scores, 0.5), atol=1e-6)
    assert len(entries(cache)) == 2
    data.unlink()
    with pytest.raises(ModelNotFoundError, match="dense.data"):
        open_network(path)


def test_two_processes_at_once_make_one_entry(demo, cache):
    command = [sys.executable, "-c", OPEN, str(demo("motion"))]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]

    for process in processes:
        output, _ = process.communicate(timeout=240)
        assert process.returncode == 0
        assert "1" in output.splitlines()
    assert len(entries(cache)) == 1


def test_a_cache_that_cannot_be_written_is_told_and_done_without(
    open_network, tmp_path, monkeypatch, caplog
):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("EI_RUNNER_CACHE", str(tmp_path / "file" / "cache"))

    with caplog.at_level(logging.WARNING):
        DENSE.check(open_network(DENSE.network.read()).run(DENSE.inputs))
    assert "cannot be written" in caplog.text
