"""The command line as a process of its own, with a local Studio to upload to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from ei_runner_core.testing.studio import LocalProject, LocalStudio, StoredSample

__all__ = ["KEY", "Uploads", "write_files"]

KEY = "ei_5f4dcc3b5aa765d61d8327deb882cf99"
# Where SIGINT is ignored, a process inherits that, and Python then does not raise.
_PROGRAM = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "from ei_runner_core.cli import main; sys.exit(main(sys.argv[1:]))"
)


class Uploads:
    """A local Studio with one project, and the command line that uploads there."""

    def __init__(self, studio: LocalStudio, folder: Path) -> None:
        self.studio = studio
        self.folder = folder
        self.project: LocalProject = studio.add_project(api_key=KEY)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("EI_")}
        paths = os.pathsep.join(filter(None, sys.path))
        homes = {name: str(folder / "home") for name in ("HOME", "XDG_STATE_HOME")}
        self.environment = kept | studio.environment | homes
        self.environment |= {"EI_API_KEY": KEY, "PYTHONPATH": paths, "COLUMNS": "100"}

    @property
    def samples(self) -> list[StoredSample]:
        """What has arrived."""
        return self.project.samples

    @property
    def state(self) -> list[Path]:
        """The files that were left in the user's state folder."""
        return [path for path in (self.folder / "home").rglob("*") if path.is_file()]

    def start(self, *arguments: str | Path, **options: Any) -> subprocess.Popen[bytes]:
        """Start it."""
        variables = options.pop("variables", {})
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        return subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, *map(str, arguments)],
            cwd=self.folder,
            env=self.environment | variables,
            **(pipes | options),
        )

    def run(
        self, *arguments: str | Path, stdin: str = "", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        with self.start(*arguments, variables=variables) as process:
            out, err = process.communicate(stdin.encode(), timeout=120)
        return subprocess.CompletedProcess((), process.returncode, out.decode(), err.decode())


def write_files(folder: Path, count: int, start: int = 0) -> Path:
    """Some small files that can be uploaded."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(start, start + count):
        (folder / f"{number:04}.csv").write_text(f"timestamp,x\n0,{number}\n10,{number + 1}\n")
    return folder
