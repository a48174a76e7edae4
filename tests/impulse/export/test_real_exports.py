"""Real exports, which may not be part of this repository: every one below a folder of yours.

``EI_RUNNER_EXPORTS=FOLDER`` names it. Each export must be read or refused with a clear error. Where
``NAME.npz`` stands beside the export ``NAME``, with the windows ``input_K`` and as ``expected`` the
JSON of what an ``.eim`` answered to each, its networks run and their answers are compared: on
reference kernels, which compute as those of an ``.eim`` do, and on the optimized ones.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ei_runner_core import EdgeImpulseError, EdgeImpulseModel, ModelFormatError
from ei_runner_core.dsp import extract
from ei_runner_core.impulse import TimeSeriesInput
from ei_runner_core.impulse.convert import write_bundle
from ei_runner_core.impulse.export import list_impulses, read_export

FOLDER = os.environ.get("EI_RUNNER_EXPORTS")
FLOAT_TOLERANCE = 1e-4
STEPS = 2
SHARE = 0.95
KERNELS = ("reference", "optimized")
STEPS_OFF: dict[str, dict[str, list[float]]] = {kind: {} for kind in KERNELS}
"""How far each score of a quantised network is off, by kernels and export."""

pytestmark = pytest.mark.skipif(not FOLDER, reason="EI_RUNNER_EXPORTS names no folder")


def exports() -> list[Any]:
    root = Path(FOLDER or "/nowhere")
    found = sorted(p for p in root.glob("*") if p.is_dir() or p.suffix == ".zip") if FOLDER else []
    return [pytest.param(path, id=path.name) for path in found]


def recorded() -> list[Any]:
    return [p for p in exports() if p.values[0].with_name(f"{p.values[0].stem}.npz").is_file()]


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
    with np.load(path.with_name(f"{path.stem}.npz"), allow_pickle=False) as file:
        hello = json.loads(str(file["hello"]))
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
    with np.load(path.with_name(f"{path.stem}.npz"), allow_pickle=False) as file:
        rows = json.loads(str(file["expected"]))
        windows = [file[row["input"]] for row in rows]
    options = {"kernels": kernels} if source.networks else None
    with EdgeImpulseModel(tmp_path / "bundle", backend="full-tflite", options=options) as model:
        answers = [model.infer(window).to_dict()["result"] for window in windows]
    step = max(map(_step, (n.read() for (n,) in source.networks.values())), default=0.0)
    off = _compare([row["eim"]["result"] for row in rows], answers, step)
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


def _step(network: bytes) -> float:
    """One step of the scores of a quantised network, whose output may be float all the same."""
    library = pytest.importorskip("ai_edge_litert.interpreter")
    interpreter = library.Interpreter(model_content=network)
    shape = tuple(interpreter.get_output_details()[0]["shape"])
    scales = [
        tensor["quantization"][0]
        for tensor in interpreter.get_tensor_details()
        if tensor["dtype"] is np.int8 and tuple(tensor["shape"]) == shape
    ]
    return float(scales[-1]) if scales else 0.0


def _compare(
    expected: list[dict[str, Any]], answers: list[dict[str, Any]], step: float
) -> list[float]:
    """Hold answers against each other; returns by how many steps the scores are off."""
    differences = []
    for row, answer in zip(expected, answers, strict=True):
        assert answer.keys() == row.keys()
        scores, found = row.get("classification", {}), answer.get("classification", {})
        assert found.keys() == scores.keys()
        differences += [abs(found[label] - score) for label, score in scores.items()]
        if "anomaly" in row:
            assert answer["anomaly"] == pytest.approx(row["anomaly"], rel=1e-3, abs=1e-3)
        assert _boxes(answer) == _boxes(row)
        if scores and _is_clear(scores, step):
            assert max(found, key=found.get) == max(scores, key=scores.get)
    if not step:
        assert max(differences, default=0) <= FLOAT_TOLERANCE
    return [difference / (step or 1.0) for difference in differences]


def _is_clear(scores: dict[str, float], step: float) -> bool:
    """Whether the best label is more than rounding ahead of the second."""
    best = sorted(scores.values())[-2:]
    return len(best) < 2 or best[1] - best[0] > 2 * STEPS * (step or FLOAT_TOLERANCE)


def _boxes(result: dict[str, Any]) -> list[tuple[Any, ...]]:
    keys = ("label", "x", "y", "width", "height")
    return sorted(tuple(box[key] for key in keys) for box in result.get("bounding_boxes", ()))


def test_a_folder_of_exports_holds_some():
    if not exports():
        raise ModelFormatError(f"there are no exports in {FOLDER}")
