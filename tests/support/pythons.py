"""The Pythons of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_TELL = "import sys; print('%d.%d' % sys.version_info[:2], sys.executable, sep='\\n')"


def find_python(version: str) -> Path | None:
    """An interpreter of a version such as ``"3.12"``, if there is one that works."""
    for command in _candidates(version):
        try:
            run = subprocess.run(
                [*command, "-c", _TELL], capture_output=True, text=True, timeout=60
            )
        except OSError:
            continue
        if run.returncode == 0 and run.stdout.startswith(f"{version}\n"):
            return Path(run.stdout.splitlines()[1])
    return None


def _candidates(version: str) -> Iterator[list[str]]:
    """This one, those on the path, those of pyenv, and those that the launcher of Windows knows."""
    yield [sys.executable]
    for name in (f"python{version}", "python3", "python"):
        if (found := shutil.which(name)) is not None:
            yield [found]
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for folder in sorted(root.glob(f"versions/{version}.*"), reverse=True):
        yield [str(folder / "bin" / "python")]
    if (launcher := shutil.which("py")) is not None:
        yield [launcher, f"-{version}"]
