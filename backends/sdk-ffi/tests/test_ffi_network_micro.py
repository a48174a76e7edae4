"""Compiled models that take a tensor backend for TensorFlow Lite Micro."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ffi_network_stub
import pytest
from fake_distributions import add_distribution
from ffi_network_library import NATIVE, OK, TFLITE_ERROR, Library, compile_library, make_ffi

from ei_runner_core import EdgeImpulseError, InferenceError, UnsupportedModelError, plugins
from ei_runner_sdk_ffi import network as bridging
from ei_runner_sdk_ffi.network import NetworkBridge

pytestmark = pytest.mark.requires("compiler")

STUB = "ffi-network-stub"
GENERATIONS = {
    "2021": ("-DTEST_OF_2021", f"-I{NATIVE / 'of_2021'}"),
    "2026": (),
    "profiled": ("-DEI_CLASSIFIER_ENABLE_PROFILER",),
}

Loader = Callable[[str], tuple[Library, NetworkBridge]]


@pytest.fixture(scope="session", params=GENERATIONS)
def compiled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("ffi_network_micro") / "micro.so"
    define = "-DEI_RUNNER_NETWORK_CALLBACK=1"
    return compile_library(target, "micro.cpp", define, *GENERATIONS[request.param])


@pytest.fixture
def load(compiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loader]:
    """Loads the model with a network, and a bridge to the stub as its host."""
    site, bridges = tmp_path / "site", []
    add_distribution(site, STUB, "from ffi_network_stub import *\n", entry="stub")
    (site / "ffi_network_stub.py").unlink()  # the one beside the tests is meant
    monkeypatch.syspath_prepend(str(site))
    ffi_network_stub.sessions.clear()
    plugins.refresh()
    (folder := tmp_path / "loaded").mkdir()
    ffi = make_ffi()

    def loader(network: str) -> tuple[Library, NetworkBridge]:
        library = Library(ffi, compiled, folder)
        library.load(network.encode())
        bridges.append(NetworkBridge(ffi, STUB))
        library.functions.ei_runner_set_network(bridges[-1].host)
        return library, bridges[-1]

    yield loader
    for bridge in bridges:
        bridge.close()
    plugins.refresh()


def test_every_generation_gets_the_answer_of_the_backend(load: Loader) -> None:
    library, bridge = load("double")
    for first in (1, 3, 5):
        status, answer = library.call("micro", features=(first, 2, 3, 4))
        bridge.raise_error()
        assert (status, answer[0]) == (OK, 2.0 * first)
    assert len(ffi_network_stub.sessions) == 1


def test_the_sdk_writes_the_integers_of_a_quantised_network_itself(load: Loader) -> None:
    library, _ = load("double int8")
    assert library.call("micro", features=(4, 0, -1, 0))[0] == OK
    assert ffi_network_stub.sessions[0].seen[0].tolist() == [[6, -2, -4, -2]]


@pytest.mark.parametrize(
    ("network", "error"),
    [
        ("unknown-op", UnsupportedModelError),
        ("double closed", UnsupportedModelError),
        ("failing", InferenceError),
        ("double growing", InferenceError),
    ],
)
def test_every_failure_is_a_code_and_the_error_itself_time_and_again(
    load: Loader, network: str, error: type[EdgeImpulseError]
) -> None:
    library, bridge = load(network)
    for _ in range(3):
        status, answer = library.call("micro")
        assert (status, answer[0]) == (TFLITE_ERROR, -1.0)
        with pytest.raises(error):
            bridge.raise_error()


@pytest.mark.parametrize(
    ("backend", "given", "expected"),
    [
        ("full-tflite", {}, {"kernels": "micro"}),
        ("full-tflite", {"num_threads": 2}, {"kernels": "micro", "num_threads": 2}),
        ("full-tflite", {"kernels": "optimized"}, {"kernels": "optimized"}),
        ("full-tflite", {"default_delegates": True}, {"default_delegates": True}),
        ("onnx", {"num_threads": 2}, {"num_threads": 2}),
    ],
)
def test_full_tflite_is_to_round_as_micro_unless_the_options_choose_kernels(
    monkeypatch: pytest.MonkeyPatch,
    backend: str,
    given: dict[str, Any],
    expected: dict[str, Any],
) -> None:
    engine = ffi_network_stub.StubBackend()
    monkeypatch.setattr(bridging, "_engine", lambda _name: engine)
    ffi = make_ffi()
    bridge = NetworkBridge(ffi, backend, given)
    content = ffi.from_buffer(b"double")
    told = ffi.new("ei_runner_opened *")
    ffi_network_stub.sessions.clear()
    assert bridge.host.open(ffi.NULL, content, 6, 0, told) == 0
    bridge.close()
    assert ffi_network_stub.sessions[0].options == expected
