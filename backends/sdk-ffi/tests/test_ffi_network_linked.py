"""Compiled models whose networks run in a linked libtensorflowlite_c, here one of the tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
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

pytestmark = pytest.mark.requires("compiler")

CALLS: list[tuple[str, tuple[int, ...]]] = [("oldest", ()), ("middle", (0,)), ("latest", (1,))]

Loader = Callable[[bytes], Library]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ffi_network_linked")


@pytest.fixture(scope="session")
def ffi() -> Any:
    return make_ffi()


@pytest.fixture(scope="session")
def compiled(folder: Path) -> Path:
    return _linked(folder, "plain", "2.17.1")


@pytest.fixture
def load(ffi: Any, compiled: Path, tmp_path: Path) -> Loader:
    def loader(model: bytes, path: Path = compiled) -> Library:
        library = Library(ffi, path, tmp_path)
        library.load(model)
        return library

    return loader


def _linked(
    folder: Path, name: str, version: str, *flags: str, engine_flags: Sequence[str] = ()
) -> Path:
    engine = folder / f"libfake_{name}.so"
    fixed = (f'-DVERSION="{version}"', "-fvisibility=default")
    compile_library(engine, "fake_tflite_c.cpp", *fixed, *engine_flags)
    rpath = f"-Wl,-rpath,{folder}"
    define = "-DEI_RUNNER_TFLITE_C=1"
    return compile_library(
        folder / f"{name}.so", "generations.cpp", define, *flags, str(engine), rpath
    )


@pytest.mark.parametrize(("name", "extra"), CALLS)
def test_every_generation_gets_the_answer_of_the_library(
    load: Loader, name: str, extra: tuple[int, ...]
) -> None:
    library = load(b"double 4")
    for _ in range(3):
        status, answer = library.call(name, *extra)
        assert (status, answer[0]) == (OK, 2.0)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (b"damaged", "the model is no TensorFlow Lite network"),
        (
            b"refuse",
            "TensorFlow Lite could not prepare the network: Encountered unresolved custom op: Sum.",
        ),
        (b"full 4", "TensorFlow Lite could not allocate the network: no memory for 2 tensors"),
        (b"break 4", "TensorFlow Lite could not run the network: node 3 failed"),
    ],
)
@pytest.mark.parametrize(("name", "extra"), CALLS)
def test_every_failure_is_a_code_and_tells_the_librarys_reason(
    load: Loader, name: str, extra: tuple[int, ...], model: bytes, said: str
) -> None:
    library = load(model)
    for _ in range(2):
        status, answer = library.call(name, *extra)
        assert status in (TFLITE_ERROR, INPUT_NULL, OUTPUT_NULL)
        assert answer[0] == -1.0
        assert library.error == said


def test_an_input_of_another_size_is_an_error(load: Loader) -> None:
    assert load(b"double 8").call("latest", 1)[0] == INVALID_SIZE
    assert load(b"double 8").call("oldest")[0] == INPUT_NULL


def test_closing_the_networks_frees_all_and_a_call_opens_them_again(
    load: Loader, folder: Path, ffi: Any
) -> None:
    engine = ffi.dlopen(str(folder / "libfake_plain.so"))
    before = engine.fake_tflite_alive()
    library = load(b"double 4")
    library.call("latest", 1)
    assert engine.fake_tflite_alive() == before + 3  # a model, an interpreter, a delegate
    library.functions.ei_runner_close_networks()
    assert engine.fake_tflite_alive() == before
    assert library.call("latest", 1)[0] == OK
    library.functions.ei_runner_close_networks()


def test_xnnpack_is_left_out_of_networks_of_integers(load: Loader, folder: Path, ffi: Any) -> None:
    engine = ffi.dlopen(str(folder / "libfake_plain.so"))
    before = engine.fake_tflite_alive()
    library = load(b"integers 4")
    assert library.call("latest", 1)[0] == OK
    assert engine.fake_tflite_alive() == before + 2  # a model and an interpreter
    library.functions.ei_runner_close_networks()
    assert engine.fake_tflite_alive() == before


def test_a_library_of_another_version_is_refused(folder: Path, load: Any) -> None:
    library = load(b"double 4", _linked(folder, "later", "3.1.0"))
    assert library.call("latest", 1)[0] == TFLITE_ERROR
    assert library.error.startswith("libtensorflowlite_c is of version 3.1.0, expected 2.x")


def test_a_library_without_xnnpack_runs_networks_too(folder: Path, load: Any) -> None:
    path = _linked(folder, "bare", "2.17.1", engine_flags=("-DWITHOUT_XNNPACK",))
    library = load(b"double 4", path)
    assert library.call("latest", 1)[1][0] == 2.0
    library.functions.ei_runner_close_networks()


def test_an_operator_of_the_sdk_runs_in_the_library(folder: Path, load: Any) -> None:
    library = load(b"custom 4", _linked(folder, "custom", "2.17.1", "-DTEST_WITH_KERNEL"))
    assert library.call("latest", 1)[:2] == (OK, [110.0, -1.0, -1.0, -1.0])
    library.functions.ei_runner_close_networks()


def test_an_operator_that_nobody_has_is_an_error(load: Loader) -> None:
    library = load(b"custom 4")
    assert library.call("latest", 1)[0] == TFLITE_ERROR
    assert library.error.endswith("Encountered unresolved custom op: Sum.")
