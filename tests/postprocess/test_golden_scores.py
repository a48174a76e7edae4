from __future__ import annotations

import numpy as np
from golden_cases import golden

from ei_runner_core import postprocess


def answer(kind, case):
    step = postprocess.create(
        kind,
        case.config,
        width=case.config["input_width"],
        height=case.config["input_height"],
        labels=case.config["categories"],
    )
    return step(case.tensors)


def scores(case):
    return [(row["label"], row["value"]) for row in case.expected["classification"]]


@golden("postprocess/classification")
def test_classification_answers_like_the_sdk(case):
    assert list(answer("classification", case)["classification"].items()) == scores(case)


@golden("postprocess/freeform")
def test_freeform_answers_like_the_sdk(case):
    tensors = answer("freeform", case)["freeform"]
    assert len(tensors) == len(case.expected["freeform"])
    for tensor, raw, expected in zip(
        tensors, case.tensors.values(), case.expected["freeform"], strict=True
    ):
        assert tensor.shape == raw.shape
        np.testing.assert_array_equal(tensor.ravel(), np.float32(expected), strict=True)
