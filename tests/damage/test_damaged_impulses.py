"""A damaged impulse.json or bundle is an answer or an error of the library, never a crash."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path
from random import Random

import pytest
from damage_mutants import damaged_bytes, damaged_document
from damage_search import each_seed, on_each_backend

from ei_runner_core.demos import demo

DIGITS = demo("digits")


def digits_document() -> dict:
    text = (DIGITS.model("float32") / "impulse.json").read_text(encoding="utf-8")
    return json.loads(text)


def sensor_document() -> dict:
    """Two blocks over four axes whose 64 features suit the network of the digits."""
    samples = {"sensor": "accelerometer", "frequency": 100.0, "samples": 15}
    return digits_document() | {
        "input": {"type": "time-series", "axes": list("abcd"), "slices_per_window": 3, **samples},
        "dsp": [
            {"id": 2, "type": "raw", "outputs": 60, "config": {"scale_axes": 0.5}},
            {
                "id": 5,
                "type": "flatten",
                "outputs": 4,
                "axes": [1, 2],
                "config": {"average": True, "stdev": True, "moving_avg_num_windows": 2},
                "normalization": {"mean": [0, 1, 2, 3], "scale": [1, 1, 0.5, 2]},
            },
        ],
        "learn": [
            {"type": "network", "id": 3, "inputs": [2, 5], "files": digits_files(), "outputs": [0]}
        ],
    }


def everything_document() -> dict:
    """What else an impulse can hold, for parts of it to turn up in the others."""
    kmeans = {"mean": [0, 0], "scale": [1, 1], "clusters": [{"centroid": [1, 2], "max_error": 0.1}]}
    return digits_document() | {
        "input": {"type": "freeform"},
        "learn": [
            {"type": "network", "id": 3, "inputs": [2], "files": digits_files(), "layout": "nchw"},
            {"type": "kmeans", "id": 9, "inputs": [2], "axes": [0, 1], **kmeans},
            {"type": "gmm", "id": 10, "inputs": [2], "axes": [0], "files": digits_files()},
        ],
        "postprocessing": [
            {"id": 4, "type": "yolov5", "input": 3, "config": {"threshold": 0.5, "version": 6}},
            {"id": 5, "type": "freeform", "input": 3},
            {"id": 6, "type": "tracking", "config": {"keep_grace": 5, "use_iou": True}},
        ],
        "anomaly": "kmeans",
    }


def digits_files() -> list[str]:
    return digits_document()["learn"][0]["files"]


DOCUMENTS = [
    json.dumps(document).encode()
    for document in (digits_document(), sensor_document(), everything_document())
]


def bundles(suffix: str) -> list[str]:
    return list(DIGITS.variants)


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A copy of each variant's bundle, to be damaged."""
    folder = tmp_path_factory.mktemp("bundles")
    return {
        variant: Path(shutil.copytree(DIGITS.model(variant), folder / variant))
        for variant in DIGITS.variants
    }


@pytest.fixture(scope="module")
def zipped() -> dict[str, bytes]:
    """Each variant's bundle as a zip."""
    return {variant: zip_of(DIGITS.model(variant)) for variant in DIGITS.variants}


def zip_of(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            archive.writestr(zipfile.ZipInfo(path.name), path.read_bytes())
    return buffer.getvalue()


@on_each_backend(bundles)
@each_seed(400)
def test_a_damaged_impulse_is_an_answer_or_an_error(judge, copied, backend, case, seed):
    mutant = damaged_document(DOCUMENTS, Random(f"{case} {seed}"))
    judge(mutant, copied[case] / "impulse.json", backend)


@on_each_backend(bundles)
@each_seed(100)
def test_a_damaged_zip_is_an_answer_or_an_error(judge, zipped, tmp_path, backend, case, seed):
    mutant = damaged_bytes(zipped[case], Random(f"{case} {seed}"))
    judge(mutant, tmp_path / "bundle.zip", backend)


@on_each_backend(bundles)
def test_the_undamaged_documents_open(judge, copied, backend, case):
    for document in DOCUMENTS:
        judge(document, copied[case] / "impulse.json", backend)
