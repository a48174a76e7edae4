from __future__ import annotations

import numpy as np
import pytest

from ei_runner_core import InvalidInputError, ModelFormatError, postprocess


def passed(function, tensor, labels=("a", "b"), **fields):
    config = {"postprocess_fn": function, "input_block_id": 7, **fields}
    return postprocess.create("passthrough", config, labels=labels)({7: np.asarray(tensor)})


def test_an_anomaly_is_the_first_value():
    assert passed("process_anomaly", np.float32([[1.5, 9]])) == {"anomaly": 1.5}
    assert passed("process_anomaly", np.int8([[6]]), scale=0.25, zero_point=2) == {"anomaly": 1.0}


def test_the_function_tells_what_is_passed():
    scores = np.float32([[0.25, 0.75]])
    found = passed("process_classification_f32", scores)
    assert found == {"classification": {"a": 0.25, "b": 0.75}}
    assert passed("process_classification_i8", np.int8([[4]]), ()) == {
        "classification": {"value": 4.0}
    }
    (tensor,) = passed("process_freeform_f32", scores)["freeform"]
    np.testing.assert_array_equal(tensor, scores)


def test_an_empty_tensor_has_no_anomaly():
    with pytest.raises(ModelFormatError, match="block 7 is empty, expected a score of anomaly"):
        passed("process_anomaly", np.empty((1, 0), np.float32))


def test_a_missing_tensor_is_one_clear_error():
    step = postprocess.create("anomaly", {"input_block_id": 7})
    with pytest.raises(ModelFormatError, match="the tensor of block 7, .* the networks gave: 4"):
        step({4: np.zeros(1, np.float32)})


@pytest.mark.parametrize("config", [None, [], {"postprocess_fn": 5, "threshold": 1}])
def test_a_wrong_config_is_refused(config):
    with pytest.raises(InvalidInputError):
        postprocess.create("passthrough", config)
