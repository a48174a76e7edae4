"""Real exports read and run by this library alone; ``real_exports.py`` tells where they are.

Each export must be read or refused with a clear error. Where answers of its ``.eim`` were recorded,
its networks run and their answers are compared: on reference kernels, which compute as those of an
``.eim`` do, and on the optimized ones.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import pytest
from real_exports import (
    FOLDER,
    STEPS,
    Answer,
    assert_alike,
    best_of,
    exports,
    is_clear,
    needs_exports,
    read_recording,
    recorded,
    step_of,
)

from ei_runner_core import EdgeImpulseError, EdgeImpulseModel, ModelFormatError
from ei_runner_core.dsp import extract
from ei_runner_core.impulse import TimeSeriesInput
from ei_runner_core.impulse.convert import write_bundle
from ei_runner_core.impulse.export import list_impulses, read_export

FLOAT_TOLERANCE = 1e-4
ANOMALY_TOLERANCE = 1e-3
SHARE = 0.95
KERNELS = ("reference", "optimized")
STEPS_OFF: dict[str, dict[str, list[float]]] = {kind: {} for kind in KERNELS}
"""How far each score of a quantised network is off, by kernels and export."""

pytestmark = needs_exports


@pytest.mark.parametrize("path", exports())
def test_a_real_export_is_read_or_refused_with_a_clear_error(path):
    started = time.perf_counter()
    try:
        choices = [about["variable"] for about in list_impulses(path)]
        for choice in choices if len(choices) > 1 else [None]:
            assert read_export(path, choice).impulse.learn
    except EdgeImpulseError as error:
        assert "\n" not in str(error)  # noqa: PT017 - no error is right, too
        print(f"{path.name}: {error}")
    assert time.perf_counter() - started < 30


@pytest.mark.parametrize("path", recorded())
def test_a_real_export_says_what_its_eim_says(path):
    hello = read_recording(path).hello
    model, project = hello["model_parameters"], hello["project"]
    impulse = read_export(path).impulse
    assert list(impulse.labels) == model["labels"]
    assert impulse.window_length == model["input_features_count"]
    assert (impulse.project.id, impulse.project.name) == (project["id"], project["name"])
    assert impulse.project.deploy_version == project["deploy_version"]
    for threshold in model.get("thresholds", ()):
        (block,) = (b for b in impulse.postprocessing if b.id == threshold["id"])
        assert np.float32(block.config["threshold"]) == np.float32(threshold["min_score"])


@pytest.mark.parametrize("path", recorded())
def test_a_real_export_has_the_features_that_the_sdk_computed(path):
    impulse = read_export(path).impulse
    series = impulse.input if isinstance(impulse.input, TimeSeriesInput) else None
    about = {
        "frequency": series.frequency if series else 0.0,
        "axis_count": len(series.axes) if series else 1,
    }
    with np.load(path.with_name(f"{path.stem}.npz"), allow_pickle=False) as file:
        pairs = [
            (file[name.replace("features", "input")], file[name].ravel())
            for name in file.files
            if name.startswith("features_")
        ]
    for window, expected in pairs:
        parts = [
            extract(
                block.type,
                window,
                block.config,
                version=block.version,
                axes=block.axes,
                n_outputs=block.outputs,
                **about,
            )
            for block in impulse.dsp
        ]
        tolerance = 1e-3 * max(float(np.ptp(expected)), 1.0)
        np.testing.assert_allclose(np.concatenate(parts), expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("path", recorded())
def test_a_real_export_answers_as_its_eim_did(path, kernels, tmp_path):
    pytest.importorskip("ei_runner_full_tflite")
    source = read_export(path)
    if len(source.networks) < len(source.impulse.networks):
        pytest.skip("its network was compiled")
    write_bundle(source, tmp_path / "bundle")
    recording = read_recording(path)
    options = {"kernels": kernels} if source.networks else None
    with EdgeImpulseModel(tmp_path / "bundle", backend="full-tflite", options=options) as model:
        answers = [model.infer(window).to_dict()["result"] for window in recording.windows]
    step = max(map(step_of, (n.read() for (n,) in source.networks.values())), default=0.0)
    off = _compare(recording.answers, answers, step)
    if step:
        STEPS_OFF[kernels][path.name] = off


@pytest.mark.parametrize("kernels", KERNELS)
def test_scores_of_quantised_networks_are_within_two_steps(kernels):
    """Nearly all on reference kernels; the others round sums elsewhere, and are only reported."""
    if not STEPS_OFF[kernels]:
        pytest.skip("no quantised network ran")
    every = np.concatenate([np.asarray(steps) for steps in STEPS_OFF[kernels].values()])
    near = float(np.mean(every <= STEPS + 1e-3))
    worst = {name: round(max(steps), 1) for name, steps in STEPS_OFF[kernels].items()}
    print(f"{kernels}: {near:.1%} of {len(every)} scores within {STEPS} steps; worst: {worst}")
    assert near >= SHARE or kernels == "optimized"


def _compare(expected: Sequence[Answer], answers: list[Answer], step: float) -> list[float]:
    """Hold answers against each other; returns by how many steps the scores are off."""
    differences = []
    for row, answer in zip(expected, answers, strict=True):
        differences += assert_alike(row, answer, anomaly=ANOMALY_TOLERANCE)
        if is_clear(row, 2 * STEPS * (step or FLOAT_TOLERANCE)):
            assert best_of(answer) == best_of(row)
    if not step:
        assert max(differences, default=0) <= FLOAT_TOLERANCE
    return [difference / (step or 1.0) for difference in differences]


def test_a_folder_of_exports_holds_some():
    if not exports():
        raise ModelFormatError(f"there are no exports in {FOLDER}")
