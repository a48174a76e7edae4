"""A backend runs a network on another backend, with the checks that a user's model gets."""

from __future__ import annotations

import numpy as np
import pytest
from dense_models import FEATURES, expected_scores
from fake_distributions import add_distribution, backend_code, hide_backends

from ei_runner_core import (
    BackendNotFoundError,
    BackendUnavailableError,
    InvalidInputError,
    ModelFormatError,
    Network,
    PluginError,
    UnsupportedModelError,
    plugins,
)
from ei_runner_core.authoring import installed_tensor_backends, open_network

BROKEN = """
from ei_runner_core import BackendSpec, Support, TensorBackend, TensorSession, TensorSpec, hookimpl

@hookimpl
def ei_runner_backends():
    return BackendSpec("broken", "tensor", "broken_plugin:Backend", opens=(".dense",))

class Session(TensorSession):
    inputs = outputs = ("no spec",)
    closed = 0

    def run(self, inputs):
        return ()

    def close(self):
        Session.closed += 1

class Backend(TensorBackend):
    def supports(self, network):
        return Support(True)

    def open(self, network, options):
        if options.get("fail"):
            raise RuntimeError("no device")
        return Session()
"""


@pytest.fixture
def network(bundle):
    return Network("the network", ".dense", content=(bundle / "network.dense").read_bytes())


@pytest.fixture
def broken(dense, monkeypatch):
    add_distribution(dense, "broken-plugin", BROKEN)
    monkeypatch.setenv("EI_RUNNER_PLUGINS", "dense,broken-plugin")
    plugins.refresh()


def test_a_network_in_memory_runs_on_the_backend_of_that_name(dense, network):
    window = np.linspace(-1, 1, FEATURES, dtype=np.float32)

    with open_network("dense", network) as session:
        [scores] = session.run([window[None]])

    assert scores[0] == pytest.approx(expected_scores(window), abs=1e-6)


def test_a_network_on_disk_runs_too(dense, bundle):
    path = bundle / "network.dense"

    with open_network("Dense", Network("n", ".dense", path=path), {}) as session:
        assert [spec.shape for spec in session.inputs] == [(1, FEATURES)]


def test_a_backend_that_is_not_installed_comes_with_the_way_to_install_it(
    dense, network, monkeypatch
):
    hide_backends(monkeypatch)
    with pytest.raises(BackendNotFoundError, match=r"pip install 'ei-runner\[tvm\]'"):
        open_network("tvm", network)
    for name in ("nobody", ""):
        with pytest.raises(BackendNotFoundError, match="there is no backend"):
            open_network(name, network)


def test_a_format_that_the_backend_does_not_open_is_one_clear_error(dense):
    with pytest.raises(UnsupportedModelError, match=r"'dense' .* opens \.dense, not \.tflite"):
        open_network("dense", Network("n.tflite", ".tflite", content=b"TFL3"))


def test_options_and_damage_are_told_by_the_backend(dense, network):
    with pytest.raises(InvalidInputError, match="dense has no options"):
        open_network("dense", network, {"speed": 11})
    with pytest.raises(ModelFormatError, match=r"n is not a \.dense file"):
        open_network("dense", Network("n", ".dense", content=b"nonsense"))


def test_a_backend_for_whole_impulses_is_refused(dense, network, monkeypatch):
    code = backend_code("whole", [".dense"], "nowhere:Backend", kind="impulse")
    add_distribution(dense, "whole-plugin", code)
    monkeypatch.setenv("EI_RUNNER_PLUGINS", "dense,whole-plugin")
    plugins.refresh()

    with pytest.raises(UnsupportedModelError, match=r"whole impulses.*\(installed: dense\)"):
        open_network("whole", network)
    assert installed_tensor_backends() == ("dense",)


def test_a_backend_that_breaks_the_contract_is_blamed_and_its_session_closed(broken, network):
    with pytest.raises(PluginError, match=r"'broken' breaks the contract: the inputs of its"):
        open_network("broken", network)

    import broken_plugin

    assert broken_plugin.Session.closed == 1


def test_what_a_backend_raises_is_told_with_its_name(broken, network):
    with pytest.raises(BackendUnavailableError, match=r"'broken' failed to open the network.*no d"):
        open_network("broken", network, {"fail": True})


def test_the_installed_backends_are_listed_by_format_with_the_preferred_ones_first(
    dense, monkeypatch
):
    offers = {"other": [".x"], "onnx": [".onnx", ".tflite"], "full-tflite": [".tflite"]}
    for name, opens in offers.items():
        add_distribution(dense, f"{name}-plugin", backend_code(name, opens))
    monkeypatch.setenv("EI_RUNNER_PLUGINS", ",".join(["dense", *(f"{n}-plugin" for n in offers)]))
    plugins.refresh()

    assert installed_tensor_backends() == ("full-tflite", "onnx", "dense", "other")
    assert installed_tensor_backends(".tflite") == ("full-tflite", "onnx")
    assert installed_tensor_backends(".gguf") == ()
