"""Virtual environments with nothing in them, as a user begins with."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from built_distributions import python, run


@dataclass(frozen=True)
class Environment:
    """An empty virtual environment, and an empty folder to work in."""

    folder: Path
    work: Path

    @property
    def _programs(self) -> Path:
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    def pip(self, *arguments: str | Path) -> str:
        """Run the pip of the tests on the environment, which needs none of its own."""
        inside = ("pip", "--python", self._programs / "python", "--disable-pip-version-check")
        return python(*inside, *arguments, cwd=self.work)

    def program(self, name: str, *arguments: str | Path) -> str:
        """Run a program of the environment, such as ``ei-runner``."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("EI_", "PYTHON"))}
        clean["XDG_CACHE_HOME"] = str(self.folder / "cache")
        return run(self._programs / name, *arguments, cwd=self.work, env=clean)


def make_environment(interpreter: Path, folder: Path) -> Environment:
    """Make one for an interpreter, with its folder to work in beside it."""
    environment = Environment(folder / "env", folder / "work")
    environment.work.mkdir(parents=True)
    run(interpreter, "-m", "venv", "--without-pip", environment.folder, cwd=environment.work)
    return environment
