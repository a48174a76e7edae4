"""The program of ``damage_child.Child``: opens one damaged model after the other.

Each line that it reads is an order, ``{"model": path, "backend": name}``; each line that it writes
tells what became of it, ``[kind, message]``.
"""

from __future__ import annotations

import json
import math
import os
import sys
import traceback
from contextlib import suppress

import numpy as np

from ei_runner_core import EdgeImpulseError, EdgeImpulseModel

MEMORY = 6 << 30  # address space: engines map far more than they use
MOST_VALUES = 1 << 22


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever an engine prints belongs into the log
    with suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for line in sys.stdin:
        answers.write(json.dumps(try_out(**json.loads(line))) + "\n")
        answers.flush()


def try_out(model: str, backend: str) -> tuple[str, str]:
    try:
        with EdgeImpulseModel(model, backend=backend) as opened:
            answer(opened)
    except EdgeImpulseError as error:
        return type(error).__name__, str(error)
    except BaseException:  # noqa: BLE001 - whatever it is, it should not have come here
        return "escaped", traceback.format_exc()
    return "answered", ""


def answer(model: EdgeImpulseModel) -> None:
    if model.input_size:
        model.infer(np.ones(model.input_size, np.float32))
        return
    specs = model.inputs
    shapes = [tuple(map(abs, spec.shape)) for spec in specs]
    if all(math.prod(filter(None, shape)) < MOST_VALUES for shape in shapes):
        model.infer_freeform(
            [np.ones(shape, spec.dtype) for shape, spec in zip(shapes, specs, strict=True)]
        )


if __name__ == "__main__":
    main()
