"""The backend keeps what every impulse backend promises."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from ei_runner_core.testing import ImpulseBackendSuite, ImpulseCase

HERE = Path(__file__).parent
PROGRAM = f"""\
#!{sys.executable} -ISu
import sys
sys.path.append({str(HERE)!r})
sys.dont_write_bytecode = {sys.dont_write_bytecode}
from scripted_program import Program
Program.shared_memory = True
Program().run()
"""


def scripted(folder):
    """Write a well-behaved program."""
    path = folder / "model.eim"
    path.write_text(PROGRAM)
    path.chmod(0o700)
    return path


WINDOW = np.array([1, 2, 3, 4.5], np.float32)
SCORES = {"sum": 10.5, "first": 1.0, "high": 1.0}


class TestEim(ImpulseBackendSuite):
    backend = "eim"

    def cases(self):
        return [ImpulseCase("scripted", scripted, WINDOW, {"classification": SCORES})]


class TestStandardInput(TestEim):
    options = {"transport": "stdin", "shared_memory": "never"}
