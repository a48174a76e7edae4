"""A package holds all that the model needs, or is not made."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ei_runner_core import UnsupportedModelError
from ei_runner_core.demos import demo
from ei_runner_core.packaging import package_model
from ei_runner_core.plugins import registry

MODELS = Path(__file__).parents[2] / "backends" / "onnx" / "tests" / "models"


@pytest.fixture(autouse=True)
def onnx(monkeypatch):
    for name in ("EI_BACKEND", "EI_RUNNER_DISABLE", "EI_RUNNER_PLUGINS"):
        monkeypatch.delenv(name, raising=False)
    if "onnx" not in registry().backends:
        pytest.skip("needs the backend: pip install 'ei-runner[onnx]'")


def test_a_network_with_its_weights_in_another_file_is_refused(tmp_path):
    for name in ("external.onnx", "external.onnx.data"):
        shutil.copy(MODELS / name, tmp_path)
    message = "needs other files beside it.*external.onnx.data.*export the network as one file"
    with pytest.raises(UnsupportedModelError, match=message):
        package_model(tmp_path / "external.onnx", "torn", folder=tmp_path / "out")
    assert not list((tmp_path / "out").glob("*.whl"))


def test_a_network_that_is_broken_in_its_own_place_is_packaged_as_it_is(tmp_path):
    (tmp_path / "later.onnx").write_bytes(b"for a newer engine")
    assert package_model(tmp_path / "later.onnx", "later", folder=tmp_path).is_file()


def test_the_demo_is_whole(tmp_path):
    assert package_model(demo("digits").model("int8"), "digits-demo", folder=tmp_path).is_file()
