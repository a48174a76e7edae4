"""A library that needs another one finds it beside itself, wherever both were moved to."""

from __future__ import annotations

import subprocess

import pytest

from ei_runner_core import ModelFormatError
from ei_runner_sdk_ffi.library import load_library, unload_library

pytestmark = pytest.mark.requires("compiler")
NEEDED = "libtensorflowlite_of_the_test.so"


@pytest.fixture
def model(tmp_path):
    """A library whose answer comes from the one beside it; its linker knew another place."""
    made = tmp_path / "made"
    made.mkdir()
    needed, model = made / NEEDED, made / "model.so"
    compile_c("int version_of_it(void) { return 1; }", needed, f"-Wl,-soname,{NEEDED}")
    source = "int version_of_it(void); int ei_runner_abi(void) { return version_of_it(); }"
    compile_c(source, model, str(needed))
    return made.rename(tmp_path / "moved") / "model.so"


def compile_c(source, target, *arguments):
    command = ["c++", "-x", "c", "-", "-x", "none", "-shared", "-fPIC", "-o", str(target)]
    subprocess.run([*command, *arguments], input=source.encode(), check=True, timeout=60)


def test_it_is_found_beside_it(model):
    functions = load_library(model, model.read_bytes())
    assert functions.ei_runner_abi() == 1
    unload_library(functions)


def test_without_it_the_error_names_it(model):
    (model.parent / NEEDED).unlink()
    with pytest.raises(ModelFormatError, match=f"cannot be loaded: .*{NEEDED}"):
        load_library(model, model.read_bytes())
