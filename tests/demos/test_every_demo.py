"""What all demos promise: their files, their sizes, their samples."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ei_runner_core.demos import ANOMALY, Demo, demos
from ei_runner_core.files import FeatureWindow, read_window
from ei_runner_core.impulse import Impulse, KMeansBlock, model_parameters, read_bundle

MB = 1_000_000
NEW = [one for one in demos() if one.name != "digits"]  # which has tests of its own
EACH_DEMO = pytest.mark.parametrize("one", demos(), ids=lambda one: one.name)
EACH_NEW = pytest.mark.parametrize("one", NEW, ids=lambda one: one.name)
EACH_VARIANT = pytest.mark.parametrize("variant", ["float32", "int8"])


def products(folder: Path) -> Iterator[Path]:
    """The files of a demo without its programs."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return (path for path in files if path.suffix not in (".py", ".pyc"))


def impulse(one: Demo, variant: str) -> Impulse:
    found = read_bundle(one.model(variant)).impulse
    assert found is not None
    return found


def test_all_demos_together_are_smaller_than_two_megabytes() -> None:
    assert sum(path.stat().st_size for one in demos() for path in products(one.folder)) < 2 * MB


@EACH_DEMO
def test_the_networks_of_a_demo_are_tiny(one: Demo) -> None:
    networks = [path for path in products(one.folder) if path.stem == "network"]
    assert len(networks) == 4
    assert all(path.stat().st_size < 80_000 for path in networks)


@EACH_DEMO
@EACH_VARIANT
def test_a_bundle_has_one_network_in_two_formats_and_nothing_else(one: Demo, variant: str) -> None:
    names = {path.name for path in one.model(variant).iterdir()}
    assert names == {"impulse.json", "network.tflite", "network.onnx"}
    source = read_bundle(one.model(variant))
    assert [network.format for network in source.networks[3]] == [".tflite", ".onnx"]
    assert impulse(one, variant).name == f"{one.name} {variant}"


@EACH_DEMO
def test_the_variants_differ_in_nothing_but_name_and_networks(one: Demo) -> None:
    texts = [(one.model(v) / "impulse.json").read_text("utf-8") for v in one.variants]
    documents = [json.loads(text) | {"name": ""} for text in texts]
    assert documents[0] == documents[1]


@EACH_DEMO
@EACH_VARIANT
@pytest.mark.parametrize("name", ["network.tflite", "network.onnx"])
def test_a_model_card_tells_the_size_of_each_network(one: Demo, variant: str, name: str) -> None:
    size = (one.model(variant) / name).stat().st_size
    assert f"| {variant}/{name} | {size:,} |" in one.model_card.read_text(encoding="utf-8")


@EACH_DEMO
def test_a_model_card_has_every_chapter(one: Demo) -> None:
    lines = one.model_card.read_text(encoding="utf-8").splitlines()
    chapters = {line.removeprefix("## ") for line in lines if line.startswith("## ")}
    wanted = {"What is in this folder", "The model", "Data", "Training", "Scores", "Limits"}
    assert wanted | {"Licence"} <= chapters


@EACH_DEMO
def test_every_file_to_show_is_listed_with_a_label(one: Demo) -> None:
    assert {sample.path for sample in one.samples()} == set((one.folder / "samples").iterdir())


@EACH_DEMO
def test_the_labels_of_the_samples_are_those_of_the_model(one: Demo) -> None:
    model = impulse(one, "float32")
    looks_for_anomalies = any(isinstance(block, KMeansBlock) for block in model.learn)
    known = {*model.labels, *([ANOMALY] if looks_for_anomalies else [])}
    shown = {label for sample in one.samples() for label in sample.label.split(", ")}
    assert shown == known


@EACH_NEW
def test_a_sample_is_the_held_out_one_that_its_name_numbers(one: Demo) -> None:
    load_image = pytest.importorskip("PIL.Image").open
    parameters = model_parameters(impulse(one, "float32"))
    with np.load(one.held_out, allow_pickle=False) as arrays:
        held_out = dict(arrays)
    for sample in one.samples():
        kind, _, number = sample.path.stem.partition("_")
        array = {"scene": "images", "odd": "odd"}.get(kind, "windows")
        wanted = held_out[array][int(number)]
        if array == "images":
            np.testing.assert_array_equal(np.asarray(load_image(sample.path)), wanted)
            continue
        window = read_window(sample.path, parameters)
        assert isinstance(window, FeatureWindow)
        np.testing.assert_allclose(window.values, wanted.ravel(), rtol=1e-5)
        assert sample.label in (kind, ANOMALY)
