"""Networks that are compiled when they are opened: once, and never in vain."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from ei_runner_core import ModelFormatError, Network
from ei_runner_tvm.backend import TvmBackend
from ei_runner_tvm.copy_runtime import copy_runtime
from ei_runner_tvm.manifest import unpack
from ei_runner_tvm.places import VERSION_FILE, compiler_version, library_names

pytestmark = pytest.mark.requires("compiler")

OPEN = """
import logging, sys
from pathlib import Path
from ei_runner_core import EdgeImpulseError, Network
from ei_runner_tvm.backend import TvmBackend

blocked = sys.argv[2:] == ["blocked"]
if blocked:
    sys.modules["tvm"] = None
path = Path(sys.argv[1])
said = []
log = logging.getLogger("ei_runner_tvm")
log.setLevel(logging.INFO)
log.addFilter(lambda record: said.append(record.getMessage()))
try:
    TvmBackend().open(Network(path.name, path.suffix, path=path), {}).close()
    print("opened", *("compiled" for message in said if message.startswith("compiling")))
    print(*(name for name in ("tvm", "onnx") if name in sys.modules and not blocked))
except EdgeImpulseError as error:
    print(type(error).__name__, error)
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with nothing in it."""
    monkeypatch.setenv("EI_RUNNER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "tvm"


@pytest.fixture
def messages(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "ei_runner_tvm")
    return caplog


def entries(cache: Path) -> list[Path]:
    return [path for path in cache.iterdir() if path.is_dir()]


def test_the_second_opening_compiles_nothing(cache, dense, messages):
    for _ in range(2):
        with TvmBackend().open(dense.network, {}) as session:
            dense.check(session.run(dense.inputs))

    assert [record.getMessage().split(" with ")[0] for record in messages.records] == [
        f"compiling {dense.network.name}"
    ]
    assert len(entries(cache)) == 1


def test_another_process_finds_it_and_none_imports_the_compiler(cache, dense, run_script):
    path = dense.network.path

    assert run_script(OPEN, path) == "opened compiled\n\n"
    assert run_script(OPEN, path) == "opened\n\n"


def test_the_name_of_the_file_does_not_matter(cache, dense, tmp_path, messages):
    copy = Path(shutil.copy(dense.network.path, tmp_path / "other.onnx"))
    for network in (dense.network, Network(copy.name, ".onnx", path=copy)):
        TvmBackend().open(network, {}).close()

    assert len(messages.records) == 1


@pytest.mark.parametrize("options", [{"optimization": 0}, {"march": "portable"}])
def test_other_options_are_compiled_anew(cache, dense, messages, options):
    for chosen in ({}, options):
        with TvmBackend().open(dense.network, chosen) as session:
            dense.check(session.run(dense.inputs))

    assert len(messages.records) == 2


def test_a_damaged_entry_is_compiled_anew(cache, dense, messages):
    TvmBackend().open(dense.network, {}).close()
    (entry,) = entries(cache)
    library = entry / "network.so"
    library.write_bytes(library.read_bytes()[:100])

    with TvmBackend().open(dense.network, {}) as session:
        dense.check(session.run(dense.inputs))

    assert len(messages.records) == 2


def test_a_file_that_cannot_be_compiled_leaves_no_entry(cache):
    with pytest.raises(ModelFormatError):
        TvmBackend().open(Network("x.onnx", ".onnx", content=b"no network"), {})

    assert entries(cache) == []


def test_a_compiled_file_is_unpacked_once(cache, compiled, dense, open_compiled):
    for _ in range(2):
        dense.check(open_compiled(compiled).run(dense.inputs))

    assert len(entries(cache)) == 1


def test_without_a_compiler_the_message_says_how_to_get_one(cache, dense, run_script, tmp_path):
    home = copy_runtime(tmp_path / "runtime")

    said = run_script(OPEN, dense.network.path, "blocked", TVM_HOME=str(home))

    assert said.startswith(f"BackendUnavailableError running {dense.network.name} needs TVM's comp")
    assert "pip install 'ei-runner[tvm]'" in said
    assert "ei-runner compile --backend tvm" in said


def test_a_copy_of_the_runtime_runs_what_is_compiled_at_opening(cache, dense, run_script, tmp_path):
    """The compiler brings its own, and a process cannot have two: so it works in another one."""
    home = copy_runtime(tmp_path / "runtime")

    assert run_script(OPEN, dense.network.path, TVM_HOME=str(home)) == "opened compiled\n\n"


def test_nothing_is_compiled_for_a_runtime_of_another_version(cache, dense, run_script, tmp_path):
    home = copy_runtime(tmp_path / "runtime")
    (home / VERSION_FILE).write_text("0.1.0\n")

    said = run_script(OPEN, dense.network.path, TVM_HOME=str(home))

    assert said.startswith(f"BackendUnavailableError TVM's compiler is of {compiler_version()}, ")
    assert f"{home / library_names()[0]}) is of 0.1.0: leave out TVM_HOME" in said
    assert entries(cache) == []


def test_a_cache_that_cannot_be_written_costs_only_time(monkeypatch, tmp_path, dense):
    (tmp_path / "file").touch()
    monkeypatch.setenv("EI_RUNNER_CACHE", str(tmp_path / "file"))

    with TvmBackend().open(dense.network, {}) as session:
        dense.check(session.run(dense.inputs))


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals")
def test_a_terminal_shows_what_takes_so_long(cache, dense, monkeypatch):
    leader, follower = os.openpty()
    with os.fdopen(leader, "rb", 0) as screen:
        with os.fdopen(follower, "w") as terminal:
            monkeypatch.setattr(sys, "stderr", terminal)
            TvmBackend().open(dense.network, {}).close()
            terminal.write("end")
        shown = b""
        while not shown.endswith(b"end"):
            shown += screen.read(4096)

    assert shown.startswith(f"compiling {dense.network.name} with TVM ".encode())
    assert shown.endswith(b"\r\x1b[Kend")


def test_answers_do_not_depend_on_the_processor_that_it_is_compiled_for(cache, dense):
    answers = []
    for march in ("native", "portable"):
        with TvmBackend().open(dense.network, {"march": march}) as session:
            answers.append(session.run(dense.inputs)[0])

    np.testing.assert_allclose(*answers, atol=1e-5)


def test_compiling_ahead_of_time_is_done_once_whatever_the_file_is_called(cache, dense, messages):
    content, suffix = dense.network.read(), dense.network.format
    first, again = (
        TvmBackend().compile(Network(f"{name}{suffix}", suffix, content=content), {})
        for name in ("one", "two")
    )

    assert len(messages.records) == 1
    assert unpack(first.read(), "")[1] == unpack(again.read(), "")[1]
    assert [unpack(made.read(), "")[0].name for made in (first, again)] == [
        f"one{suffix}",
        f"two{suffix}",
    ]


def test_what_is_compiled_for_another_processor_is_not_taken_for_it(cache, dense, messages):
    portable = TvmBackend().compile(dense.network, {})
    native = TvmBackend().compile(dense.network, {"march": "native"})

    assert len(messages.records) == 2
    assert portable.read() != native.read()
