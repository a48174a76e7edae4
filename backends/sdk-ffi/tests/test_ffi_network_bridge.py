"""Compiled models whose networks run in a tensor backend, by callback."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ffi_network_stub
import numpy as np
import pytest
from fake_distributions import add_distribution
from ffi_network_library import (
    INPUT_NULL,
    INVALID_SIZE,
    OK,
    OUTPUT_NULL,
    TFLITE_ERROR,
    Library,
    compile_library,
    make_ffi,
)

from ei_runner_core import (
    BackendNotFoundError,
    BackendUnavailableError,
    EdgeImpulseError,
    InferenceError,
    InvalidInputError,
    Network,
    UnsupportedModelError,
    plugins,
)
from ei_runner_sdk_ffi.network import NetworkBridge

pytestmark = pytest.mark.requires("compiler")

STUB = "ffi-network-stub"
CALLS: list[tuple[str, tuple[int, ...]]] = [("oldest", ()), ("middle", (0,)), ("latest", (1,))]

Loader = Callable[..., Library]


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("ffi_network") / "callback.so"
    return compile_library(
        target, "generations.cpp", "-DEI_RUNNER_NETWORK_CALLBACK=1", "-DTEST_OF_2021"
    )


@pytest.fixture(scope="session")
def ffi() -> Any:
    return make_ffi()


@pytest.fixture(autouse=True)
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    site = tmp_path / "site"
    add_distribution(site, STUB, "from ffi_network_stub import *\n", entry="stub")
    (site / "ffi_network_stub.py").unlink()  # the one beside the tests is meant
    monkeypatch.syspath_prepend(str(site))
    ffi_network_stub.sessions.clear()
    plugins.refresh()
    yield
    plugins.refresh()


@pytest.fixture
def load(ffi: Any, compiled: Path, tmp_path: Path) -> Iterator[Loader]:
    """Loads the model with a network, and a bridge as its host."""
    bridges = []
    folder = tmp_path / "loaded"
    folder.mkdir()

    def loader(network: str, backend: str = STUB, **arguments: Any) -> Any:
        library = Library(ffi, compiled, folder)
        library.load(network.encode())
        bridge = NetworkBridge(ffi, backend, **arguments)
        bridges.append(bridge)
        library.functions.ei_runner_set_network(bridge.host)
        return library, bridge

    yield loader
    for bridge in bridges:
        bridge.close()


@pytest.mark.parametrize(("name", "extra"), CALLS)
def test_every_generation_gets_the_answer_of_the_backend(
    load: Any, name: str, extra: tuple[int, ...]
) -> None:
    library, bridge = load("double")
    for _ in range(3):
        status, answer = library.call(name, *extra)
        bridge.raise_error()
        assert (status, answer[0]) == (OK, 2.0)
    assert len(ffi_network_stub.sessions) == 1


def test_a_quantised_network_tells_its_scale_and_zero_point(load: Any) -> None:
    library, _ = load("double int8")
    assert library.call("latest", 1, features=(4, 0, 0, 0)) == (OK, [7.0, -1.0, -1.0, -1.0])
    assert ffi_network_stub.sessions[0].seen[0].tolist() == [[6, -2, -2, -2]]


def test_typed_tensors_of_another_type_are_not_there(load: Any) -> None:
    library, _ = load("double int8")
    assert library.call("oldest")[0] == INPUT_NULL
    assert library.call("oldest_int8")[0] == OK


def test_all_outputs_are_answered(load: Any) -> None:
    library, _ = load("double pair")
    assert library.call("latest", 2)[1][:2] == [2.0, 7.0]


def test_dynamic_sizes_are_taken_as_one(load: Any) -> None:
    library, _ = load("double dynamic")
    assert library.call("middle", 0)[1][0] == 2.0
    assert ffi_network_stub.sessions[0].seen[0].shape == (1, 4)


def test_the_memory_is_aligned_and_is_what_the_session_sees(load: Any) -> None:
    library, _ = load("double")
    library.call("latest", 1)
    first = ffi_network_stub.sessions[0].seen[0]
    library.call("latest", 1, features=(9, 9, 9, 9))
    assert first.tolist() == [[9, 9, 9, 9]]
    assert first.ctypes.data % 64 == 0
    assert first.flags.c_contiguous


def test_the_options_reach_the_backend(load: Any) -> None:
    library, _ = load("double", options={"speed": 3})
    library.call("latest", 1)
    assert ffi_network_stub.sessions[0].options == {"speed": 3}


def test_a_given_file_takes_the_place_of_the_models_own(load: Any, tmp_path: Path) -> None:
    file = tmp_path / "other.onnx"
    file.write_text("double pair")
    given = {3: Network("other.onnx", ".onnx", path=file)}
    library, _ = load("double", given=given)
    assert library.call("latest", 2)[1][:2] == [2.0, 7.0]
    assert ffi_network_stub.sessions[0].format == ".onnx"


def test_given_files_are_told_apart_by_the_networks_that_they_replace(load: Any) -> None:
    originals = {
        3: Network("three", ".tflite", content=b"failing"),
        5: Network("five", ".tflite", content=b"double"),
    }
    given = {3: Network("a", ".onnx", content=b"double"), 5: Network("b", ".a", content=b"double")}
    library, _ = load("double", given=given, originals=originals)
    assert library.call("latest", 1)[0] == OK
    assert ffi_network_stub.sessions[0].format == ".a"


def test_a_given_file_is_tried_again_after_a_failure(load: Any) -> None:
    library, bridge = load("double", given={1: Network("bad", ".onnx", content=b"unknown-op")})
    for _ in range(2):
        assert library.call("latest", 1)[0] == TFLITE_ERROR
        with pytest.raises(UnsupportedModelError, match="no operator Sum"):
            bridge.raise_error()


@pytest.mark.parametrize(
    ("network", "error", "message"),
    [
        ("unknown-op", UnsupportedModelError, "the engine has no operator Sum"),
        (
            "broken",
            BackendUnavailableError,
            "'ffi-network-stub' failed to open the network of 6 bytes: KeyError: 'broken'",
        ),
        ("double closed", UnsupportedModelError, "has no output"),
        ("double int64", UnsupportedModelError, "of the type int64"),
        ("failing", InferenceError, "the engine gave up"),
        (
            "crashing",
            InferenceError,
            "'ffi-network-stub' failed to run a network: ZeroDivisionError: nobody expects this",
        ),
        ("interrupted", KeyboardInterrupt, ""),
        ("double growing", InferenceError, "shape"),
    ],
)
@pytest.mark.parametrize(("name", "extra"), CALLS)
def test_every_failure_comes_back_as_a_code_and_as_the_error_itself(
    load: Any,
    name: str,
    extra: tuple[int, ...],
    network: str,
    error: type[BaseException],
    message: str,
) -> None:
    library, bridge = load(network)
    for _ in range(2):
        status, answer = library.call(name, *extra)
        assert status in (TFLITE_ERROR, INPUT_NULL, OUTPUT_NULL)
        assert answer[0] == -1.0
        with pytest.raises(error) as caught:
            bridge.raise_error()
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)
        bridge.raise_error()  # once is enough


def test_a_session_whose_tensors_are_refused_is_closed(load: Any) -> None:
    library, _ = load("double int64")
    library.call("latest", 1)
    assert [session.is_closed for session in ffi_network_stub.sessions] == [True]


@pytest.mark.parametrize(("name", "extra"), [("middle", (1,)), ("latest", (2,))])
def test_an_output_that_is_not_there_is_an_error(
    load: Any, name: str, extra: tuple[int, ...]
) -> None:
    library, _ = load("double")
    assert library.call(name, *extra)[0] == TFLITE_ERROR
    assert "lacks an output" in library.error
    assert library.call("latest", 1)[0] == OK


def test_an_input_of_another_size_is_an_error_and_spoils_no_memory(load: Any) -> None:
    given = {1: Network("wide", ".onnx", content=b"double wide")}
    assert load("double", given=given)[0].call("latest", 1)[0] == INVALID_SIZE
    assert load("double", given=given)[0].call("oldest")[0] == INPUT_NULL


def test_there_is_room_for_what_the_sdk_writes_before_it_compares(ffi: Any, tmp_path: Path) -> None:
    flags = ("-DEI_RUNNER_NETWORK_CALLBACK=1", "-DEI_CLASSIFIER_NN_INPUT_FRAME_SIZE=100000")
    library = Library(
        ffi, compile_library(tmp_path / "big.so", "generations.cpp", *flags), tmp_path
    )
    library.load(b"double")
    bridge = NetworkBridge(ffi, STUB)
    library.functions.ei_runner_set_network(bridge.host)
    assert library.call("latest", 1, features=[1] * 100000)[0] == INVALID_SIZE
    bridge.close()


def test_a_model_without_a_host_says_so(ffi: Any, compiled: Path, tmp_path: Path) -> None:
    library = Library(ffi, compiled, tmp_path)
    library.load(b"double")
    for name, extra in CALLS:
        assert library.call(name, *extra)[0] in (TFLITE_ERROR, INPUT_NULL)
        assert library.error == "no host runs the networks of this model"


def test_closing_the_networks_closes_the_sessions_and_a_call_opens_them_again(load: Any) -> None:
    library, bridge = load("double")
    library.call("latest", 1)
    library.functions.ei_runner_close_networks()
    assert [session.is_closed for session in ffi_network_stub.sessions] == [True]
    assert library.call("latest", 1)[0] == OK
    bridge.raise_error()
    assert [session.is_closed for session in ffi_network_stub.sessions] == [True, False]


@pytest.mark.parametrize(("name", "extra"), CALLS)
def test_a_call_after_close_is_an_error(load: Any, name: str, extra: tuple[int, ...]) -> None:
    library, bridge = load("double")
    assert library.call(name, *extra)[0] == OK
    bridge.close()
    bridge.close()
    assert ffi_network_stub.sessions[0].is_closed
    assert library.call(name, *extra)[0] in (TFLITE_ERROR, OUTPUT_NULL)
    with pytest.raises(InferenceError, match="closed"):
        bridge.raise_error()


def test_another_host_takes_over_without_asking_the_first(load: Any, ffi: Any) -> None:
    library, first = load("double")
    library.call("latest", 1)
    first.close()
    second = NetworkBridge(ffi, STUB)
    library.functions.ei_runner_set_network(second.host)
    del first
    assert library.call("latest", 1)[0] == OK
    library.functions.ei_runner_set_network(ffi.NULL)
    assert library.call("latest", 1)[0] == INPUT_NULL
    second.close()


def test_a_dropped_bridge_closes_its_sessions_at_once(ffi: Any, load: Any) -> None:
    library, _ = load("double")
    bridge = NetworkBridge(ffi, STUB)
    library.functions.ei_runner_set_network(bridge.host)
    library.call("latest", 1)
    session = weakref.ref(ffi_network_stub.sessions.pop())
    library.functions.ei_runner_set_network(ffi.NULL)
    gc.disable()
    try:
        del bridge
        assert session() is None
    finally:
        gc.enable()


def test_an_impulse_backend_runs_no_networks(ffi: Any) -> None:
    with pytest.raises(InvalidInputError, match="'sdk-ffi' runs whole impulses"):
        NetworkBridge(ffi, "sdk-ffi")


def test_an_unknown_backend_is_named(ffi: Any) -> None:
    with pytest.raises(BackendNotFoundError, match="'nobody'"):
        NetworkBridge(ffi, "nobody")


def test_an_error_in_the_backend_prints_nothing(load: Any, capfd: Any) -> None:
    library, bridge = load("crashing")
    library.call("latest", 1)
    with pytest.raises(EdgeImpulseError):
        bridge.raise_error()
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_leaves_the_sessions_of_its_parent_alone(load: Any) -> None:
    library, bridge = load("double")
    library.call("latest", 1)
    child = os.fork()
    if not child:
        status = library.call("latest", 1)[0]
        code = 1
        try:
            bridge.raise_error()
        except InferenceError as error:
            code = 0 if status == TFLITE_ERROR and "another process" in str(error) else 2
        bridge.close()
        if ffi_network_stub.sessions[0].is_closed:
            code = 3
        os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert library.call("latest", 1)[0] == OK


def test_a_process_ends_quietly_with_a_bridge_that_is_open(compiled: Path, tmp_path: Path) -> None:
    shutil.copy(compiled, tmp_path / "model.so")
    code = f"""
import sys
sys.path[:0] = {[str(tmp_path / "site"), *sys.path]!r}
from ffi_network_library import Library, make_ffi
from pathlib import Path
from ei_runner_sdk_ffi.network import NetworkBridge
ffi = make_ffi()
library = Library(ffi, Path("model.so"), Path("."))
library.load(b"double")
bridge = NetworkBridge(ffi, {STUB!r})
library.functions.ei_runner_set_network(bridge.host)
print(library.call("oldest")[0])
"""
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "0\n", "")


def test_a_callback_costs_little_more_than_the_run(load: Any) -> None:
    library, _ = load("double")
    library.call("latest", 1)
    session = ffi_network_stub.sessions[0]
    inputs = session.seen
    features = library.ffi.new("float[]", 4)
    answer = library.ffi.new("float[]", 4)
    called = _fastest(lambda: library.functions.ei_runner_test_latest(features, answer, 1))
    alone = _fastest(lambda: session.run(inputs))
    assert called - alone < 50e-6  # a few microseconds on an idle machine


def _fastest(call: Callable[[], object]) -> float:
    def once() -> float:
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    return float(np.min([once() for _ in range(500)]))
