"""Compiled networks: opened, run, closed, and refused where they do not suit."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import pytest

from ei_runner_core import (
    EdgeImpulseModel,
    InferenceError,
    InvalidInputError,
    ModelFormatError,
    Network,
    UnsupportedModelError,
)
from ei_runner_core.testing.cases import NetworkCase, golden_cases
from ei_runner_core.testing.resources import assert_nothing_leaks
from ei_runner_core.testing.threads import Worker
from ei_runner_tvm.backend import TvmBackend
from ei_runner_tvm.manifest import Manifest, pack, unpack

pytestmark = pytest.mark.requires("compiler")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at a library of Linux")

MAPS = Path("/proc/self/maps")
FIXED = [case for case in golden_cases([".onnx", ".tflite"]) if not case.rows]


def changed(content: bytes, library: bytes | None = None, **fields: object) -> bytes:
    """A compiled network with other fields in its manifest, or another library."""
    manifest, own = unpack(content, "")
    other = msgspec.convert({**msgspec.to_builtins(manifest), **fields}, Manifest)
    return pack(other, own if library is None else library)


@pytest.mark.parametrize("case", FIXED, ids=lambda case: case.network.name)
def test_a_compiled_network_answers_as_its_source(case, open_compiled):
    content = TvmBackend().compile(case.network, {}).read()

    session = open_compiled(content)

    case.check(session.run(case.inputs))
    for spec, quantization in zip(
        (*session.inputs, *session.outputs), case.quantization, strict=False
    ):
        assert (spec.scale, spec.zero_point) == pytest.approx(quantization)


def test_compiling_tells_what_it_made_of_what(compiled, dense):
    manifest, library = unpack(compiled, "")

    assert manifest.name == dense.network.name
    assert manifest.source_format == ".onnx"
    assert manifest.cpu_features == ()
    assert library


def test_a_compiled_file_opens_as_any_model(compiled_path, dense):
    with EdgeImpulseModel(compiled_path) as model:
        assert model.backend_name == "tvm"
        dense.check(list(model.infer_freeform(list(dense.inputs)).values()))


def test_what_is_compiled_cannot_be_compiled_again(compiled):
    with pytest.raises(UnsupportedModelError, match=r"network\.tvm is \.tvm"):
        TvmBackend().compile(Network("network.tvm", ".tvm", content=compiled), {})


def test_an_option_for_compiling_is_refused_with_what_is_compiled(compiled, open_compiled):
    with pytest.raises(InvalidInputError, match="'optimization' of tvm tells how to compile"):
        open_compiled(compiled, optimization=1)


@pytest.mark.parametrize(
    "value", ["", 7, [], "a\0b", True, "~nobody-of-this-name/x", "a" * 100_000]
)
def test_a_runtime_that_is_no_path_is_refused(compiled, open_compiled, value):
    with pytest.raises(InvalidInputError, match="'runtime' of tvm is .*, expected ") as caught:
        open_compiled(compiled, runtime=value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("option", ["cc", "march"])
@pytest.mark.parametrize("value", ["\udc80", "a" * 100_000])
def test_an_option_that_cannot_be_is_refused_in_a_short_line(dense, option, value):
    with pytest.raises(InvalidInputError, match=f"'{option}' of tvm is .*, expected ") as caught:
        TvmBackend().open(dense.network, {option: value})
    assert len(str(caught.value)) < 500


@on_linux
def test_a_network_for_another_machine_is_refused(compiled, open_compiled):
    _, library = unpack(compiled, "")
    foreign = library[:18] + b"\x08\x00" + library[20:]

    with pytest.raises(
        UnsupportedModelError,
        match="was compiled for 'linux-mips': its library is for mips Linux, this machine is",
    ):
        open_compiled(changed(compiled, foreign, target="linux-mips"))


def test_a_network_of_another_tvm_is_refused(compiled, open_compiled):
    with pytest.raises(
        UnsupportedModelError, match=r"was compiled by TVM '0\.1\.0', the runtime here \(.*\) is of"
    ):
        open_compiled(changed(compiled, tvm_version="0.1.0"))


@on_linux
def test_a_network_for_a_newer_processor_is_refused(compiled, open_compiled):
    """It would end the process with an illegal instruction."""
    with pytest.raises(UnsupportedModelError, match="for a processor with 'avx4096', which this"):
        open_compiled(changed(compiled, cpu_features=["avx4096"]))


@pytest.mark.parametrize("damage", ["empty", "text", "cut off"])
def test_a_damaged_library_never_reaches_the_loader(compiled, open_compiled, damage):
    _, library = unpack(compiled, "")
    damaged = {"empty": b"", "text": b"#!/bin/sh\n", "cut off": library[: len(library) // 2]}

    with pytest.raises(ModelFormatError, match=r"the library in network\.tvm is "):
        open_compiled(changed(compiled, damaged[damage]))


@pytest.mark.parametrize(
    "fields",
    [
        {"inputs": [{"name": "x", "shape": [3, 3], "dtype": "float32"}]},
        {"inputs": [{"name": "x", "shape": [1, 4], "dtype": "int8"}]},
        {"outputs": [{"name": "y", "shape": [77], "dtype": "float32"}]},
        {"outputs": [{"name": name, "shape": [1, 3], "dtype": "float32"} for name in "ab"]},
    ],
)
def test_a_manifest_that_does_not_fit_the_network_is_refused(compiled, open_compiled, fields):
    with pytest.raises(ModelFormatError, match=r"network\.tvm.*compile the network again"):
        open_compiled(changed(compiled, **fields))


@on_linux
def test_the_library_goes_with_its_last_session(
    compiled, dense, open_compiled, monkeypatch, tmp_path
):
    """Sessions of one network share its code, which nobody may take from the others."""
    monkeypatch.setenv("EI_RUNNER_CACHE", str(tmp_path))
    first, second = open_compiled(compiled), open_compiled(compiled)
    first.close()
    dense.check(second.run(dense.inputs))

    assert str(tmp_path) in MAPS.read_text()
    second.close()
    assert str(tmp_path) not in MAPS.read_text()
    dense.check(open_compiled(compiled).run(dense.inputs))


def test_sessions_of_one_network_run_at_once(compiled, dense, open_compiled):
    zeros = replace(dense, inputs=tuple(map(np.zeros_like, dense.inputs)))
    zeros = replace(zeros, outputs=open_compiled(compiled).run(zeros.inputs))

    def work(case: NetworkCase) -> None:
        session = open_compiled(compiled)
        for _ in range(500):
            case.check(session.run(case.inputs))

    for worker in [Worker(partial(work, case)) for case in (dense, zeros, dense, zeros)]:
        worker.finish()


def test_ten_thousand_calls_leave_nothing_behind(compiled, dense, open_compiled):
    session = open_compiled(compiled)

    def cycle() -> None:
        for _ in range(200):
            session.run(dense.inputs)

    assert_nothing_leaks(cycle)


def test_inputs_in_any_order_of_memory_are_taken(compiled, dense, open_compiled):
    inputs = [np.asfortranarray(array) for array in dense.inputs]

    dense.check(open_compiled(compiled).run(inputs))


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no such timer")
def test_a_handler_that_calls_in_the_middle_of_a_call_spoils_no_answer(
    compiled, dense, open_compiled
):
    session = open_compiled(compiled)
    zeros = [np.zeros_like(array) for array in dense.inputs]
    struck = []

    def handle(*_: object) -> None:
        struck.append(session.run(zeros))

    before = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 1e-4, 1e-4)
    try:
        while len(struck) < 50:
            dense.check(session.run(dense.inputs))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_process_ends_well_with_a_session_open(run_script, compiled_path):
    run_script(
        "import sys, pathlib\n"
        "from ei_runner_core import Network\n"
        "from ei_runner_tvm.backend import TvmBackend\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "sys.kept = TvmBackend().open(Network(path.name, '.tvm', path=path), {})\n",
        compiled_path,
    )


def test_a_closed_session_keeps_what_it_told(compiled, dense, open_compiled):
    session = open_compiled(compiled)
    (answer,) = session.run(dense.inputs)
    session.close()

    dense.check((answer,))
    assert session.inputs[0].shape == dense.inputs[0].shape
    with pytest.raises(InferenceError, match="closed"):
        session.run(dense.inputs)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_that_is_forked_while_another_thread_loads_can_load_too(run_script, compiled_path):
    """The thread that held the lock is not in the child."""
    run_script(
        "import os, sys, pathlib, threading, warnings\n"
        "from ei_runner_core import Network\n"
        "from ei_runner_tvm.backend import TvmBackend\n"
        "from ei_runner_tvm.loading import loading_alone\n"
        "warnings.simplefilter('ignore')\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "held, done = threading.Event(), threading.Event()\n"
        "def hold():\n"
        "    with loading_alone():\n"
        "        held.set()\n"
        "        done.wait()\n"
        "thread = threading.Thread(target=hold)\n"
        "thread.start()\n"
        "held.wait()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    TvmBackend().open(Network(path.name, '.tvm', path=path), {}).close()\n"
        "    os._exit(0)\n"
        "status = os.waitpid(child, 0)[1]\n"
        "done.set()\n"
        "thread.join()\n"
        "assert status == 0, status\n",
        compiled_path,
    )
