"""Samples are read as ``ei-runner run`` reads them, and longer ones are cut."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest
from qnn_float_networks import conv_network, dense_network, save

import ei_runner_core
from ei_runner_core import InvalidInputError
from ei_runner_qnn import quantize_model

DEMOS = Path(ei_runner_core.__file__).parent / "demos"
MOTION = DEMOS / "motion" / "float32"
RANDOM = np.random.default_rng(3)


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    folder = tmp_path / "samples"
    folder.mkdir()
    return folder


def windows_of(model: Path, samples: Path, output: Path, limit: int | None = None) -> int:
    return quantize_model(model, samples, output, limit=limit).windows


def steps(count: int) -> np.ndarray:
    """Time steps of the motion demo, which takes 50 with 6 axes."""
    return RANDOM.normal(size=(count, 6)).astype(np.float32)


def test_a_long_table_is_several_windows(tmp_path: Path, samples: Path) -> None:
    rows = "\n".join(",".join(map(str, row)) for row in steps(175))
    (samples / "walk.csv").write_text(f"a,b,c,d,e,f\n{rows}\n")
    assert windows_of(MOTION, samples, tmp_path / "out") == 3


def test_a_long_document_of_studio_is_several_windows(tmp_path: Path, samples: Path) -> None:
    document = {"payload": {"interval_ms": 100, "values": steps(120).tolist()}}
    (samples / "walk.json").write_text(json.dumps(document))
    assert windows_of(MOTION, samples, tmp_path / "out") == 2


def test_rows_of_whole_windows_are_windows(tmp_path: Path, samples: Path) -> None:
    np.save(samples / "windows.npy", steps(200).reshape(4, 300))
    np.savez(samples / "more.npz", windows=steps(100).reshape(2, 300))
    assert windows_of(MOTION, samples, tmp_path / "out") == 6


def test_long_sound_is_several_windows(tmp_path: Path, samples: Path) -> None:
    with wave.open(str(samples / "talk.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(RANDOM.integers(-3000, 3000, 40000).astype("<i2").tobytes())
    assert windows_of(DEMOS / "keywords" / "float32", samples, tmp_path / "out") == 2


def test_folders_are_searched_and_what_is_hidden_is_not(tmp_path: Path, samples: Path) -> None:
    for name in ("walk/a.npy", "run/b.npy", ".cache/c.npy", "notes.md"):
        path = samples / name
        path.parent.mkdir(exist_ok=True)
        if path.suffix == ".npy":
            np.save(path, steps(50))
        else:
            path.write_text("about these samples")
    assert windows_of(MOTION, samples, tmp_path / "out") == 2


def test_a_limit_takes_files_from_all_over_the_folder(tmp_path: Path, samples: Path) -> None:
    for i in range(8):
        np.save(samples / f"{i}.npy", steps(50))
    (samples / "1.npy").write_bytes(b"not looked at")
    assert windows_of(MOTION, samples, tmp_path / "out", limit=4) == 4
    with pytest.raises(InvalidInputError, match="limit is 0"):
        windows_of(MOTION, samples, tmp_path / "other", limit=0)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("bad.png", b"\x89PNG\r\n\x1a\nnothing", "picture"),
        ("short.csv", b"1,2,3,4,5,6\n", "300"),
        ("broken.json", b"{", "not valid JSON"),
        ("text.npy", b"text", "npy"),
        ("empty.csv", b"", "empty"),
    ],
)
def test_a_sample_that_cannot_be_used_is_named(
    name: str, content: bytes, reason: str, tmp_path: Path, samples: Path
) -> None:
    np.save(samples / "a.npy", steps(50))
    (samples / name).write_bytes(content)
    with pytest.raises(InvalidInputError, match=f"{name}: .*{reason}"):
        windows_of(MOTION, samples, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_recording_with_other_axes_is_named(tmp_path: Path, samples: Path) -> None:
    np.save(samples / "walk.npy", np.ones((500, 3), np.float32))
    with pytest.raises(InvalidInputError, match=r"walk\.npy: .*300"):
        windows_of(MOTION, samples, tmp_path / "out")


def test_no_samples_are_an_error(tmp_path: Path, samples: Path) -> None:
    with pytest.raises(InvalidInputError, match="holds no sample; expected"):
        windows_of(MOTION, samples, tmp_path / "out")
    with pytest.raises(InvalidInputError, match="no folder of samples at"):
        windows_of(MOTION, samples / "nowhere", tmp_path / "out")


@pytest.mark.parametrize("stack", [True, False])
def test_tensors_for_a_lone_network_may_be_stacked(
    stack: bool, tmp_path: Path, samples: Path
) -> None:
    model = save(dense_network(), tmp_path / "network.onnx")
    np.save(samples / "x.npy", RANDOM.normal(size=(12, 8) if stack else 8).astype(np.float32))
    assert windows_of(model, samples, tmp_path / "out.onnx") == (12 if stack else 1)


def test_tensors_of_another_shape_are_named(tmp_path: Path, samples: Path) -> None:
    model = save(dense_network(), tmp_path / "network.onnx")
    np.save(samples / "x.npy", np.ones((1, 9), np.float32))
    with pytest.raises(InvalidInputError, match=r"x\.npy: .*\(1, 9\).*expected \(1, 8\)"):
        windows_of(model, samples, tmp_path / "out.onnx")


def test_tensors_that_are_not_finite_are_named(tmp_path: Path, samples: Path) -> None:
    model = save(dense_network(), tmp_path / "network.onnx")
    np.save(samples / "x.npy", np.full((1, 8), np.nan, np.float32))
    with pytest.raises(InvalidInputError, match=r"x\.npy: .*NaN"):
        windows_of(model, samples, tmp_path / "out.onnx")


def test_an_empty_stack_is_no_window(tmp_path: Path, samples: Path) -> None:
    model = save(dense_network(), tmp_path / "network.onnx")
    np.save(samples / "x.npy", np.ones((0, 8), np.float32))
    with pytest.raises(InvalidInputError, match="no window"):
        windows_of(model, samples, tmp_path / "out.onnx")


def test_pictures_fit_a_lone_network_that_takes_some(tmp_path: Path) -> None:
    digits = DEMOS / "digits"
    lone = quantize_model(
        digits / "float32" / "network.onnx", digits / "samples", tmp_path / "lone.onnx"
    )
    whole = quantize_model(digits / "float32", digits / "samples", tmp_path / "whole")
    assert lone.path.read_bytes() == (whole.path / "network.onnx").read_bytes()


def test_pictures_may_go_channels_first(tmp_path: Path) -> None:
    model = save(conv_network(), tmp_path / "network.onnx")
    assert windows_of(model, DEMOS / "digits" / "samples", tmp_path / "out.onnx") == 40


def test_pictures_for_a_network_that_takes_none_are_named(tmp_path: Path) -> None:
    model = save(dense_network(), tmp_path / "network.onnx")
    with pytest.raises(InvalidInputError, match=r"0_001\.png: .*picture.*tensors"):
        windows_of(model, DEMOS / "digits" / "samples", tmp_path / "out.onnx")
