"""An export is not read where a backend runs it as it is, and read wherever that is needed."""

from __future__ import annotations

from pathlib import Path

import pytest
from cpp_exports import ERAS, render, write
from exported_impulses import MOTION, NETWORK
from fake_distributions import add_distribution

from ei_runner_core import (
    BackendNotFoundError,
    BackendUnavailableError,
    EdgeImpulseModel,
    InvalidInputError,
    ModelFormatError,
    UnsupportedModelError,
    plugins,
    reading,
)
from ei_runner_core.cli._card import card_of

CODE = """
from ei_runner_core import (
    BackendSpec, ImpulseBackend, ImpulseSession, InferenceResult, ModelParameters, Support,
    hookimpl,
)

@hookimpl
def ei_runner_backends():
    return BackendSpec("sdk-ffi", "impulse", "whole_plugin:Backend", opens=("cpp-export",))

class Session(ImpulseSession):
    impulse = None
    parameters = ModelParameters(input_features_count=4)
    thresholds = ()

    def classify(self, window, debug=False):
        return InferenceResult()

    classify_continuous = classify

    def reset(self):
        pass

    def freeform(self, inputs):
        return {}

    def set_threshold(self, block_id, **values):
        pass

    def close(self):
        pass

class Backend(ImpulseBackend):
    seen = []
    refuses = False

    def supports(self, source):
        return Support(not Backend.refuses, "it does not want to")

    def open(self, source, options):
        Backend.seen.append(source)
        return Session()
"""


@pytest.fixture
def whole(dense, monkeypatch):
    """A backend for whole exports beside one for networks. Returns its class."""
    add_distribution(dense, "whole-plugin", CODE)
    monkeypatch.setenv("EI_RUNNER_PLUGINS", "dense,whole-plugin")
    plugins.refresh()
    import whole_plugin

    return whole_plugin.Backend


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return write(render(ERAS["2026"], MOTION, {3: NETWORK}), tmp_path / "export")


@pytest.fixture
def reads(monkeypatch) -> list[Path]:
    """The exports that are read from here on."""
    paths: list[Path] = []
    read = reading._read_export
    monkeypatch.setattr(
        reading,
        "_read_export",
        lambda found, impulse: (paths.append(found.path), read(found, impulse))[1],
    )
    return paths


def test_a_backend_for_whole_exports_gets_them_unread(whole, export, reads):
    with EdgeImpulseModel(export) as model:
        [source] = whole.seen
        assert (source.kind, source.impulse, source.path, reads) == ("cpp-export", None, export, [])
        assert model.backend_name == "sdk-ffi"
        assert "first installed" in model.selection.reason
        assert model.selection.considered == (("dense", "sdk-ffi comes first"),)


@pytest.mark.parametrize("by_variable", [False, True])
def test_the_same_goes_for_one_that_is_asked_for(whole, export, reads, monkeypatch, by_variable):
    if by_variable:
        monkeypatch.setenv("EI_BACKEND", "sdk-ffi")
    with EdgeImpulseModel(export, backend=None if by_variable else "SDK_FFI") as model:
        assert model.selection.reason == (
            "EI_BACKEND=sdk-ffi" if by_variable else "it was asked for"
        )
        assert model.selection.considered == ()
    assert (whole.seen[0].impulse, reads) == (None, [])


def test_an_impulse_or_a_network_that_is_chosen_needs_the_export_read(
    whole, export, reads, tmp_path
):
    (tmp_path / "other.tflite").write_bytes(NETWORK)

    for chosen in ({"impulse": 2}, {"network": tmp_path / "other.tflite"}):
        with EdgeImpulseModel(export, **chosen):
            assert whole.seen[-1].impulse is not None
    assert whole.seen[-1].networks[3][0].path == tmp_path / "other.tflite"
    assert reads == [export, export]


def test_a_backend_for_networks_needs_the_export_read(whole, export, reads):
    with pytest.raises(BackendNotFoundError):
        EdgeImpulseModel(export, backend="nobody")
    assert reads == []
    with pytest.raises(UnsupportedModelError, match=r"it opens \.dense, not \.tflite"):
        EdgeImpulseModel(export, backend="dense")
    assert reads == [export]


def test_a_refusal_is_told_with_all_that_is_known_of_the_export(whole, export, reads):
    whole.refuses = True

    with pytest.raises(
        BackendNotFoundError, match=r"sdk-ffi: it does not want to; dense: it opens .*not \.tflite"
    ):
        EdgeImpulseModel(export)
    assert reads == [export]


def test_a_preferred_backend_that_cannot_be_made_lets_the_export_be_read(whole, export, reads):
    whole.__init__ = lambda self: 1 / 0

    with pytest.raises(BackendUnavailableError, match="ZeroDivisionError"):
        EdgeImpulseModel(export, backend="sdk-ffi")
    with pytest.raises(BackendNotFoundError, match=r"ZeroDivisionError.*dense: it opens"):
        EdgeImpulseModel(export)


def test_a_backend_for_networks_that_comes_first_has_the_choice(dense, export, reads, monkeypatch):
    add_distribution(
        dense, "zeta-plugin", CODE.replace("sdk-ffi", "zeta").replace("whole_p", "zeta_p")
    )
    monkeypatch.setenv("EI_RUNNER_PLUGINS", "dense,zeta-plugin")
    plugins.refresh()

    with EdgeImpulseModel(export) as model:
        assert model.backend_name == "zeta"
        assert model.selection.considered == (("dense", "it opens .dense, not .tflite"),)
    assert reads == [export]


def damage(export: Path) -> None:
    (export / "model-parameters" / "model_variables.h").write_text("")


def test_an_export_that_cannot_be_read_opens_all_the_same(whole, export):
    damage(export)

    with EdgeImpulseModel(export) as model:
        assert model.backend_name == "sdk-ffi"
    with pytest.raises(ModelFormatError):
        EdgeImpulseModel(export, impulse=2)


def test_the_name_of_a_backend_is_checked_before_anything_is_read(whole, export, reads):
    with pytest.raises(InvalidInputError, match="must be a string"):
        EdgeImpulseModel(export, backend=3)
    assert reads == []


def test_info_tells_what_can_be_read(whole, export):
    card = card_of(str(export)).to_dict()
    assert (card["backend"], card["impulse"]["labels"]) == ("sdk-ffi", MOTION.labels)

    damage(export)
    card = card_of(str(export)).to_dict()
    assert (card["backend"], card["impulse"]) == ("sdk-ffi", None)
    with pytest.raises(ModelFormatError):
        card_of(str(export), backend="dense")
