"""Real exports compiled and called in this process; ``real_exports.py`` tells where they are.

They are compiled into the cache that ``EI_RUNNER_CACHE`` names, else into one for the tests alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from real_exports import (
    STEPS,
    Answer,
    assert_alike,
    best_of,
    needs_exports,
    read_recording,
    recorded,
    sdk_of,
    step_of,
    unrecorded,
)

from ei_runner_core import BuildError, EdgeImpulseModel
from ei_runner_core.authoring import installed_tensor_backends
from ei_runner_core.impulse.export import read_export as read_impulse
from ei_runner_sdk_ffi.build.cache import Cache
from ei_runner_sdk_ffi.build.export import read_export

SCORE_TOLERANCE = 1e-6
FLOAT_TOLERANCE = 1e-5  # of other kernels
ANOMALY_TOLERANCE = 1e-5
NEARLY_ALL = 0.95  # of all scores of quantised networks are within STEPS
CALLS = 200
CACHE = os.environ.get("EI_RUNNER_CACHE")  # before the tests get one of their own
STEPS_OFF: dict[str, list[float]] = {}
"""How far each score of a quantised network is off on other kernels, by export."""

pytestmark = needs_exports


@pytest.fixture(scope="module", autouse=True)
def cache_of_the_user(cache_of_the_tests: None) -> Iterator[None]:
    """The cache that was named, so that nothing is compiled twice."""
    with pytest.MonkeyPatch.context() as patch:
        if CACHE:
            patch.setenv("EI_RUNNER_CACHE", CACHE)
        yield


def opened(path: Path, network: str | None = "compiled") -> EdgeImpulseModel:
    options = {"network": network, "sdk": sdk_of(path)}
    return EdgeImpulseModel(path, backend="sdk-ffi", options=options)


def result(answer: Any) -> Answer:
    parts: Answer = answer.to_dict()["result"]
    return parts


def answers_of(model: EdgeImpulseModel, windows: Sequence[np.ndarray]) -> list[Answer]:
    return [result(model.infer(window)) for window in windows]


# -------------------------------------------------------------------- against recorded answers


@pytest.mark.parametrize("path", recorded())
def test_a_compiled_export_says_what_its_eim_says(path):
    hello = read_recording(path).hello
    with opened(path) as model:
        said = model.parameters.to_dict()
    about, wanted = said["model_parameters"], hello["model_parameters"]
    wanted["sensor"] = about["sensor"] if wanted["sensor"] in (-1, 255) else wanted["sensor"]
    assert {name: about[name] for name in wanted} == wanted
    assert {name: said["project"][name] for name in hello["project"]} == hello["project"]
    if "inferencing_engine" in hello:
        assert said["inferencing_engine"] == hello["inferencing_engine"]


@pytest.mark.parametrize("path", recorded())
def test_a_compiled_export_answers_as_its_eim_did(path):
    recording = read_recording(path)
    with opened(path) as model:
        answers = answers_of(model, recording.windows)
    assert max(_differences(recording.answers, answers), default=0) <= SCORE_TOLERANCE


@pytest.mark.parametrize("path", recorded())
def test_a_compiled_export_answers_slices_as_its_eim_did(path):
    stream = read_recording(path).stream
    if stream is None:
        pytest.skip("no answers to slices were recorded")
    with opened(path) as model:
        every = [model.infer_continuous(part) for part in stream.slices]
    answers = [result(answer) for answer in every if answer.ready]
    assert max(_differences(stream.answers, answers), default=0) <= SCORE_TOLERANCE


@pytest.mark.parametrize("path", recorded())
def test_other_kernels_find_what_the_eim_found(path):
    """Its network in the backend full-tflite, by callback."""
    if "full-tflite" not in installed_tensor_backends(".tflite"):
        pytest.skip("full-tflite is not installed")
    export = read_export(path, sdk=sdk_of(path), cache=Cache.find())
    if not export.has_flatbuffer:
        pytest.skip("its network was compiled")
    recording = read_recording(path)
    with opened(path, "full-tflite") as model:
        answers = answers_of(model, recording.windows)
    off = _differences(recording.answers, answers)
    step = max(map(step_of, (n.read() for (n,) in read_impulse(path).networks.values())))
    if step:
        STEPS_OFF[path.name] = [difference / step for difference in off]
        assert list(map(best_of, answers)) == list(map(best_of, recording.answers))
    else:
        assert max(off) <= FLOAT_TOLERANCE


def test_other_kernels_are_off_by_few_steps():
    """With ``pytest -s`` each export is shown."""
    if not STEPS_OFF:
        pytest.skip("no quantised network ran")
    every = {"all": [step for steps in STEPS_OFF.values() for step in steps]}
    print(f"\n{'':20} scores  within {STEPS} steps  at most")
    for name, steps in (STEPS_OFF | every).items():
        near = np.mean(np.asarray(steps) <= STEPS + 1e-3)
        print(f"{name:20} {len(steps):6} {near:15.1%} {max(steps):8.1f}")
    assert near >= NEARLY_ALL


def _differences(expected: Sequence[Answer], answers: Sequence[Answer]) -> list[float]:
    pairs = zip(expected, answers, strict=True)
    return [off for pair in pairs for off in assert_alike(*pair, anomaly=ANOMALY_TOLERANCE)]


# ------------------------------------------------------------------------------ several at once


def pairs() -> list[Any]:
    """Each export with the next one."""
    paths = [parameters.values[0] for parameters in recorded()]
    return [
        pytest.param(one, other, id=f"{one.stem}+{other.stem}")
        for one, other in zip(paths, paths[1:] + paths[:1], strict=True)
        if one != other
    ]


@pytest.mark.parametrize(("one", "other"), pairs())
def test_two_exports_in_one_process_do_not_disturb_each_other(one, other):
    windows = [read_recording(path).windows for path in (one, other)]
    with opened(one) as first, opened(other) as second:
        models = list(zip((first, second), windows, strict=True))
        alone = [answers_of(*model) for model in models]
        in_turn = [
            result(model.infer(windows[number % len(windows)])) == answers[number % len(windows)]
            for number in range(CALLS // 2)
            for (model, windows), answers in zip(models, alone, strict=True)
        ]
        with ThreadPoolExecutor(2) as threads:
            at_once = [
                threads.submit(answers_of, model, [*windows] * (CALLS // 2 // len(windows)))
                for model, windows in models
            ]
        for future, answers in zip(at_once, alone, strict=True):
            assert future.result() == answers * (CALLS // 2 // len(answers))
    assert all(in_turn)


@pytest.mark.parametrize("path", recorded())
def test_an_export_that_is_opened_twice_has_two_states(path):
    samples = np.concatenate(read_recording(path).windows[:3])
    with opened(path) as one, opened(path) as other:
        size = one.parameters.slice_size * one.parameters.axis_count
        if not size:
            pytest.skip("its window is too short for slices")
        slices = samples[: len(samples) // size * size].reshape(-1, size)[:40]
        alone = [result(one.infer_continuous(part)) for part in slices]
        one.reset()
        again = []
        for part, another in zip(slices, slices[::-1], strict=True):
            again.append(result(one.infer_continuous(part)))
            other.infer_continuous(another)
    assert again == alone


@pytest.mark.parametrize("path", recorded())
def test_thresholds_are_those_of_the_object_that_they_were_set_on(path):
    with opened(path) as one, opened(path) as other:
        before = other.thresholds
        if not before:
            pytest.skip("it has no thresholds")
        for block in before:
            one.set_threshold(block.id, **dict.fromkeys(block.values, 0.75))
        for block in one.thresholds:
            assert set(block.values.values()) == {0.75}
        assert other.thresholds == before


# ------------------------------------------------------------------------ nothing to compare with


@pytest.mark.parametrize("network", [None, "compiled"])
@pytest.mark.parametrize("path", unrecorded())
def test_an_export_without_recorded_answers_answers_or_is_refused(path, network):
    try:
        model = opened(path, network)
    except BuildError as error:
        assert "\n" not in str(error)  # noqa: PT017 - no error is right, too
        pytest.skip(f"refused: {error}")
    with model:
        random = np.random.default_rng(0)
        for _ in range(3):
            top = 1 << 24 if model.parameters.is_image else 100
            window = random.integers(0, top, model.input_size).astype(np.float32)
            assert _is_finite(result(model.infer(window)))


def _is_finite(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    if isinstance(value, list):
        return all(map(_is_finite, value))
    return isinstance(value, str) or bool(np.isfinite(value))
