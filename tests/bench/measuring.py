"""What the benchmarks have in common: rows, and how time is taken."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Row:
    """One measured number; ``limit`` is the most that it may be.

    ``recorded`` is what the C++ SDK took for the same, where that was measured: on one thread of
    another machine of this kind (x86-64, two cores), compiled with ``-Os``. ``skipped`` says why
    there is no value.
    """

    name: str
    value: float | None
    unit: str
    limit: float | None = None
    recorded: float | None = None
    skipped: str = ""

    @property
    def ok(self) -> bool:
        return self.limit is None or self.value is None or self.value <= self.limit


def in_turn(
    calls: Mapping[str, Callable[[], object]], rounds: int, repeat: int
) -> dict[str, float]:
    """The seconds that one call takes in the best tenth of the rounds.

    What other processes take away only adds, to one side more than to the other.
    """
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()  # warm up: files in the cache, buffers in place
    for _ in range(rounds):
        for name, call in calls.items():
            seconds[name].append(timed(call, repeat))
    return {name: statistics.quantiles(values, n=10)[0] for name, values in seconds.items()}


def median(call: Callable[[], object], rounds: int, repeat: int = 10) -> float:
    """The seconds that one call takes in the median round."""
    timed(call, repeat)
    return statistics.median(timed(call, repeat) for _ in range(rounds))


def timed(call: Callable[[], object], repeat: int) -> float:
    begin = time.perf_counter()
    for _ in range(repeat):
        call()
    return (time.perf_counter() - begin) / repeat


def fresh(code: str, directory: str) -> Callable[[], object]:
    """Run code in a new interpreter."""
    command = [sys.executable, "-c", code]
    environment = dict(os.environ)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # else every start compiles the source again
    return lambda: subprocess.run(command, cwd=directory, env=environment, check=True)


def show(rows: list[Row]) -> None:
    table = Table("", "value", "limit", "C++, recorded", "")
    for column in table.columns[1:4]:
        column.justify = "right"
    for row in rows:
        verdict = "" if row.limit is None else "[green]ok" if row.ok else "[red]too much"
        numbers = (_shown(number, row.unit) for number in (row.value, row.limit, row.recorded))
        table.add_row(row.name, *numbers, row.skipped or verdict)
    Console().print(table)


def _shown(number: float | None, unit: str) -> str:
    return "" if number is None else f"{number:.3g} {unit}"
