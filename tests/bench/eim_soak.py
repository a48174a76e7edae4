"""Many inferences through ``.eim`` programs of our own: nothing may grow. ``nox -s soak``.

Memory is that of this process, of the guard and of the program. It is taken again and again; a line
through the last three quarters says what a call leaves behind. Open files are counted at both ends.
Something that grows ends in exit code 1.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from ei_runner_eim.serving.archive import package_model
from rich.console import Console
from rich.table import Table

from ei_runner_core import EdgeImpulseModel
from ei_runner_core.demos import demo
from ei_runner_core.images import load_image, pack

DIGITS = demo("digits")
WAYS = {
    "socket, text": {"shared_memory": "never"},
    "socket, shared memory": {"shared_memory": "always"},
    "stdin, text": {"transport": "stdin", "shared_memory": "never"},
}
LOOKS = 200  # at memory, in all calls
LIMIT = 256 * 1024  # bytes of growth in the last three quarters: allocators round


@dataclass(frozen=True)
class Growth:
    """How much more a process has at the end; ``each`` is in bytes for a call or a cycle."""

    what: str
    process: str
    first_kib: float
    last_kib: float
    each: float
    files: tuple[int, int]
    is_too_much: bool


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="inferences, over all ways")
    parser.add_argument("--cycles", type=int, default=500, help="times to open and close")
    arguments = parser.parse_args()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        eim = package_model(DIGITS.model(), Path(folder, "digits.eim"))
        grown = [
            growth
            for name, options in WAYS.items()
            for growth in inferences(name, eim, options, -(-arguments.count // len(WAYS)))
        ]
        grown += openings(eim, arguments.cycles)
    show(grown)
    Console().print(f"{time.monotonic() - begin:.0f} s")
    return 1 if any(growth.is_too_much for growth in grown) else 0


def inferences(name: str, eim: Path, options: dict[str, str], count: int) -> Iterator[Growth]:
    windows = [pack(load_image(sample.path)) for sample in DIGITS.samples()]
    with EdgeImpulseModel(DIGITS.model()) as here:
        expected = [here.infer(window).classification for window in windows]
    with EdgeImpulseModel(eim, backend="eim", options=options) as model:

        def ask(number: int) -> None:
            at = number % len(windows)
            if model.infer(windows[at]).classification != expected[at]:
                raise AssertionError(f"call {number} got another answer")

        yield from watched(f"{count} calls, {name}", ask, count)


def openings(eim: Path, count: int) -> Iterator[Growth]:
    window = pack(load_image(DIGITS.samples()[0].path))
    ways = list(WAYS.values())

    def open_and_close(number: int) -> None:
        with EdgeImpulseModel(eim, backend="eim", options=ways[number % len(ways)]) as model:
            model.infer(window)

    yield from watched(f"open and close {count} times", open_and_close, count)


def watched(what: str, work: Callable[[int], None], count: int) -> Iterator[Growth]:
    """Work, and look now and then at all processes that are there all the time."""
    work(0)
    host = psutil.Process()
    children = zip(("guard", "program"), host.children(recursive=True), strict=False)
    processes = {"host": host, **dict(children)}
    files = {name: process.num_fds() for name, process in processes.items()}
    memory: dict[str, list[int]] = {name: [] for name in processes}
    step = max(count // LOOKS, 1)
    at = range(0, count, step)
    for begin in at:
        for number in range(begin, min(begin + step, count)):
            work(number)
        for name, process in processes.items():
            memory[name].append(process.memory_info().rss)
    for name, process in processes.items():
        yield growth(what, name, at, memory[name], (files[name], process.num_fds()))


def growth(what: str, name: str, at: range, memory: list[int], files: tuple[int, int]) -> Growth:
    skipped = len(at) // 4  # caches fill, allocators find their size
    each = float(np.polyfit(at[skipped:], memory[skipped:], 1)[0])
    grows = each * (at[-1] - at[skipped]) > LIMIT or files[1] > files[0]
    first, last = memory[skipped] / 1024, memory[-1] / 1024
    return Growth(what, name, first, last, each, files, grows)


def show(grown: list[Growth]) -> None:
    table = Table("", "", "a quarter in", "at the end", "each", "files", "")
    for column in table.columns[2:6]:
        column.justify = "right"
    for row in grown:
        table.add_row(
            row.what,
            row.process,
            f"{row.first_kib:.0f} KiB",
            f"{row.last_kib:.0f} KiB",
            f"{row.each:.2f} B",
            f"{row.files[0]} -> {row.files[1]}",
            "[red]grows" if row.is_too_much else "[green]ok",
        )
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
