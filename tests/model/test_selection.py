"""Which backend is chosen, and why."""

from __future__ import annotations

import json

import pytest
from dense_models import impulse_document
from fake_distributions import add_distribution, backend_code

from ei_runner_core import (
    BackendNotFoundError,
    BackendUnavailableError,
    EdgeImpulseModel,
    UnsupportedModelError,
    plugins,
)
from ei_runner_core.locate import locate
from ei_runner_core.selection import select_backend


@pytest.fixture
def rivals(dense, monkeypatch):
    """Several backends that all open .dense files."""
    monkeypatch.delenv("EI_RUNNER_PLUGINS")
    monkeypatch.setenv("EI_RUNNER_DISABLE", "full-tflite")

    def add(*names: str, **spec) -> None:
        for name in names:
            add_distribution(dense, f"{name}-rival", backend_code(name, [".dense"], **spec))
        plugins.refresh()

    return add


def chosen(bundle, requested=None):
    return select_backend(locate(bundle), requested)


def test_the_only_backend_that_fits_is_taken(dense, bundle):
    selection = chosen(bundle)
    assert selection.spec.name == "dense"
    assert "first installed backend that can open the model" in selection.reason


def test_others_are_ordered_by_name_behind_the_preferred_ones(rivals, bundle):
    rivals("zeta", "alpha", "onnx")
    selection = chosen(bundle)
    assert selection.spec.name == "onnx"
    assert [name for name, _ in selection.considered] == ["alpha", "dense", "zeta"]
    assert selection.considered[0][1] == "onnx comes first"


def test_sdk_ffi_comes_first_where_it_can_open_the_model(rivals, bundle):
    rivals("onnx", "sdk-ffi")
    assert chosen(bundle).spec.name == "sdk-ffi"


def test_an_explicit_name_wins_over_the_variable(rivals, bundle, monkeypatch):
    rivals("onnx")
    monkeypatch.setenv("EI_BACKEND", "onnx")
    assert chosen(bundle).spec.name == "onnx"
    assert chosen(bundle).reason == "EI_BACKEND=onnx"
    assert chosen(bundle, "dense").spec.name == "dense"
    assert chosen(bundle, "dense").reason == "it was asked for"


def test_a_backend_whose_import_fails_is_passed_over_with_its_reason(rivals, bundle):
    rivals("onnx", target="no_such_module:Backend", extra="onnx")
    selection = chosen(bundle)
    assert selection.spec.name == "dense"
    [(name, reason)] = selection.considered
    assert name == "onnx"
    assert "ModuleNotFoundError" in reason
    assert "pip install 'ei-runner[onnx]'" in reason


def test_a_backend_whose_import_fails_is_an_error_when_asked_for(rivals, bundle):
    rivals("onnx", target="no_such_module:Backend", extra="onnx")
    with pytest.raises(BackendUnavailableError, match=r"pip install 'ei-runner\[onnx\]'"):
        chosen(bundle, "onnx")


def test_a_named_backend_that_cannot_open_the_model_says_why(rivals, bundle, dense):
    add_distribution(dense, "other", backend_code("other", [".other"]))
    plugins.refresh()
    with pytest.raises(UnsupportedModelError, match=r"'other' \(it was asked for\) cannot open"):
        chosen(bundle, "other")


def test_a_backend_takes_the_file_of_the_format_that_it_opens(rivals, bundle, dense):
    document = impulse_document()
    document["learn"][0]["files"] = ["network.tflite", "network.dense"]
    (bundle / "impulse.json").write_text(json.dumps(document))
    (bundle / "network.tflite").write_bytes(b"not looked at")
    assert chosen(bundle).spec.name == "dense"


def test_without_any_backend_the_error_says_what_to_install(dense, bundle, monkeypatch):
    monkeypatch.setenv("EI_RUNNER_PLUGINS", "")
    document = impulse_document()
    document["learn"][0]["files"] = ["network.tflite"]
    (bundle / "impulse.json").write_text(json.dumps(document))
    (bundle / "network.tflite").write_bytes(b"x")
    with pytest.raises(BackendNotFoundError, match=r"pip install 'ei-runner\[full-tflite\]'"):
        EdgeImpulseModel(bundle)


def test_a_broken_plugin_is_named_when_nothing_fits(dense, bundle, monkeypatch):
    add_distribution(dense, "broken", "raise RuntimeError('no licence')")
    monkeypatch.setenv("EI_RUNNER_PLUGINS", "broken")
    plugins.refresh()
    with pytest.raises(BackendNotFoundError, match="broken: its import failed: .*no licence"):
        EdgeImpulseModel(bundle)
