"""The demos answer on TVM as they do on the engines that their networks were made for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache

import numpy as np
import pytest

from ei_runner_core import EdgeImpulseModel, InferenceResult
from ei_runner_core.demos import Demo, best_answer, demos
from ei_runner_core.files import FeatureWindow, read_window
from ei_runner_core.plugins import registry

pytestmark = pytest.mark.requires("compiler")

OTHERS = {".tflite": "full-tflite", ".onnx": "onnx"}
EACH_DEMO = pytest.mark.parametrize("one", demos(), ids=lambda one: one.name)
EACH_VARIANT = pytest.mark.parametrize("variant", ["float32", "int8"])
EACH_FORMAT = pytest.mark.parametrize("suffix", OTHERS)
STEP = 1 / 256  # of an int8 score


def answers(model: EdgeImpulseModel, one: Demo) -> Iterator[InferenceResult]:
    for sample in one.samples():
        window = read_window(sample.path, model.parameters)
        if isinstance(window, FeatureWindow):
            yield model.infer(window.values)
        else:
            yield model.infer_image(sample.path)


@pytest.fixture(scope="module")
def answers_of_others():
    """What the engine for a format answers to the samples of a demo."""
    with ExitStack() as stack:

        @cache
        def asked(one: Demo, variant: str, suffix: str) -> list[InferenceResult]:
            backend = OTHERS[suffix]
            if backend not in registry().backends:
                pytest.skip(f"compares with {backend}, which is not installed")
            model = EdgeImpulseModel(one.model(variant), backend=backend)
            return list(answers(stack.enter_context(model), one))

        yield asked


@EACH_DEMO
@EACH_VARIANT
@EACH_FORMAT
def test_a_demo_answers_as_on_another_engine(answers_of_others, one, variant, suffix):
    expected = answers_of_others(one, variant, suffix)
    network = one.model(variant) / f"network{suffix}"

    with EdgeImpulseModel(one.model(variant), backend="tvm", network=network) as model:
        got = list(answers(model, one))

    tolerance = 1e-4 if variant == "float32" else 2 * STEP
    for ours, theirs in zip(got, expected, strict=True):
        assert best_answer(ours)[0] == best_answer(theirs)[0]
        for label, score in (theirs.classification or {}).items():
            assert ours.classification[label] == pytest.approx(score, abs=tolerance)


@EACH_FORMAT
@EACH_VARIANT
def test_a_bundle_that_was_compiled_ahead_answers_as_before(tmp_path, variant, suffix):
    from ei_runner_core.compiling import compile_model

    one = demos()[0]
    source = one.model(variant)
    network = source / f"network{suffix}"

    bundle = compile_model(source, tmp_path / "bundle", backend="tvm", network=network)

    assert (bundle / "network.tvm").is_file()
    with (
        EdgeImpulseModel(bundle) as compiled,
        EdgeImpulseModel(source, backend="tvm", network=network) as model,
    ):
        assert compiled.backend_name == "tvm"
        for ours, theirs in zip(answers(compiled, one), answers(model, one), strict=True):
            scores = [list((r.classification or {}).values()) for r in (ours, theirs)]
            np.testing.assert_allclose(*scores, atol=1e-5)
