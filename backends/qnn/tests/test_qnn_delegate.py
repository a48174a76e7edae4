"""``.tflite`` networks through a delegate, with a real one that the system's compiler makes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ei_runner_core
from ei_runner_core import (
    BackendUnavailableError,
    InferenceError,
    InvalidInputError,
    Network,
    TensorSession,
    UnsupportedModelError,
)
from ei_runner_core.authoring.native_files import this_machine
from ei_runner_core.testing import NetworkCase, TensorBackendSuite
from ei_runner_qnn.delegate import open_with_delegate
from ei_runner_qnn.delegate_options import DelegateOptions

full_tflite = pytest.importorskip("ei_runner_full_tflite.backend")

pytestmark = [
    pytest.mark.requires("compiler"),
    pytest.mark.skipif(sys.platform != "linux", reason="Qualcomm's delegate is for Linux"),
]

HERE = Path(__file__).parent
DEMOS = Path(ei_runner_core.__file__).parent / "demos"
DYNAMIC = HERE.parents[1] / "full-tflite" / "tests" / "models" / "dynamic_batch.tflite"
FOLDER = {"x86_64": "x86_64-linux-clang"}.get(this_machine()[1], "aarch64-ubuntu-gcc9.4")
DELEGATE = "libQnnTFLiteDelegate.so"
PATH = "ADSP_LIBRARY_PATH"
ANSWER = 'extern "C" int answer() { return 42; }'
DEADLINE = 120.0

Opener = Callable[..., TensorSession]


def build(library: Path, source: Path, *flags: str) -> None:
    compiler = next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))))
    command = [compiler, "-std=c++17", "-shared", "-fPIC", "-o", str(library), str(source), *flags]
    subprocess.run(command, check=True, capture_output=True, timeout=DEADLINE)


def build_code(library: Path, code: str, *flags: str) -> None:
    source = library.with_suffix(".cpp")
    source.write_text(code)
    build(library, source, *flags)


@pytest.fixture(scope="module")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = tmp_path_factory.mktemp("standin") / DELEGATE
    build(library, HERE / "standin_delegate.cpp")
    return library


def make_sdk(root: Path, standin: Path) -> Path:
    for folder in (FOLDER, "hexagon-v68/unsigned", "hexagon-v73/unsigned"):
        (root / "lib" / folder).mkdir(parents=True)
    shutil.copy(standin, root / "lib" / FOLDER)
    return root


@pytest.fixture
def sdk(tmp_path: Path, standin: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an SDK, as the environment names it."""
    root = make_sdk(tmp_path / "sdk", standin)
    monkeypatch.setenv("QNN_SDK_ROOT", str(root))
    monkeypatch.delenv(PATH, raising=False)
    return root


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """What the delegate has noted so far."""
    path = tmp_path / "log"
    path.touch()
    monkeypatch.setenv("STANDIN_LOG", str(path))
    return lambda: path.read_text().splitlines()


@pytest.fixture
def open_network(sdk: Path) -> Iterator[Opener]:
    """Opens a network with the delegate of the SDK, and closes it after the test."""
    opened: list[TensorSession] = []

    def opener(network: Network, **options: Any) -> TensorSession:
        opened.append(open_with_delegate(network, DelegateOptions.parse(options)))
        return opened[-1]

    yield opener
    for session in opened:
        session.close()


def demo(name: str, kind: str = "float32") -> Network:
    path = DEMOS / name / kind / "network.tflite"
    return Network(path.name, ".tflite", path=path)


def some_input(session: TensorSession) -> list[np.ndarray]:
    (spec,) = session.inputs
    values = np.random.default_rng(8).uniform(-1, 1, spec.shape) * (1 if spec.scale == 0 else 100)
    return [values.astype(spec.dtype)]


def on_cpu(network: Network, inputs: list[np.ndarray]) -> np.ndarray:
    session = full_tflite.FullTfliteBackend().open(network, {"default_delegates": False})
    (output,) = session.run(inputs)
    session.close()
    return output


@pytest.mark.parametrize("kind", ["float32", "int8"])
def test_the_answers_come_through_the_delegate(open_network, log, kind):
    network = demo("motion", kind)
    session = open_network(network)
    before = len(log())
    inputs = some_input(session)

    (output,) = session.run(inputs)

    assert log()[before:] == [f"run 4 {PATH}="]
    np.testing.assert_allclose(output, on_cpu(network, inputs), atol=1e-6)


def test_the_delegate_is_told_numbers_and_where_its_libraries_are(open_network, sdk, log):
    htp = sdk / "lib" / FOLDER / "libQnnHtp.so"
    build_code(htp, ANSWER)
    open_network(demo("motion"), performance_mode="low_balanced", precision="float16")

    assert set(log()[1:5]) == {
        "option backend_type=htp",
        "option htp_performance_mode=7",
        "option htp_precision=1",
        f"option library_path={htp}",
    }


def test_the_path_of_the_hexagon_is_set_while_a_network_is_opened(open_network, sdk, log):
    lib = sdk / "lib"
    folders = f"{lib}/hexagon-v73/unsigned;{lib}/hexagon-v68/unsigned"
    session = open_network(demo("motion"))

    assert PATH not in os.environ
    assert log()[0].startswith(f"create {PATH}={folders}")
    assert log()[-1].startswith(f"run 4 {PATH}={folders}"), "the first run is part of opening"
    session.run(some_input(session))
    assert log()[-1] == f"run 4 {PATH}="


def test_what_the_user_has_set_is_kept_behind_and_comes_back(open_network, sdk, log, monkeypatch):
    monkeypatch.setenv(PATH, "/own/one;/own/two")
    session = open_network(demo("motion"))

    assert log()[0].endswith("/hexagon-v68/unsigned;/own/one;/own/two")
    session.run(some_input(session))
    assert log()[-1] == f"run 4 {PATH}=/own/one;/own/two"
    assert os.environ[PATH] == "/own/one;/own/two"


def test_a_folder_that_is_named_wins_and_what_the_delegate_does_with_it_is_undone(
    open_network, log, tmp_path
):
    session = open_network(demo("motion"), delegate_options={"skel_library_dir": str(tmp_path)})

    assert log()[0].partition(";")[0] == f"create {PATH}={tmp_path}"
    session.run(some_input(session))
    assert log()[-1] == f"run 4 {PATH}="


def test_the_path_comes_back_when_opening_fails(open_network, monkeypatch):
    monkeypatch.setenv("STANDIN_REFUSES", "no device")
    with pytest.raises(InvalidInputError):
        open_network(demo("motion"))

    assert PATH not in os.environ


def test_networks_that_are_opened_at_once_see_their_own_path(tmp_path, standin, sdk, log):
    def work(library: Path) -> None:
        options = DelegateOptions.parse({"delegate": str(library)})
        for _ in range(5):
            open_with_delegate(demo("motion"), options).close()

    roots = [make_sdk(tmp_path / name, standin) for name in ("one", "two")]
    threads = [
        threading.Thread(target=work, args=[root / "lib" / FOLDER / DELEGATE]) for root in roots
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)

    created = [line.partition(";")[0] for line in log() if line.startswith("create")]
    skels = [f"create {PATH}={root}/lib/hexagon-v73/unsigned" for root in roots]
    assert sorted(created) == sorted(skels * 5)
    assert PATH not in os.environ


def test_operators_that_would_run_on_the_cpu_are_named(open_network):
    message = (
        f"{DELEGATE} takes 5 of the 8 operators of network.tflite; the CPU would run 3: "
        r"CONV_2D \(0\), CONV_2D \(1\), CONV_2D \(3\); pass allow_cpu=True"
    )
    with pytest.raises(UnsupportedModelError, match=message):
        open_network(demo("digits"))


def test_the_cpu_runs_the_rest_where_that_is_allowed(open_network, log, caplog):
    network = demo("digits")
    with caplog.at_level("INFO", "ei_runner_full_tflite"):
        session = open_network(network, allow_cpu=True, num_threads=1)
    inputs = some_input(session)

    np.testing.assert_allclose(session.run(inputs)[0], on_cpu(network, inputs), atol=1e-5)
    assert sorted(log()[-2:]) == [f"run 1 {PATH}=", f"run 4 {PATH}="]
    assert "delegates take 5 of the 8 operators of network.tflite; left: CONV_2D" in caplog.text


def test_a_delegate_that_is_named_needs_no_sdk(open_network, standin, log, monkeypatch):
    monkeypatch.delenv("QNN_SDK_ROOT")
    session = open_network(demo("motion"), delegate=standin)

    assert session.run(some_input(session))[0].shape == (1, 4)
    with pytest.raises(BackendUnavailableError, match="set QNN_SDK_ROOT"):
        open_network(demo("motion"))


def test_a_refusal_of_the_delegate_is_told_in_its_words(open_network, monkeypatch):
    monkeypatch.setenv("STANDIN_REFUSES", "no device")
    with pytest.raises(
        InvalidInputError, match=r"refuses to start: no device .options given: .*=2"
    ):
        open_network(demo("motion"))


def test_a_failure_of_the_delegate_is_an_error_of_the_call(open_network, monkeypatch):
    session = open_network(demo("motion"))
    monkeypatch.setenv("STANDIN_FAILS", "1")
    with pytest.raises(InferenceError, match="the stand-in fails"):
        session.run(some_input(session))
    monkeypatch.delenv("STANDIN_FAILS")

    assert session.run(some_input(session))[0].shape == (1, 4)


def test_closing_a_network_ends_its_delegate(open_network, log):
    open_network(demo("motion")).close()

    assert log()[-1] == "destroy"


def test_a_network_without_fixed_shapes_has_to_be_given_some(open_network, log):
    network = Network(DYNAMIC.name, ".tflite", path=DYNAMIC)
    with pytest.raises(UnsupportedModelError, match="'x' of dynamic_.* give it in the option 'inp"):
        open_network(network)
    assert log()[-1] == "destroy"

    with pytest.raises(InvalidInputError, match="names the input 'y', the network has x"):
        open_network(network, input_shapes={"y": [3, 4]})

    session = open_network(network, input_shapes={"x": [3, 4]})

    assert session.run([np.ones((3, 4), np.float32)])[0].shape == (3, 3)
    assert log()[-1] == f"run 1 {PATH}="


def test_a_library_that_is_no_delegate_is_refused(open_network, tmp_path):
    library = tmp_path / "other.so"
    build_code(library, ANSWER)
    with pytest.raises(InvalidInputError, match="lacks tflite_plugin_create_delegate"):
        open_network(demo("motion"), delegate=library)


def build_needy(library: Path) -> None:
    needed = library.with_name("libQnnSystem.so")
    build_code(needed, ANSWER)
    build_code(library, ANSWER, "-Wl,--no-as-needed", str(needed))
    needed.unlink()


def test_a_library_that_the_delegate_needs_is_named(open_network, tmp_path):
    library = tmp_path / "needy.so"
    build_needy(library)
    with pytest.raises(InvalidInputError, match=r"libQnnSystem.so is missing: install the Qualco"):
        open_network(demo("motion"), delegate=library)


def test_a_library_that_its_backend_needs_is_named(open_network, sdk):
    library = sdk / "lib" / FOLDER / "libQnnHtp.so"
    build_needy(library)
    with pytest.raises(
        BackendUnavailableError, match="libQnnHtp.so cannot .*libQnnSystem.so is missing"
    ):
        open_network(demo("motion"))


def test_a_backend_that_is_damaged_is_refused_unloaded(open_network, sdk):
    library = sdk / "lib" / FOLDER / "libQnnHtp.so"
    library.write_bytes(b"\x7fELF")
    with pytest.raises(BackendUnavailableError, match="libQnnHtp.so is damaged"):
        open_network(demo("motion"))


def test_without_full_tflite_it_is_told_what_to_install(open_network, monkeypatch):
    monkeypatch.setitem(sys.modules, "ei_runner_full_tflite.backend", None)
    with pytest.raises(BackendUnavailableError, match=r"pip install 'ei-runner-qnn\[delegate\]'"):
        open_network(demo("motion"))


@pytest.mark.usefixtures("sdk")
class TestQnnDelegate(TensorBackendSuite):
    """The backend keeps what every tensor backend promises, also with a delegate."""

    backend = "qnn"
    options = {"allow_cpu": True}
    has_dynamic_shapes = False

    def cases(self) -> Sequence[NetworkCase]:
        return [case for case in super().cases() if case.network.format == ".tflite"]

    def refused_cases(self) -> Sequence[NetworkCase]:
        return [case for case in super().refused_cases() if case.network.format == ".tflite"]
