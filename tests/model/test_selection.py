"""Which backend is chosen, and why."""

from __future__ import annotations

import json

import pytest
from dense_models import impulse_document
from fake_distributions import add_distribution, backend_code, hide_backends

from ei_runner_core import (
    BackendNotFoundError,
    BackendSpec,
    BackendUnavailableError,
    EdgeImpulseModel,
    InvalidInputError,
    UnsupportedModelError,
    plugins,
)
from ei_runner_core.locate import locate
from ei_runner_core.selection import select_backend


@pytest.fixture
def rivals(dense, monkeypatch):
    """Several backends that all open .dense files."""
    hide_backends(monkeypatch)
    monkeypatch.delenv("EI_RUNNER_PLUGINS")

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


@pytest.fixture
def tflite_bundle(bundle):
    document = impulse_document()
    document["learn"][0]["files"] = ["network.tflite"]
    (bundle / "impulse.json").write_text(json.dumps(document))
    (bundle / "network.tflite").write_bytes(b"x")
    return bundle


def nothing_fits(bundle, *rows) -> str:
    """The error of a selection among backends that cannot be used."""
    with pytest.raises(BackendNotFoundError) as caught:
        select_backend(locate(bundle), None, plugins.Registry(rows))
    return str(caught.value)


def test_without_any_backend_the_error_says_what_to_install(dense, tflite_bundle):
    assert "pip install 'ei-runner[full-tflite]'" in nothing_fits(tflite_bundle)


def test_a_blocked_backend_that_would_have_fitted_is_to_be_unblocked(dense, tflite_bundle):
    blocked = plugins.PluginRow("plugin", "full-tflite", "disabled", "blocked by X=full-tflite")
    message = nothing_fits(tflite_bundle, blocked)
    assert "; unblock 'full-tflite': blocked by X=full-tflite" in message
    assert "pip install" not in message


def test_a_broken_backend_that_would_have_fitted_is_to_be_mended(dense, tflite_bundle):
    spec = BackendSpec("acme", "tensor", "acme:Backend", opens=(".tflite",))
    broken = plugins.PluginRow("backend", "acme", "conflict", "also offered by B", spec=spec)
    message = nothing_fits(tflite_bundle, broken)
    assert "; mend 'acme': also offered by B" in message
    assert "pip install" not in message


def test_a_broken_backend_of_another_format_does_not_hide_what_to_install(dense, tflite_bundle):
    spec = BackendSpec("acme", "tensor", "acme:Backend", opens=(".acme",))
    broken = plugins.PluginRow("backend", "acme", "disabled", "blocked by X=acme", spec=spec)
    message = nothing_fits(tflite_bundle, broken)
    assert "(acme: blocked by X=acme)" in message
    assert "pip install 'ei-runner[full-tflite]'" in message


def test_what_is_installed_and_refuses_is_not_to_be_installed(dense, tflite_bundle):
    add_distribution(dense, "tflite-plugin", backend_code("full-tflite", [".tflite"]))
    spec = BackendSpec("full-tflite", "tensor", "no_such_module:Backend", opens=(".tflite",))
    message = nothing_fits(tflite_bundle, plugins.PluginRow("backend", spec.name, "ok", spec=spec))
    assert "full-tflite: 'full-tflite' cannot be loaded: ModuleNotFoundError" in message
    assert "pip install" not in message


def test_blocking_by_the_variable_is_what_the_error_tells(dense, bundle, monkeypatch):
    add_distribution(dense, "twins", backend_code("dense-net", [".dense"]))
    monkeypatch.setenv("EI_RUNNER_PLUGINS", "twins")
    monkeypatch.setenv("EI_RUNNER_DISABLE", "Dense_Net")
    plugins.refresh()
    with pytest.raises(BackendNotFoundError, match="unblock 'dense-net': blocked by EI_RUNNER_DIS"):
        EdgeImpulseModel(bundle)


@pytest.mark.parametrize("name", [["dense"], 5, b"dense", [], False])
def test_a_name_that_is_no_string_is_refused(dense, bundle, name):
    with pytest.raises(InvalidInputError, match="name of a backend must be a string, got"):
        EdgeImpulseModel(bundle, backend=name)


@pytest.mark.parametrize("name", ["DENSE", " dense "])
def test_a_backend_is_asked_for_by_name_however_it_is_written(dense, bundle, monkeypatch, name):
    with EdgeImpulseModel(bundle, backend=name) as model:
        assert model.backend_name == "dense"
    monkeypatch.setenv("EI_BACKEND", name)
    assert chosen(bundle).spec.name == "dense"


def test_a_broken_plugin_is_named_when_nothing_fits(dense, bundle, monkeypatch):
    add_distribution(dense, "broken", "raise RuntimeError('no licence')")
    monkeypatch.setenv("EI_RUNNER_PLUGINS", "broken")
    plugins.refresh()
    with pytest.raises(BackendNotFoundError, match="broken: its import failed: .*no licence"):
        EdgeImpulseModel(bundle)
