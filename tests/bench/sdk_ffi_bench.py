"""What the backend ``sdk-ffi`` adds to the C++ SDK, and what building and loading a model takes.

A call is held against a program of C++, made of the same objects, that does nothing but call
``run_classifier``: ``bare_loop.cpp``. Small exports of the tests are measured, and where
``EI_RUNNER_EXPORTS`` names a folder, the real ones in it that are named here. They are built into
the cache that ``EI_RUNNER_CACHE`` names, else into one for the benchmark alone.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from measuring import Row, fresh, in_turn, timed

from ei_runner_core import EdgeImpulseModel

HERE = Path(__file__).parent
A_ROUND = 2e-3  # s; short, so that whatever else the machine does meets both alike
BUSY = 1.5  # the load above which no limit of a build counts
VALUES, PIXELS = 10.0, 25.0  # us
# No limit where a call takes milliseconds: meanwhile the caches of the processor lose Python's code
# and objects, the sooner the busier the machine is, even if the call only waits. The way there and
# back then takes several times as long, while run_classifier itself takes as long as in C++.
REAL_CALLS = {"motion": VALUES, "images_float": None, "seeed_fomo": None}
WARM_LOAD = 50.0  # ms
REAL_LOADS = {"motion": WARM_LOAD, "synai": None}  # the second imports an engine, too
REAL_BUILDS = {"motion": 45.0, "synai": 10.0}  # s
SECOND_BUILD = 8.0  # s


@dataclass(frozen=True)
class Subject:
    """An export, and the most that its number may be."""

    name: str
    path: Path
    limit: float | None


def sdk_ffi(rounds: int) -> Iterator[Row]:
    """All rows of the backend."""
    is_busy = os.getloadavg()[0] > BUSY
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.setdefault("EI_RUNNER_CACHE", str(folder / "cache"))
        values, pixels = small_exports(folder)
        for subject in (values, pixels, *real(REAL_CALLS)):
            yield from calls(subject, rounds)
        for subject in (replace(values, limit=WARM_LOAD), *real(REAL_LOADS)):
            yield from loading(subject, rounds, name)
        for subject in (replace(values, limit=None), *real(REAL_BUILDS)):
            yield from building(subject, is_busy)


def small_exports(folder: Path) -> tuple[Subject, Subject]:
    """A model of motion and one of images, in the sizes that the limits are about."""
    sys.path.append(str(HERE.parent / "support"))
    from ffi_export_recipes import TASKS, Recipe
    from ffi_exports import write_export

    TASKS["values"] = replace(TASKS["motion"], window=375)
    TASKS["pixels"] = replace(TASKS["objects"], window=96 * 96, image=(96, 96))
    return (
        Subject("375 values", write_export(folder / "values", Recipe("values")), VALUES),
        Subject("96x96 pixels", write_export(folder / "pixels", Recipe("pixels")), PIXELS),
    )


def real(limits: Mapping[str, float | None]) -> list[Subject]:
    """The real exports that are there."""
    folder = os.environ.get("EI_RUNNER_EXPORTS")
    if not folder:
        return []
    paths = {name: Path(folder, name).resolve() for name in limits}
    return [Subject(name, path, limits[name]) for name, path in paths.items() if path.is_dir()]


# ------------------------------------------------------------------------------------ a call


def calls(subject: Subject, rounds: int) -> Iterator[Row]:
    """``infer`` from a contiguous float32 array against the same calls in C++, in turn."""
    options = {"network": "compiled"}
    with EdgeImpulseModel(subject.path, backend="sdk-ffi", options=options) as model:
        top = 1 << 24 if model.parameters.is_image else 100
        random = np.random.default_rng(0)
        window = random.integers(0, top, model.input_size).astype(np.float32)
        infer = partial(model.infer, window)
        with bare_loop(subject.path, window) as bare:
            bare_time, time = best_of_both(bare, partial(timed, infer), 10 * rounds)
    label = f"sdk-ffi, {subject.name}"
    yield Row(f"{label}: run_classifier in C++", 1e6 * bare_time, "us")
    yield Row(f"{label}: infer", 1e6 * time, "us")
    yield Row(f"{label}: infer over C++", 1e6 * (time - bare_time), "us", subject.limit)


Loop = Callable[[int], float]  # runs that many calls, and gives the seconds that one took


def best_of_both(one: Loop, other: Loop, rounds: int) -> tuple[float, float]:
    """The seconds that a call takes in the best tenth of the rounds; see ``in_turn``."""
    several = max(1, min(100, int(A_ROUND / one(1))))
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for loop, seconds in zip((one, other), taken, strict=True):
            loop(1)  # what ran in between has emptied the caches
            seconds.append(loop(several))
    first, second = (statistics.quantiles(seconds, n=10)[0] for seconds in taken)
    return first, second


@contextmanager
def bare_loop(path: Path, window: np.ndarray) -> Iterator[Loop]:
    """The same model in a program that only calls ``run_classifier``."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "window")
        window.tofile(file)
        command = [str(bare_program(path)), str(file)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            yield partial(ask, process)


def ask(process: subprocess.Popen[str], count: int) -> float:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{count}\n")
    process.stdin.flush()
    nanoseconds = int(process.stdout.readline())
    if nanoseconds < 0:
        raise RuntimeError(f"run_classifier failed with {nanoseconds}")
    return 1e-9 * nanoseconds / count


def bare_program(path: Path) -> Path:
    """Build it with the plan of the library, of the same objects."""
    from ei_runner_sdk_ffi.build.cache import Cache
    from ei_runner_sdk_ffi.build.exports import plan_export
    from ei_runner_sdk_ffi.build.options import BuildOptions
    from ei_runner_sdk_ffi.build.pipeline import build

    cache = Cache.find()
    plan = plan_export(path, BuildOptions(network="compiled"), cache)
    program = replace(
        plan,
        own=(HERE / "bare_loop.cpp", *(p for p in plan.own if p.name == "porting.cpp")),
        link=tuple(flag for flag in plan.link if not is_for_libraries(flag)),
    )
    return build(plan.export, program, cache=cache).path


def is_for_libraries(flag: str) -> bool:
    ours = ("-Wl,--version-script", "-Wl,-install_name", "-Wl,-exported_symbols_list")
    return flag in ("-shared", "-dynamiclib") or flag.startswith(ours)


# --------------------------------------------------------------------------- loading and building


def loading(subject: Subject, rounds: int, elsewhere: str) -> Iterator[Row]:
    """Opening a model that is built, in a fresh interpreter, against importing NumPy there."""
    opened = f"EdgeImpulseModel({str(subject.path)!r}, backend='sdk-ffi')"
    code = f"import numpy; from ei_runner_core import EdgeImpulseModel; {opened}.close()"
    statements = {"numpy": "import numpy", "load": code}
    times = in_turn({k: fresh(code, elsewhere) for k, code in statements.items()}, rounds, 1)
    added = 1e3 * (times["load"] - times["numpy"])
    yield Row(f"sdk-ffi, {subject.name}: load over import numpy", added, "ms", subject.limit)


def building(subject: Subject, is_busy: bool) -> Iterator[Row]:
    """The first build, and that of another model with the same SDK."""
    with tempfile.TemporaryDirectory() as folder, a_cache(f"{folder}/cache"):
        first = build_time(subject.path)
        another = Path(shutil.copytree(subject.path, Path(folder, "another")))
        (header,) = another.rglob("model_metadata.h")
        header.write_text(f"{header.read_text()}\n// another model\n")
        second = build_time(another)
    times = {"first build": (first, subject.limit)}
    times["another model, same SDK"] = (second, SECOND_BUILD if subject.limit else None)
    for what, (seconds, limit) in times.items():
        note = "no limit: the machine is busy" if is_busy and limit else ""
        label = f"sdk-ffi, {subject.name}: {what}"
        yield Row(label, seconds, "s", None if is_busy else limit, skipped=note)


@contextmanager
def a_cache(folder: str) -> Iterator[None]:
    usual = os.environ["EI_RUNNER_CACHE"]
    os.environ["EI_RUNNER_CACHE"] = folder
    try:
        yield
    finally:
        os.environ["EI_RUNNER_CACHE"] = usual


def build_time(path: Path) -> float:
    from ei_runner_sdk_ffi.build.exports import build_export
    from ei_runner_sdk_ffi.build.options import BuildOptions

    return build_export(path, BuildOptions()).library.seconds
