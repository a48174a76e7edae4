"""Quantised demos answer as the float ones do, on QNN too."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from qnn_float_networks import network_of, save, weights

import ei_runner_core
from ei_runner_core import EdgeImpulseModel, InvalidInputError, UnsupportedModelError
from ei_runner_qnn import quantize_model

DEMOS = Path(ei_runner_core.__file__).parent / "demos"


def model_of(demo: str) -> Path:
    return DEMOS / demo / "float32"


def samples_of(demo: str) -> Path:
    return DEMOS / demo / "samples"


def kinds_in(path: Path) -> set[str]:
    return {node.op_type for node in onnx.load(path).graph.node}


def open_on_qnn(path: Path) -> EdgeImpulseModel:
    pytest.importorskip("onnxruntime_qnn", reason="the emulator of QNN is not installed here")
    return EdgeImpulseModel(path, backend="qnn", options={"context_cache": False})


def test_the_digits_demo_is_right_on_qnn(tmp_path: Path) -> None:
    held_out = np.load(DEMOS / "digits" / "held_out.npz")
    made = quantize_model(model_of("digits"), samples_of("digits"), tmp_path / "digits")
    with open_on_qnn(made.path) as model:
        answers = [
            model.infer_image(np.repeat(image[..., None], 3, axis=2)).top()[0][0]
            for image in held_out["images"]
        ]
    right = np.array(answers) == held_out["labels"].astype(str)
    assert right.mean() > 0.95


@pytest.mark.parametrize("demo", ["motion", "keywords"])
def test_a_demo_with_signals_is_right_on_qnn(demo: str, tmp_path: Path) -> None:
    held_out = np.load(DEMOS / demo / "held_out.npz")
    made = quantize_model(model_of(demo), samples_of(demo), tmp_path / demo)
    with open_on_qnn(made.path) as model:
        labels = model.labels
        answers = [model.infer(window).top()[0][0] for window in held_out["windows"]]
    right = np.array(answers) == np.array(labels)[held_out["labels"]]
    assert right.mean() > 0.95


@pytest.mark.parametrize("demo", ["digits", "motion", "keywords", "scenes"])
def test_every_demo_agrees_with_its_float_form(demo: str, tmp_path: Path) -> None:
    made = quantize_model(model_of(demo), samples_of(demo), tmp_path / demo)
    assert made.agreement == 1.0
    assert 0 < made.largest_difference < 0.1
    assert made.bytes_after < made.bytes_before
    assert made.bytes_before == (model_of(demo) / "network.onnx").stat().st_size
    assert made.windows == made.samples == len(list(samples_of(demo).iterdir()))


def test_a_bundle_becomes_a_bundle_with_the_quantised_network_alone(tmp_path: Path) -> None:
    made = quantize_model(model_of("motion"), samples_of("motion"), tmp_path / "motion")
    assert sorted(path.name for path in made.path.iterdir()) == ["impulse.json", "network.onnx"]
    assert "QuantizeLinear" in kinds_in(made.path / "network.onnx")


def test_a_zip_becomes_a_zip(tmp_path: Path) -> None:
    first = quantize_model(model_of("motion"), samples_of("motion"), tmp_path / "a.zip")
    with pytest.raises(UnsupportedModelError, match="quantised already"):
        quantize_model(first.path, samples_of("motion"), tmp_path / "b.zip")


def test_the_result_is_always_the_same(tmp_path: Path) -> None:
    made = [
        quantize_model(model_of("scenes"), samples_of("scenes"), tmp_path / f"{i}.zip").path
        for i in range(2)
    ]
    assert made[0].read_bytes() == made[1].read_bytes()


def test_activations_of_16_bits_come_closer(tmp_path: Path) -> None:
    coarse = quantize_model(model_of("scenes"), samples_of("scenes"), tmp_path / "8")
    fine = quantize_model(
        model_of("scenes"), samples_of("scenes"), tmp_path / "16", activation="uint16"
    )
    assert fine.largest_difference < coarse.largest_difference


def test_16_bits_and_scales_by_channel_run_on_qnn(tmp_path: Path) -> None:
    made = quantize_model(
        model_of("digits"), samples_of("digits"), tmp_path / "digits",
        activation="uint16", per_channel=True,
    )  # fmt: skip
    with open_on_qnn(made.path) as model:
        assert model.infer_image(samples_of("digits") / "0_001.png").top()[0][0] == "0"


@pytest.mark.parametrize("calibration", ["entropy", "percentile"])
def test_each_calibration_finds_ranges_of_its_own(calibration: str, tmp_path: Path) -> None:
    usual = quantize_model(model_of("motion"), samples_of("motion"), tmp_path / "usual")
    other = quantize_model(
        model_of("motion"), samples_of("motion"), tmp_path / "other", calibration=calibration
    )
    assert other.agreement == 1.0
    network = "network.onnx"
    assert (usual.path / network).read_bytes() != (other.path / network).read_bytes()


@pytest.mark.parametrize("weight", ["uint8", "int8"])
def test_weights_are_of_the_type_that_is_asked_for(weight: str, tmp_path: Path) -> None:
    made = quantize_model(
        model_of("motion"), samples_of("motion"), tmp_path / "motion", weight=weight
    )
    kind = onnx.TensorProto.DataType.Value(weight.upper())
    initializers = onnx.load(made.path / "network.onnx").graph.initializer
    assert all(one.data_type == kind for one in initializers if len(one.dims) > 1)


def test_nothing_is_printed_and_logging_stays_as_it_is(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    root = logging.getLogger()
    before = list(root.handlers), list(root.filters), root.level
    quantize_model(
        model_of("motion"), samples_of("motion"), tmp_path / "motion", calibration="percentile"
    )
    assert (list(root.handlers), list(root.filters), root.level) == before
    printed = capfd.readouterr()
    assert (printed.out, printed.err, caplog.messages) == ("", "", [])


def test_progress_is_told_up_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    made = quantize_model(
        model_of("keywords"), samples_of("keywords"), tmp_path / "keywords",
        on_progress=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    total = 2 * made.samples + 1
    assert told == [(done, total) for done in range(1, total + 1)]


def test_an_interrupt_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))

    def interrupt_after_quantising(done: int, total: int) -> None:
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        quantize_model(
            model_of("motion"), samples_of("motion"), tmp_path / "motion",
            on_progress=interrupt_after_quantising,
        )  # fmt: skip
    assert list(tmp_path.rglob("*")) == [scratch]


def test_what_is_there_is_replaced_only_with_force(tmp_path: Path) -> None:
    model, samples, output = model_of("motion"), samples_of("motion"), tmp_path / "motion"
    quantize_model(model, samples, output)
    with pytest.raises(InvalidInputError, match="exists already.*force"):
        quantize_model(model, samples, output)
    assert quantize_model(model, samples, output, force=True).path == output


def test_a_place_that_cannot_be_is_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no folder"):
        quantize_model(model_of("motion"), tmp_path / "nowhere", tmp_path / "gone" / "motion")


@pytest.mark.parametrize(
    ("setting", "value"),
    [("activation", "int4"), ("weight", "uint16"), ("calibration", "best"), ("per_channel", 1)],
)
def test_settings_that_there_are_not_are_refused(
    setting: str, value: object, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInputError, match=f"{setting}.*expected"):
        quantize_model(
            model_of("motion"), samples_of("motion"), tmp_path / "motion", **{setting: value}
        )


def test_a_model_without_an_onnx_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedModelError, match=r"network\.tflite.*export.*\.onnx"):
        quantize_model(
            model_of("digits") / "network.tflite", samples_of("digits"), tmp_path / "out.onnx"
        )


def test_the_model_is_looked_at_before_the_name_of_the_output(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedModelError, match=r"network\.tflite is a \.tflite file; export"):
        quantize_model(
            model_of("digits") / "network.tflite", samples_of("digits"), tmp_path / "folder"
        )


def test_a_bundle_without_an_onnx_file_tells_what_it_has(tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(model_of("digits"), model)
    impulse = json.loads((model / "impulse.json").read_text())
    impulse["learn"][0]["files"] = ["network.tflite"]
    (model / "impulse.json").write_text(json.dumps(impulse))
    with pytest.raises(UnsupportedModelError, match=r"model has network\.tflite only; export"):
        quantize_model(model, samples_of("digits"), tmp_path / "out")


def test_a_network_given_beside_the_model_is_taken(tmp_path: Path) -> None:
    made = quantize_model(
        model_of("motion"), samples_of("motion"), tmp_path / "motion",
        network=model_of("motion") / "network.onnx",
    )  # fmt: skip
    assert made.agreement == 1.0


def test_a_network_that_scores_anomalies_stays_in_float(tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(model_of("motion"), model)
    impulse = json.loads((model / "impulse.json").read_text())
    kmeans = impulse["learn"].pop()
    kept = {key: kmeans[key] for key in ("id", "inputs", "axes")}
    impulse["learn"].append({"type": "gmm", "files": ["scores.onnx"], **kept})
    impulse["anomaly"] = "gmm"
    (model / "impulse.json").write_text(json.dumps(impulse))
    nodes = [onnx.helper.make_node("Gemm", ["x", "w"], ["y"])]
    scores = network_of(nodes, {"x": [1, 6]}, {"y": [1, 1]}, [weights("w", 6, 1)])
    save(scores, model / "scores.onnx")
    made = quantize_model(model, samples_of("motion"), tmp_path / "quantised")
    assert "QuantizeLinear" in kinds_in(made.path / "network.onnx")
    assert (made.path / "scores.onnx").read_bytes() == (model / "scores.onnx").read_bytes()
