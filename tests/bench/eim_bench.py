"""What a client of an ``.eim`` adds: ours, in turn with the official one on the same program.

The time of a call without that of the program, which it measures itself; see ``timed_program.py``.
"""

from __future__ import annotations

import importlib.util
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from measuring import Row, in_turn

from ei_runner_core import EdgeImpulseModel

PROGRAM = Path(__file__).with_name("timed_program.py")
SIZE_LINE = "SIDE, VALUES = 0, 375"
OFFICIAL = "the official client"
CALLS_A_ROUND = 20

Call = Callable[[], int]  # gives the nanoseconds that the program took


@dataclass(frozen=True)
class Size:
    """What the model takes; ``limit`` is our time as a part of the official client's."""

    name: str
    values: int
    limit: float
    side: int = 0

    def window(self) -> np.ndarray:
        random = np.random.default_rng(0)
        if self.side:
            return random.integers(0, 1 << 24, self.values).astype(np.float32)
        return random.normal(0, 9.81, self.values).astype(np.float32)


SIZES = (Size("375 values", 375, 1 / 3), Size("96x96 pixels", 96 * 96, 1 / 10, 96))


def clients(rounds: int) -> Iterator[Row]:
    """What the clients add to a call, and what opening and closing takes."""
    official = load_official()
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            path = write_program(size, Path(folder))
            yield from calls(size, path, official, rounds)
        yield from opening(path, official, max(rounds // 10, 3))


def load_official() -> Any:
    """The runner module of ``edge_impulse_linux`` alone: the package asks for a camera library."""
    found = importlib.util.find_spec("edge_impulse_linux")
    if found is None or not found.submodule_search_locations:
        return None
    path = Path(found.submodule_search_locations[0], "runner.py")
    spec = importlib.util.spec_from_file_location("official_runner", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_program(size: Size, folder: Path) -> Path:
    path = folder / f"{size.values}.eim"
    text = PROGRAM.read_text().replace(SIZE_LINE, f"SIDE, VALUES = {size.side}, {size.values}")
    path.write_text(f"#!{sys.executable} -IS\n{text}")
    path.chmod(0o755)
    return path


def calls(size: Size, path: Path, official: Any, rounds: int) -> Iterator[Row]:
    window = size.window()
    numbers = window.tolist()
    with ExitStack() as stack:
        ways = {
            "an array": ours(stack, path, window, shared_memory="never"),
            "a list": ours(stack, path, numbers, shared_memory="never"),
            "an array, stdin": ours(stack, path, window, shared_memory="never", transport="stdin"),
            "an array, shared memory": ours(stack, path, window, shared_memory="always"),
        }
        if official:
            ways |= {
                OFFICIAL: theirs(stack, official, path, numbers),
                f"{OFFICIAL}, shared memory": theirs(
                    stack, official, path, numbers, allow_shm=True
                ),
            }
            if size.side:  # what its own helpers make of an image
                integers = window.astype(int).tolist()
                ways[f"{OFFICIAL}, integers"] = theirs(stack, official, path, integers)
        times = overheads(ways, rounds)
    for name, microseconds in times.items():
        yield Row(f"eim, {size.name}: {name}", microseconds, "us")
    yield from ratios(size, times)


def ratios(size: Size, times: Mapping[str, float]) -> Iterator[Row]:
    """Our time as a part of theirs: both get the same numbers, each in the way it likes best."""
    label = f"eim, {size.name}: an array / {OFFICIAL}"
    if OFFICIAL not in times:
        yield Row(label, None, "", skipped="skipped: edge-impulse-linux is not installed")
        return
    yield Row(label, times["an array"] / times[OFFICIAL], "", size.limit)
    for ours, theirs in (("a list", ""), ("an array, shared memory", ", shared memory"),
                         ("an array", ", integers")):  # fmt: skip
        if (name := OFFICIAL + theirs) in times:
            yield Row(f"eim, {size.name}: {ours} / {name}", times[ours] / times[name], "")


def ours(stack: ExitStack, path: Path, window: Any, **options: str) -> Call:
    model = stack.enter_context(EdgeImpulseModel(path, backend="eim", options=options))
    return lambda: int(model.infer(window).info or 0)


def theirs(
    stack: ExitStack, official: Any, path: Path, numbers: list[float], *, allow_shm: bool = False
) -> Call:
    runner = official.ImpulseRunner(str(path), allow_shm=allow_shm)
    runner.init()
    process = runner._runner
    stack.callback(process.wait)
    stack.callback(runner.stop)
    return lambda: int(runner.classify(numbers)["info"])


def overheads(ways: Mapping[str, Call], rounds: int) -> dict[str, float]:
    """Microseconds that each way adds to a call, the best tenth of all; see ``in_turn``."""
    taken: dict[str, list[int]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, call in ways.items():
            call()  # what runs in between has emptied the caches
            taken[name] += [overhead(call) for _ in range(CALLS_A_ROUND)]
    return {name: statistics.quantiles(times, n=10)[0] / 1000 for name, times in taken.items()}


def overhead(call: Call) -> int:
    begin = time.perf_counter_ns()
    in_the_program = call()
    return time.perf_counter_ns() - begin - in_the_program


def opening(path: Path, official: Any, rounds: int) -> Iterator[Row]:
    """Start, hello and end; the program itself is a Python that starts."""

    def close_ours() -> None:
        EdgeImpulseModel(path, backend="eim").close()

    def close_theirs() -> None:
        with ExitStack() as stack:
            theirs(stack, official, path, [])

    ways = {"ours": close_ours} | ({OFFICIAL: close_theirs} if official else {})
    for name, seconds in in_turn(ways, rounds, 1).items():
        yield Row(f"eim, open and close: {name}", 1e3 * seconds, "ms")
