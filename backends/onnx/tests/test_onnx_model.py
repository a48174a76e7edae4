"""The backend behind the class that users hold."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from ei_runner_core import EdgeImpulseModel, InvalidInputError, ModelFormatError

MODELS = Path(__file__).parent / "models"


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EI_BACKEND", "EI_MODEL", "EI_RUNNER_DISABLE", "EI_RUNNER_PLUGINS"):
        monkeypatch.delenv(name, raising=False)


def test_a_bare_network_opens_as_a_freeform_model():
    row = np.arange(4, dtype=np.float32).reshape(1, 4)

    with EdgeImpulseModel(MODELS / "add.onnx", backend="onnx") as model:
        assert model.backend_name == "onnx"
        assert model.parameters.model_type == "freeform"
        assert_array_equal(model.infer_freeform(row)["y"], row + 1)


def test_several_inputs_of_any_dtype_are_given_by_name():
    with EdgeImpulseModel(MODELS / "scalars.onnx", backend="onnx") as model:
        answers = model.infer_freeform({"rate": np.array(3), "x": np.array(2, np.float32)})

    assert answers["product"] == 6


def test_a_bundle_of_a_quantised_network_answers_in_scores(tmp_path: Path):
    document = {
        "format": "ei-runner-impulse",
        "version": 1,
        "name": "three",
        "project": {"id": 7, "owner": "tests", "name": "three", "deploy_version": 1},
        "input": {
            "type": "time-series",
            "sensor": "accelerometer",
            "frequency": 50.0,
            "axes": ["x", "y"],
            "samples": 2,
            "slices_per_window": 2,
        },
        "labels": ["a", "b", "c"],
        "dsp": [{"id": 2, "type": "raw", "outputs": 4, "config": {"scale_axes": 1.0}}],
        "learn": [{"type": "network", "id": 3, "inputs": [2], "files": ["int8.onnx"]}],
        "postprocessing": [{"id": 4, "type": "classification", "input": 3}],
    }
    (tmp_path / "impulse.json").write_text(json.dumps(document))
    shutil.copy(MODELS / "int8.onnx", tmp_path)

    with EdgeImpulseModel(tmp_path, backend="onnx") as model:
        scores = model.infer([0, 0, 0, 0]).classification

    assert scores is not None
    assert list(scores) == ["a", "b", "c"]
    assert set(scores.values()) == {0.0}


def test_options_reach_the_network():
    with pytest.raises(InvalidInputError, match="'num_threads' of onnx is 0"):
        EdgeImpulseModel(MODELS / "add.onnx", backend="onnx", options={"num_threads": 0})


def test_a_truncated_file_is_one_clear_error(tmp_path: Path):
    path = tmp_path / "cut.onnx"
    path.write_bytes((MODELS / "conv.onnx").read_bytes()[:200])

    with pytest.raises(ModelFormatError, match="cannot load .*cut.onnx: "):
        EdgeImpulseModel(path, backend="onnx")
