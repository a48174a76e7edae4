"""A process in which damaged models are opened, so that a crash is a result like others."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

WORKER = Path(__file__).with_name("damage_worker.py")
LEAVES = {"InferenceError", "InvalidInputError", "ModelFormatError", "ModelNotFoundError"} | {
    "UnsupportedModelError"
}
DEADLINE = 30.0
START_DEADLINE = 120.0


class Outcome(NamedTuple):
    """What became of a model.

    ``kind`` is ``"answered"``, the name of an error, ``"escaped"`` for an exception that is none
    of the library, ``"died"`` or ``"hung"``.
    """

    kind: str
    message: str

    @property
    def is_fine(self) -> bool:
        """An answer, or an error of one line that is blamed on the model."""
        is_line = bool(self.message) and "\n" not in self.message
        return self.kind == "answered" or (self.kind in LEAVES and is_line)


class Child:
    """One process for many models; a new one takes over when a model ends it."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process: subprocess.Popen[str] | None = None

    def open(self, model: Path, backend: str) -> Outcome:
        """Open a model and run it once."""
        deadline = DEADLINE if self._process else START_DEADLINE
        process = self._process = self._process or self._start()
        assert process.stdin
        try:
            process.stdin.write(json.dumps({"model": str(model), "backend": backend}) + "\n")
            process.stdin.flush()
            line = self._lines.get(timeout=deadline)
        except queue.Empty:
            self.close()
            return Outcome("hung", f"no answer in {deadline:.0f} seconds")
        except OSError:
            line = ""
        if line:
            return Outcome(*json.loads(line))
        code = process.wait(DEADLINE)
        self.close()
        return Outcome("died", f"exit code {code}; {self._last_words()}")

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process:
            process.kill()
            process.wait(DEADLINE)
            self._reader.join(DEADLINE)
            assert process.stdin
            assert process.stdout
            process.stdout.close()
            with suppress(OSError):  # it died before it read the order
                process.stdin.close()

    def _start(self) -> subprocess.Popen[str]:
        with self._log.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-X", "faulthandler", WORKER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                cwd=self._log.parent,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._reader.start()
        return process

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        lines = self._lines
        for line in process.stdout:
            lines.put(line)
        lines.put("")

    def _last_words(self) -> str:
        return self._log.read_text("utf-8", "replace")[-2000:]
