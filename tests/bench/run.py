"""What the library adds to the engine, measured in one run: ``nox -s bench``.

Every number is a difference or a ratio of two things measured in turn, round by round, so that a
busy machine disturbs both alike. A broken limit ends in exit code 1.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter
from rich.console import Console
from rich.table import Table

from ei_runner_core import EdgeImpulseModel
from ei_runner_core.demos import demo
from ei_runner_core.images import load_image, pack

DIGITS = demo("digits")
CALLS_A_ROUND = 100  # short, so that whatever else the machine does meets both alike


@dataclass(frozen=True)
class Row:
    """One measured number; ``limit`` is the most that it may be."""

    name: str
    value: float
    unit: str
    limit: float | None = None

    @property
    def ok(self) -> bool:
        return self.limit is None or self.value <= self.limit


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--rounds", type=int, default=40, help="rounds; ten times more for calls")
    arguments = parser.parse_args()
    rows = [*inference(arguments.rounds), *start(arguments.rounds), *opening(arguments.rounds)]
    if arguments.json:
        print(json.dumps([asdict(row) | {"ok": row.ok} for row in rows], indent=2))
    else:
        show(rows)
    return 0 if all(row.ok for row in rows) else 1


def inference(rounds: int) -> Iterator[Row]:
    """``infer`` from a contiguous float32 array against the bare interpreter."""
    window = pack(load_image(DIGITS.samples()[0].path))
    for variant, limit in (("float32", 15.0), ("int8", 25.0)):
        with EdgeImpulseModel(DIGITS.model(variant), backend="full-tflite") as model:
            times = in_turn(
                {"bare": bare_call(variant), "infer": partial(model.infer, window)},
                10 * rounds,
                CALLS_A_ROUND,
            )
        yield Row(f"bare interpreter, {variant}", 1e6 * times["bare"], "us")
        yield Row(f"infer, {variant}", 1e6 * times["infer"], "us")
        added = 1e6 * (times["infer"] - times["bare"])
        yield Row(f"infer over the bare interpreter, {variant}", added, "us", limit)


def bare_call(variant: str) -> Callable[[], npt.NDArray[Any]]:
    """Set, invoke and get on a prepared array, with the options that the backend uses."""
    interpreter = bare_interpreter(variant)
    source = interpreter.get_input_details()[0]
    target = interpreter.get_output_details()[0]["index"]
    index, prepared = source["index"], np.zeros(source["shape"], source["dtype"])

    def call() -> npt.NDArray[Any]:
        interpreter.set_tensor(index, prepared)
        interpreter.invoke()
        answer: npt.NDArray[Any] = interpreter.get_tensor(target)
        return answer

    return call


def bare_interpreter(variant: str) -> Any:
    network = DIGITS.model(variant) / "network.tflite"
    interpreter = Interpreter(model_path=str(network), num_threads=1)
    interpreter.allocate_tensors()
    return interpreter


def start(rounds: int) -> Iterator[Row]:
    """What an import costs, in fresh interpreters."""
    statements = {
        "bare": "pass",
        "numpy": "import numpy",
        "model": "from ei_runner_core import EdgeImpulseModel",
        "package": "import ei_runner_core",
    }
    with tempfile.TemporaryDirectory() as elsewhere:
        calls = {name: fresh(code, elsewhere) for name, code in statements.items()}
        times = in_turn(calls, rounds, 1)
    cost = {name: 1e3 * (times[name] - times["bare"]) for name in statements}
    yield Row("start of Python", 1e3 * times["bare"], "ms")
    yield Row("import numpy", cost["numpy"], "ms")
    yield Row("import EdgeImpulseModel", cost["model"], "ms")
    yield Row("import ei_runner_core", cost["package"], "ms", 10.0)
    yield Row("import EdgeImpulseModel / import numpy", cost["model"] / cost["numpy"], "", 0.8)
    whole = times["model"] / times["numpy"]
    yield Row("the same, with the start of Python in both", whole, "", 0.8)


def fresh(code: str, directory: str) -> Callable[[], object]:
    command = [sys.executable, "-c", code]
    environment = dict(os.environ)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # else every start compiles the source again
    return lambda: subprocess.run(command, cwd=directory, env=environment, check=True)


def opening(rounds: int) -> Iterator[Row]:
    """Opening the bundle against making the interpreter alone."""

    def open_and_close() -> None:
        EdgeImpulseModel(DIGITS.model("int8"), backend="full-tflite").close()

    calls = {"bare": lambda: bare_interpreter("int8"), "open": open_and_close}
    times = in_turn(calls, rounds, 5)
    yield Row("make the interpreter, int8", 1e3 * times["bare"], "ms")
    yield Row("open the bundle, int8", 1e3 * times["open"], "ms")
    yield Row("open over making the interpreter", 1e3 * (times["open"] - times["bare"]), "ms")


def in_turn(
    calls: Mapping[str, Callable[[], object]], rounds: int, repeat: int
) -> dict[str, float]:
    """The median over the rounds of the seconds that one call takes."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()  # warm up: files in the cache, buffers in place
    for _ in range(rounds):
        for name, call in calls.items():
            begin = time.perf_counter()
            for _ in range(repeat):
                call()
            seconds[name].append((time.perf_counter() - begin) / repeat)
    return {name: statistics.median(values) for name, values in seconds.items()}


def show(rows: list[Row]) -> None:
    table = Table("", "value", "limit", "")
    for column in table.columns[1:3]:
        column.justify = "right"
    for row in rows:
        limit = "" if row.limit is None else f"{row.limit:g} {row.unit}"
        verdict = "" if row.limit is None else "[green]ok" if row.ok else "[red]too much"
        table.add_row(row.name, f"{row.value:.3g} {row.unit}", limit, verdict)
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
