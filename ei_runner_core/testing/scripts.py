"""Tests that need a process of their own: what is imported, and what a fork does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

__all__ = ["modules_after_listing", "run_fork"]

DEADLINE = 60.0
_HANGS = (
    "a forked child did not end: derive the session from authoring.EngineSession (or call "
    "authoring.keep_in_forked_child), switch off threads that the engine starts by itself (for "
    "ONNX Runtime ORT_DISABLE_TELEMETRY=1 before its import), or set survives_fork = False"
)

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


_FORK_WHILE_RUNNING = """
import json, os, sys, threading, warnings
import numpy as np
from ei_runner_core import EdgeImpulseModel

warnings.simplefilter("ignore", DeprecationWarning)
backend, model, inputs = sys.argv[1:4]
options = json.loads(sys.argv[4])
with np.load(inputs) as file:
    arrays = [file[name] for name in sorted(file.files)]
opened = EdgeImpulseModel(model, backend=backend, options=options)
busy, done = threading.Event(), threading.Event()

def work():
    while not done.is_set():
        opened.infer(arrays[0]) if opened.input_size else opened.infer_freeform(arrays)
        busy.set()

thread = threading.Thread(target=work)
thread.start()
busy.wait()
children = []
for _ in range(5):
    child = os.fork()
    if child == 0:
        opened.close()
        sys.exit()
    children.append(child)
codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
done.set()
thread.join()
assert codes == [0] * 5, codes
print("parent and child are well")
"""


def modules_after_listing() -> set[str]:
    """The modules that a fresh process has imported after it listed all plugins."""
    return set(_python(_LIST).split())


def run_fork(
    when: Literal["idle", "running"],
    backend: str,
    model: Path,
    options: Mapping[str, Any],
    inputs: tuple[npt.NDArray[Any], ...],
    folder: Path,
) -> str:
    """Fork a process that has a model open or running; the empty string tells that all is well."""
    path = folder / "inputs.npz"
    named = {f"input{position:02}": array for position, array in enumerate(inputs)}
    np.savez(path, allow_pickle=False, **named)
    code = _FORK if when == "idle" else _FORK_WHILE_RUNNING
    said = _python(code, backend, str(model), str(path), json.dumps(dict(options))).strip()
    return "" if said.endswith("parent and child are well") else said


def _python(code: str, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", code, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            output, problems = process.communicate(timeout=DEADLINE)
        except subprocess.TimeoutExpired:
            _end_group(process)
            raise AssertionError(_HANGS) from None
    assert process.returncode == 0, problems or output
    return output


def _end_group(process: subprocess.Popen[str]) -> None:
    """End a process with all children that it left behind."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
