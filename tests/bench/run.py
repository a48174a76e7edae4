"""What the library adds to the engine, and what its own steps take: ``nox -s bench``.

Every number is a difference or a ratio of two things measured in turn, round by round, so that a
busy machine disturbs both alike. A broken limit ends in exit code 1.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from compiling_bench import compiling
from eim_bench import clients
from measuring import Row, fresh, in_turn, show
from sdk_ffi_bench import sdk_ffi
from steps import pixels, post_processing, signal_processing

from ei_runner_core import EdgeImpulseModel
from ei_runner_core.demos import demo
from ei_runner_core.images import load_image, pack
from ei_runner_core.plugins import registry

DIGITS = demo("digits")
CALLS_A_ROUND = 100  # short, so that whatever else the machine does meets both alike
INFER_LIMIT = 15.0  # us
OPEN_LIMIT = 10.0  # ms

Array = npt.NDArray[Any]
Call = Callable[[Array], Array]


@dataclass(frozen=True)
class Engine:
    """The engine behind a backend. ``open`` takes a bundle and sets up its network by hand.

    It does so with the options that the backend uses, and gives a function from the input tensor
    to the output tensor.
    """

    backend: str
    open: Callable[[Path], Call]


def open_tflite(bundle: Path) -> Call:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(bundle / "network.tflite"), num_threads=1)
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]["index"]
    target = interpreter.get_output_details()[0]["index"]

    def run(tensor: Array) -> Array:
        interpreter.set_tensor(source, tensor)
        interpreter.invoke()
        answer: Array = interpreter.get_tensor(target)
        return answer

    return run


def open_onnx(bundle: Path) -> Call:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(
        str(bundle / "network.onnx"), options, providers=["CPUExecutionProvider"]
    )
    (source,), (target,) = session.get_inputs(), session.get_outputs()
    run, names, key = session.run, [target.name], source.name

    def call(tensor: Array) -> Array:
        answer: Array = run(names, {key: tensor})[0]
        return answer

    return call


ENGINES = (Engine("full-tflite", open_tflite), Engine("onnx", open_onnx))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--rounds", type=int, default=40, help="rounds; ten times more for calls")
    arguments = parser.parse_args()
    rounds = arguments.rounds
    engines = [engine for engine in ENGINES if engine.backend in registry().backends]
    rows = [row for engine in engines for row in inference(engine, rounds)]
    rows += [row for engine in engines for row in opening(engine, rounds)]
    rows += signal_processing(10 * rounds)
    rows += pixels(10 * rounds)
    rows += post_processing(10 * rounds)
    rows += clients(rounds) if "eim" in registry().backends else []
    rows += sdk_ffi(rounds) if "sdk-ffi" in registry().backends else []
    rows += [row for name in ("qnn", "tvm") for row in compiling(name, rounds)]
    rows += start(rounds)
    if arguments.json:
        print(json.dumps([asdict(row) | {"ok": row.ok} for row in rows], indent=2))
    else:
        show(rows)
    return 0 if all(row.ok for row in rows) else 1


def inference(engine: Engine, rounds: int) -> Iterator[Row]:
    """``infer`` from a contiguous float32 array against the engine alone, on a prepared array."""
    window = pack(load_image(DIGITS.samples()[0].path))
    for variant in DIGITS.variants:
        bundle = DIGITS.model(variant)
        run, prepared = engine.open(bundle), np.zeros((1, 8, 8, 1), variant)
        with EdgeImpulseModel(bundle, backend=engine.backend) as model:
            times = in_turn(
                {"bare": partial(run, prepared), "infer": partial(model.infer, window)},
                10 * rounds,
                CALLS_A_ROUND,
            )
        label = f"{engine.backend}, {variant}"
        added = 1e6 * (times["infer"] - times["bare"])
        yield Row(f"{label}: the engine alone", 1e6 * times["bare"], "us")
        yield Row(f"{label}: infer", 1e6 * times["infer"], "us")
        yield Row(f"{label}: infer over the engine", added, "us", INFER_LIMIT)


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


def opening(engine: Engine, rounds: int) -> Iterator[Row]:
    """Opening the bundle against making the engine's session alone."""
    bundle = DIGITS.model("int8")

    def open_and_close() -> None:
        EdgeImpulseModel(bundle, backend=engine.backend).close()

    times = in_turn({"bare": partial(engine.open, bundle), "open": open_and_close}, rounds, 5)
    label = f"{engine.backend}, int8"
    added = 1e3 * (times["open"] - times["bare"])
    yield Row(f"{label}: make the engine's session", 1e3 * times["bare"], "ms")
    yield Row(f"{label}: open the bundle", 1e3 * times["open"], "ms")
    yield Row(f"{label}: open over making it", added, "ms", OPEN_LIMIT)


if __name__ == "__main__":
    sys.exit(main())
