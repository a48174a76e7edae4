"""The backend behind the class that users hold."""

from __future__ import annotations

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

    with EdgeImpulseModel(MODELS / "add.tflite", backend="full-tflite") as model:
        assert model.backend_name == "full-tflite"
        assert model.parameters.model_type == "freeform"
        assert model.input_size == 0
        assert_array_equal(model.infer_freeform(row)["Identity"], row + 1)


def test_options_reach_the_network(tmp_path: Path):
    copy = shutil.copy(MODELS / "conv_int8.tflite", tmp_path)
    image = np.zeros((1, 6, 6, 1), np.int8)

    answers = []
    for options in ({"num_threads": 2}, None):
        with EdgeImpulseModel(copy, backend="full-tflite", options=options) as model:
            answers.append(model.infer_freeform(image)["Identity"])

    assert_array_equal(*answers)
    with pytest.raises(InvalidInputError, match="'num_threads' of full-tflite is 0"):
        EdgeImpulseModel(copy, backend="full-tflite", options={"num_threads": 0})


def test_several_inputs_are_given_by_name():
    options = {"signature": "combine"}
    inputs = {"right": np.float32([1, 2]), "left": np.float32([5, 6])}

    with EdgeImpulseModel(
        MODELS / "signatures.tflite", backend="full-tflite", options=options
    ) as model:
        answers = model.infer_freeform(inputs)

    assert_array_equal(answers["sum"], [6, 8])
    assert_array_equal(answers["difference"], [4, 4])


def test_a_truncated_file_is_one_clear_error(tmp_path: Path):
    path = tmp_path / "cut.tflite"
    path.write_bytes((MODELS / "add.tflite").read_bytes()[:300])

    with pytest.raises(ModelFormatError, match="cut.tflite is a damaged TensorFlow Lite model"):
        EdgeImpulseModel(path, backend="full-tflite")
