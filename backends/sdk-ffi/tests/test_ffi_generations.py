"""Exports of every generation and layout, and every way to run their networks."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ffi_exports import (
    FAST,
    GENERATIONS,
    GOLDEN,
    TASKS,
    Recipe,
    energies_of,
    image_of,
    scores_of,
    write_export,
    zip_export,
)

from ei_runner_core import BoundingBox, EdgeImpulseModel, InvalidInputError

pytestmark = pytest.mark.requires("compiler")

WINDOW = np.linspace(-1, 2, 12, dtype=np.float32)
EXPECTED = pytest.approx(scores_of(TASKS["motion"].labels, WINDOW), abs=1e-6)
DIM, BRIGHT = (1, 1), (5, 2)
IMAGE = image_of({DIM: 51, BRIGHT: 255})
METADATA = "model-parameters/model_metadata.h"
LAST_LAYER = "EI_CLASSIFIER_OBJECT_DETECTION_LAST_LAYER"
WITH_IMPULSE = [year for year in GENERATIONS if year > 2021]
WITH_LEARN_THRESHOLDS = [year for year in GENERATIONS if year > 2023]


@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_generation_gives_scores_and_anomaly(opened: Any, generation: int) -> None:
    model = opened("motion", generation=generation)
    for _ in range(2):
        result = model.infer(WINDOW)
        assert result.classification == EXPECTED
        assert result.anomaly == pytest.approx(0.5, abs=1e-6)
        model.reset()


@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_generation_tells_its_parameters(opened: Any, generation: int) -> None:
    model = opened("motion", generation=generation)
    newest = opened("motion", generation=2026)
    theirs, ours = model.parameters.to_dict(), newest.parameters.to_dict()
    assert theirs["model_parameters"] == ours["model_parameters"]
    assert model.parameters.project.name == f"motion of {generation}"
    assert model.parameters.project.impulse_id == (1 if generation >= 2025 else None)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_generation_finds_boxes(opened: Any, generation: int) -> None:
    model = opened("objects", generation=generation)
    assert model.infer(IMAGE).bounding_boxes == (BoundingBox("cat", 1.0, 5, 2, 1, 1),)
    assert model.parameters.model_type == "constrained_object_detection"
    assert model.parameters.is_image


@pytest.mark.parametrize("generation", [2023, 2026])
def test_a_classifier_is_one_beside_an_impulse_that_finds_objects(
    opened: Any, tmp_path: Path, generation: int
) -> None:
    export = write_export(tmp_path / "two", Recipe("motion", generation=generation))
    with (export / METADATA).open("a") as headers:
        headers.write("#define EI_CLASSIFIER_OBJECT_DETECTION 1\n")
        headers.write(f"#define {LAST_LAYER} EI_CLASSIFIER_LAST_LAYER_FOMO\n")
    model = opened(export)
    assert model.infer(WINDOW).classification == EXPECTED
    assert model.infer(WINDOW).bounding_boxes is None
    assert model.parameters.model_type == "classification"


def test_boxes_of_the_time_before_fomo_had_its_name_are_told_as_such(
    opened: Any, tmp_path: Path
) -> None:
    export = write_export(tmp_path / "early", Recipe("objects", generation=2021))
    headers = export / METADATA
    early = re.sub(
        rf"{LAST_LAYER} \S+", "EI_CLASSIFIER_OBJECT_DETECTION_CONSTRAINED 1", headers.read_text()
    )
    headers.write_text(early)
    model = opened(export)
    assert model.infer(IMAGE).bounding_boxes == (BoundingBox("cat", 1.0, 5, 2, 1, 1),)
    assert model.parameters.model_type == "constrained_object_detection"


@pytest.mark.parametrize("generation", WITH_IMPULSE)
def test_every_threshold_of_boxes_can_be_set(opened: Any, generation: int) -> None:
    model = opened("objects", generation=generation)
    (block,) = model.thresholds
    assert (block.id, block.type) == (0 if generation == 2023 else 1, "object_detection")
    assert block.values == {"min_score": 0.5}
    model.set_threshold(block.id, min_score=0.125)
    assert model.thresholds[0].values == {"min_score": 0.125}
    assert len(model.infer(IMAGE).bounding_boxes) == 2
    model.reset()
    assert len(model.infer(IMAGE).bounding_boxes) == 2


def test_a_threshold_that_is_a_macro_cannot_be_set(opened: Any) -> None:
    model = opened("objects", generation=2021)
    assert model.thresholds == ()
    with pytest.raises(InvalidInputError, match="there are: none"):
        model.set_threshold(0, min_score=0.1)


@pytest.mark.parametrize("generation", WITH_LEARN_THRESHOLDS)
def test_every_threshold_of_visual_anomalies_can_be_set(opened: Any, generation: int) -> None:
    model = opened("defects", generation=generation)
    assert [(block.id, block.type) for block in model.thresholds] == [(1, "anomaly_gmm")]
    assert len(model.infer(IMAGE).visual_anomaly.grid) == 1
    model.set_threshold(1, min_anomaly_score=0.125)
    assert len(model.infer(IMAGE).visual_anomaly.grid) == 2


@pytest.mark.parametrize("generation", [2025, 2026])
def test_a_running_tracker_hears_of_its_settings(opened: Any, generation: int) -> None:
    model = opened("tracking", generation=generation)
    assert [(block.id, block.type) for block in model.thresholds] == [
        (1, "object_detection"),
        (2, "object_tracking"),
    ]
    assert model.thresholds[1].values == {
        "keep_grace": 2,
        "max_observations": 5,
        "threshold": 3,
    }
    model.infer(image_of({(1, 1): 255}))
    model.set_threshold(2, threshold=0.5, keep_grace=0)
    (track,) = model.infer(image_of({(2, 1): 255})).object_tracking
    assert track.object_id == 2
    model.reset()
    model.infer(image_of({(1, 1): 255}))
    (track,) = model.infer(image_of({(2, 1): 255})).object_tracking
    assert track.object_id == 2


def test_the_oldest_generation_works_on_slices(opened: Any) -> None:
    model = opened("sounds", generation=2021)
    window = np.linspace(-2, 1, 64, dtype=np.float32)
    expected = pytest.approx(scores_of(model.labels, energies_of(window)), abs=1e-6)
    assert model.infer(window).classification == expected
    for _ in range(2):
        *early, last = [model.infer_continuous(piece) for piece in np.split(window, 4)]
        assert not any(result.ready for result in early)
        assert last.classification == expected
        model.reset()


# --------------------------------------------------------------------------------------- layouts


def as_folder(tmp_path: Path) -> Path:
    return write_export(tmp_path / "mein Modell Δ 'x'", Recipe(project=51))


def as_arduino_library(tmp_path: Path) -> Path:
    return write_export(tmp_path / "arduino", Recipe(project=52, layout="arduino"))


def as_zip(tmp_path: Path) -> Path:
    folder = write_export(tmp_path / "unpacked", Recipe(project=53, generation=2024))
    return zip_export(folder, tmp_path / "mein Modell Δ.zip")


def as_zip_with_a_folder(tmp_path: Path) -> Path:
    folder = write_export(tmp_path / "unpacked", Recipe(project=54, layout="arduino"))
    return zip_export(folder, tmp_path / "library.zip", "small_inferencing")


@pytest.mark.parametrize(
    "write", [as_folder, as_arduino_library, as_zip, as_zip_with_a_folder], ids=lambda f: f.__name__
)
def test_every_layout_is_built(opened: Any, tmp_path: Path, write: Any) -> None:
    assert opened(write(tmp_path)).infer(WINDOW).classification == EXPECTED


@pytest.mark.parametrize(("compiler", "command"), [("gcc", "g++"), ("clang", "clang++")])
def test_every_compiler_builds_it(opened: Any, exported: Any, compiler: str, command: str) -> None:
    if not shutil.which(command):
        pytest.skip(f"needs {command}")
    model = opened(exported("motion"), compiler=compiler)
    assert model.infer(WINDOW).classification == EXPECTED


def test_a_model_is_found_as_the_readme_says(
    exported: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("EI_MODEL", str(exported("motion")))
    with EdgeImpulseModel() as model:
        assert model.backend_name == "sdk-ffi"
        assert model.infer(WINDOW).classification == EXPECTED
    with caplog.at_level(logging.DEBUG), EdgeImpulseModel() as model:
        assert model.infer(WINDOW).classification == EXPECTED
    assert not [line for line in caplog.messages if "compil" in line]


# -------------------------------------------------------------------------------------- networks


with np.load(GOLDEN / "dense.npz") as dense:
    INPUT, OUTPUT = dense["input0"][0], dense["output0"][0]


def check_dense(model: EdgeImpulseModel) -> None:
    for _ in range(2):
        scores = model.infer(INPUT).classification
        assert list((scores or {}).values()) == pytest.approx(OUTPUT.tolist(), abs=1e-6)
        model.infer(INPUT[::-1])


@pytest.mark.parametrize(
    ("generation", "network"), [(2021, "array"), (2024, "array"), (2026, "incbin")]
)
def test_a_network_runs_in_micro(opened: Any, exported: Any, generation: int, network: str) -> None:
    path = exported("dense", generation=generation, network=network)
    check_dense(opened(path, network="compiled"))


@pytest.mark.parametrize(("generation", "network"), [(2021, "array"), (2026, "incbin")])
def test_a_network_runs_in_a_tensor_backend(
    opened: Any, exported: Any, generation: int, network: str
) -> None:
    pytest.importorskip("ei_runner_full_tflite", reason="needs the backend full-tflite")
    model = opened(exported("dense", generation=generation, network=network))
    assert model.parameters.inferencing_engine.name == "TFLITE_FULL"
    check_dense(model)
    same = opened(model.path, network="full-tflite", network_options={"num_threads": 1})
    model.close()
    check_dense(same)


def test_a_model_may_be_closed_while_its_network_runs(
    exported: Any, run_script: Callable[..., str]
) -> None:
    pytest.importorskip("ei_runner_full_tflite", reason="needs the backend full-tflite")
    code = """if True:
        import signal, sys
        from ei_runner_core import EdgeImpulseModel, InferenceError
        model = EdgeImpulseModel(sys.argv[1], backend="sdk-ffi", options={
            "cflags": "-O0", "network_options": {"default_delegates": False}})
        session = model._session
        runs = session._model._bridge._networks.runs
        (handle,) = runs
        run = runs[handle]
        runs[handle] = lambda: (session.close(), run())
        print(session.classify(__import__("numpy").zeros(model.input_size, "float32")).ready)
        try:
            model.infer([0.0] * model.input_size)
        except InferenceError as error:
            print(error)
        """
    told = run_script(code, exported("dense", network="incbin"))
    assert told == "True\nthe model is closed: open it again\n"


def test_a_network_file_of_another_format_takes_the_place_of_the_models_own(exported: Any) -> None:
    pytest.importorskip("ei_runner_onnx", reason="needs the backend onnx")
    with EdgeImpulseModel(
        exported("dense", network="incbin"),
        backend="sdk-ffi",
        network=GOLDEN / "dense.onnx",
        options=FAST | {"network": "onnx"},
    ) as model:
        check_dense(model)


def test_another_network_of_a_quantised_export_need_not_take_integers(
    exported: Any, tmp_path: Path
) -> None:
    pytest.importorskip("ei_runner_onnx", reason="needs the backend onnx")
    path = shutil.copytree(exported("dense", network="incbin"), tmp_path / "quantised")
    metadata = path / "model-parameters" / "model_metadata.h"
    metadata.write_text(f"{metadata.read_text()}\n#define EI_CLASSIFIER_QUANTIZATION_ENABLED 1\n")
    for options in ({"network": "onnx"}, {}):
        with EdgeImpulseModel(
            path, backend="sdk-ffi", network=GOLDEN / "dense.onnx", options=FAST | options
        ) as model:
            assert model.parameters.inferencing_engine.name == "TFLITE_FULL"
            check_dense(model)


def test_a_backend_that_is_not_installed_is_told(opened: Any, exported: Any) -> None:
    with pytest.raises(InvalidInputError, match="'no-such' is no installed backend"):
        opened(exported("dense", network="incbin"), network="no-such")


def test_a_wrong_option_of_the_tensor_backend_is_told(opened: Any, exported: Any) -> None:
    pytest.importorskip("ei_runner_full_tflite", reason="needs the backend full-tflite")
    path = exported("dense", network="incbin")
    with pytest.raises(InvalidInputError, match="no_such"):
        opened(path, network="full-tflite", network_options={"no_such": 1})


def test_micro_is_forced_by_the_variable(
    opened: Any, exported: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USE_FULL_TFLITE", "0")
    model = opened(exported("dense", network="incbin"))
    assert model.parameters.inferencing_engine.name == "TFLITE"
    check_dense(model)


def test_code_cannot_run_in_a_tensor_backend(opened: Any) -> None:
    with pytest.raises(InvalidInputError, match="EON"):
        opened("motion", use_full_tflite=True)
