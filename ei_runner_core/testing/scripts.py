"""Tests that need a process of their own: what is imported, and what a fork does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["modules_after_listing", "run_fork"]

DEADLINE = 120.0

_LIST = """
import sys
from ei_runner_core.plugins import registry
registry()
print("\\n".join(sys.modules))
"""

_FORK = """
import json, os, sys, warnings
import numpy as np
from ei_runner_core import EdgeImpulseModel, InferenceError

warnings.simplefilter("ignore", DeprecationWarning)  # forking with threads is what this is about
backend, model, inputs = sys.argv[1:4]
options = json.loads(sys.argv[4])
with np.load(inputs) as file:
    arrays = [file[name] for name in sorted(file.files)]

def ask(model):
    return model.infer(arrays[0]) if model.input_size else model.infer_freeform(arrays)

opened = EdgeImpulseModel(model, backend=backend, options=options)
ask(opened)
child = os.fork()
if child:
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0, status
    ask(opened)
    opened.close()
    print("parent and child are well")
else:
    try:
        ask(opened)
    except InferenceError:
        pass
    else:
        raise AssertionError("the child used the model of its parent")
    with EdgeImpulseModel(model, backend=backend, options=options) as own:
        ask(own)
"""


def modules_after_listing() -> set[str]:
    """The modules that a fresh process has imported after it listed all plugins."""
    return set(_python(_LIST).split())


def run_fork(
    backend: str,
    model: Path,
    options: Mapping[str, Any],
    inputs: tuple[npt.NDArray[Any], ...],
    folder: Path,
) -> str:
    """Fork a process that has a model open, use it on both sides, and tell what was printed."""
    path = folder / "inputs.npz"
    named = {f"input{position:02}": array for position, array in enumerate(inputs)}
    np.savez(path, allow_pickle=False, **named)
    return _python(_FORK, backend, str(model), str(path), json.dumps(options)).strip()


def _python(code: str, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    run = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert run.returncode == 0, run.stderr or run.stdout
    return run.stdout
