"""Many models in one process: their state, their threads, their ends."""

from __future__ import annotations

import ctypes
import gc
import os
import shutil
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ffi_exports import FAST, FAULTS, TASKS, build_library, energies_of, image_of, scores_of
from processes import is_there

from ei_runner_core import (
    DeadlineError,
    EdgeImpulseModel,
    InferenceError,
    InvalidInputError,
    ModelFormatError,
    ProcessDiedError,
    UnsupportedModelError,
)
from ei_runner_core.testing.resources import assert_nothing_leaks

pytestmark = pytest.mark.requires("compiler")

RANDOM = np.random.default_rng(2)
MOTION = RANDOM.uniform(-1, 1, 12).astype(np.float32)
SOUND = RANDOM.uniform(-1, 1, 64).astype(np.float32)
OF_MOTION = pytest.approx(scores_of(TASKS["motion"].labels, MOTION), abs=1e-6)
OF_SOUND = pytest.approx(scores_of(TASKS["sounds"].labels, energies_of(SOUND)), abs=1e-6)


@pytest.fixture
def built(exported: Any, tmp_path: Path) -> Path:
    """A library, as somebody else has built it."""
    return Path(shutil.copy(build_library(exported("motion")).path, tmp_path / "motion.so"))


def faulty(how: str) -> np.ndarray:
    window = MOTION.copy()
    window[0] = FAULTS[how]
    return window


# --------------------------------------------------------------------------------- side by side


def test_models_of_several_generations_do_not_touch_each_other(opened: Any) -> None:
    motions = [opened("motion", generation=year) for year in (2021, 2024, 2026)]
    sound, objects = opened("sounds"), opened("objects")
    for _ in range(20):
        assert [model.infer(MOTION).classification for model in motions] == [OF_MOTION] * 3
        assert sound.infer(SOUND).classification == OF_SOUND
        assert len(objects.infer(image_of({(0, 0): 255})).bounding_boxes) == 1
    motions[1].close()
    assert motions[0].infer(MOTION).classification == OF_MOTION
    assert sound.infer(SOUND).classification == OF_SOUND


def test_the_same_export_twice_has_two_streams(opened: Any) -> None:
    one, other = opened("sounds"), opened("sounds")
    pieces = np.split(SOUND, 4)
    for piece in pieces[:3]:
        assert not one.infer_continuous(piece).ready
    assert not other.infer_continuous(pieces[0]).ready
    assert one.infer_continuous(pieces[3]).classification == OF_SOUND
    other.close()
    assert one.infer_continuous(pieces[0]).ready


def test_the_same_export_twice_has_two_thresholds(opened: Any) -> None:
    one, other = opened("objects"), opened("objects")
    one.set_threshold(1, min_score=0.125)
    window = image_of({(0, 0): 51})
    assert len(one.infer(window).bounding_boxes) == 1
    assert len(other.infer(window).bounding_boxes) == 0
    assert other.thresholds[0].values == {"min_score": 0.5}


def test_several_models_answer_at_the_same_time(opened: Any) -> None:
    asked = [(opened("motion"), MOTION, OF_MOTION), (opened("sounds"), SOUND, OF_SOUND)] * 2
    asked += [(opened("motion"), MOTION, OF_MOTION), (opened("sounds"), SOUND, OF_SOUND)]
    wrong: list[Any] = []

    def work(model: EdgeImpulseModel, window: np.ndarray, expected: Any) -> None:
        for _ in range(200):
            scores = model.infer(window).classification
            if scores != expected:
                wrong.append(scores)

    threads = [threading.Thread(target=work, args=each) for each in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong


def test_opening_and_closing_leaves_nothing_behind(opened: Any, exported: Any) -> None:
    opened("motion")  # built
    path = exported("motion")

    def cycle() -> None:
        with EdgeImpulseModel(path, backend="sdk-ffi", options=FAST) as model:
            model.infer(MOTION)

    assert_nothing_leaks(cycle)


class Allocated(ctypes.Structure):
    """What glibc tells about its heap."""

    _fields_ = [(f"field_{i}", ctypes.c_size_t) for i in range(10)]


def test_an_unloaded_library_gives_its_memory_back(opened: Any, exported: Any) -> None:
    mallinfo = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if mallinfo is None:
        pytest.skip("this C library does not tell how much is allocated")
    mallinfo.restype = Allocated
    path = exported("motion")

    def allocated_after(cycles: int) -> int:
        for _ in range(cycles):
            opened(path).close()
        gc.collect()
        return int(mallinfo().field_7)

    before = allocated_after(10)
    assert allocated_after(20) - before < 20 * 10_000


def test_a_hundred_models_at_once(built: Path, opened: Any) -> None:
    models = [opened(built) for _ in range(100)]
    for model in models:
        assert model.infer(MOTION).classification == OF_MOTION


# ------------------------------------------------------------------------------------------ ends

OPEN = """
import sys
import numpy as np
from ei_runner_core import EdgeImpulseModel, InferenceError

window = np.zeros(12, np.float32)
models = [EdgeImpulseModel(sys.argv[1], backend="sdk-ffi") for _ in range(3)]
for model in models:
    model.infer(window)
"""


@pytest.mark.parametrize(
    "end",
    [
        "",
        "models[1].close(); sys.exit(0)",
        "import builtins; builtins.kept = models",
        "models.append(models)",
        "import threading; threading.Thread(target=lambda: models[0].infer(window)).start()",
    ],
)
def test_a_process_ends_well_with_open_models(
    run_script: Callable[..., str], built: Path, end: str
) -> None:
    run_script(OPEN + end, built)


def test_an_export_can_be_used_by_a_process_that_builds_it(
    run_script: Callable[..., str], exported: Any
) -> None:
    run_script(OPEN, exported("motion"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_refuses_and_the_parent_goes_on(
    run_script: Callable[..., str], built: Path
) -> None:
    code = """
import os
child = os.fork()
if child == 0:
    try:
        models[0].infer(window)
    except InferenceError as error:
        assert "another process" in str(error), error
        with EdgeImpulseModel(sys.argv[1], backend="sdk-ffi") as own:
            own.infer(window)
        sys.exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
models[0].infer(window)
"""
    run_script(OPEN + code, built)


def test_a_closed_model_is_gone_from_memory(opened: Any, built: Path) -> None:
    session = opened(built)._session
    gone = weakref.ref(session._model)
    session.close()
    assert gone() is None


# ------------------------------------------------------------------------------------- libraries


def test_a_built_library_is_opened_by_its_path(opened: Any, built: Path) -> None:
    assert opened(built).infer(MOTION).classification == OF_MOTION
    with EdgeImpulseModel(built) as model:
        assert model.backend_name == "sdk-ffi"
        assert model.labels == TASKS["motion"].labels


def test_a_library_may_be_replaced_while_it_is_open(
    opened: Any, exported: Any, built: Path
) -> None:
    model = opened(built)
    other = build_library(exported("sounds")).path
    shutil.copy(other, built)  # the same file, another content
    assert model.infer(MOTION).classification == OF_MOTION
    assert opened(built).infer(SOUND).classification == OF_SOUND


@pytest.mark.parametrize("keep", [0, 3, 100, 5000, -2000])
def test_a_truncated_library_is_refused(opened: Any, built: Path, keep: int) -> None:
    built.write_bytes(built.read_bytes()[:keep])
    with pytest.raises(ModelFormatError, match=r"motion\.so"):
        opened(built)


def foreign(tmp_path: Path, code: str) -> Path:
    """A library that is none of ours."""
    import subprocess

    source, path = tmp_path / "foreign.c", tmp_path / "foreign.so"
    source.write_text(code)
    compiler = next(filter(None, map(shutil.which, ("cc", "c++", "g++", "clang++"))))
    subprocess.run(
        [compiler, "-x", "c", "-shared", "-fPIC", source, "-o", path], check=True, timeout=60
    )
    return path


def test_a_library_of_another_program_is_refused(opened: Any, tmp_path: Path) -> None:
    path = foreign(tmp_path, "int answer(void) { return 42; }")
    with pytest.raises(ModelFormatError, match="no function ei_runner_abi"):
        opened(path)


def test_a_library_of_another_version_is_refused(opened: Any, tmp_path: Path) -> None:
    path = foreign(tmp_path, "int ei_runner_abi(void) { return 99; }")
    with pytest.raises(UnsupportedModelError, match="version 99 .* expected 1"):
        opened(path)


# ------------------------------------------------------------------------- in a process of its own


def test_an_isolated_model_answers_the_same(opened: Any) -> None:
    model = opened("motion", isolation="process")
    assert model.infer(MOTION).classification == OF_MOTION
    assert model.parameters == opened("motion").parameters
    tracking = opened("tracking", isolation="process")
    tracking.set_threshold(1, min_score=0.125)
    result = tracking.infer(image_of({(1, 1): 51}))
    assert result.object_tracking[0].label == "dog"
    assert result.counts == (1,)


@pytest.mark.parametrize("how", ["abort", "crash"])
def test_a_crash_of_an_isolated_model_is_an_error(opened: Any, how: str) -> None:
    model = opened("motion", isolation="process")
    with pytest.raises(ProcessDiedError, match="SIGABRT" if how == "abort" else "SIGSEGV"):
        model.infer(faulty(how))
    with pytest.raises((ProcessDiedError, InferenceError)):
        model.infer(MOTION)


def test_an_isolated_model_comes_back_if_it_may(opened: Any) -> None:
    model = opened("motion", isolation="process", restart="on-failure")
    with pytest.raises(ProcessDiedError):
        model.infer(faulty("abort"))
    assert model.infer(MOTION).classification == OF_MOTION


def test_an_isolated_model_that_hangs_is_ended(opened: Any) -> None:
    model = opened("motion", isolation="process", timeout=1.0)
    assert model.infer(MOTION).classification == OF_MOTION
    with pytest.raises(DeadlineError):
        model.infer(faulty("hang"))


def test_the_errors_of_an_isolated_model_are_the_same(opened: Any) -> None:
    model = opened("motion", isolation="process")
    with pytest.raises(InferenceError, match="error -8.*no room for the arena"):
        model.infer(faulty("fail"))
    with pytest.raises(InferenceError, match="the tensors are in disorder"):
        model.infer(faulty("throw"))
    with pytest.raises(InvalidInputError, match="nan"):
        model.infer(np.full(12, np.nan, np.float32))
    assert model.infer(MOTION).classification == OF_MOTION


def test_no_process_of_an_isolated_model_stays(opened: Any) -> None:
    def children() -> set[int]:
        listed = Path(f"/proc/self/task/{threading.get_native_id()}/children")
        return set(map(int, listed.read_text().split())) if listed.exists() else set()

    before = children()
    model = opened("motion", isolation="process")
    made = children() - before
    model.close()
    assert not any(map(is_there, made))
