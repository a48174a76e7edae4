"""The distributions of this repository, and what is in the files that are built from them."""

from __future__ import annotations

import email
import hashlib
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 600


@dataclass(frozen=True)
class Project:
    """One distribution: where its source lies, and what its files are called."""

    folder: Path
    name: str
    package: str

    @property
    def prefix(self) -> str:
        return self.name.replace("-", "_")

    def wheel(self, dist: Path) -> Path:
        (path,) = dist.glob(f"{self.prefix}-[0-9]*.whl")
        return path

    def sdist(self, dist: Path) -> Path:
        (path,) = dist.glob(f"{self.prefix}-[0-9]*.tar.gz")
        return path


CORE = Project(ROOT, "ei-runner", "ei_runner_core")
BACKENDS = tuple(
    Project(path.parent, f"ei-runner-{name}", f"ei_runner_{name.replace('-', '_')}")
    for path in sorted(ROOT.glob("backends/*/pyproject.toml"))
    for name in [path.parent.name]
)
PROJECTS = (CORE, *BACKENDS)


def wheel_files(wheel: Path) -> dict[str, str]:
    """The digest of each file of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(names) == len(set(names)), "a file is there twice"
        return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in names}


def wheel_metadata(wheel: Path) -> Message:
    """The fields of a wheel's ``METADATA``."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


def sdist_files(sdist: Path) -> set[str]:
    """The names of the files of an sdist, without the folder that holds them all."""
    with tarfile.open(sdist) as archive:
        members = [member for member in archive if not member.isdir()]
    assert all(member.isreg() for member in members)
    top, names = zip(*(member.name.split("/", 1) for member in members), strict=True)
    assert set(top) == {sdist.name.removesuffix(".tar.gz")}
    return set(names)


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Run a program and give what it prints; a failure shows all that it said."""
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=env, capture_output=True, text=True,
        timeout=DEADLINE_SECONDS, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    shown = " ".join(map(str, command))
    assert done.returncode == 0, f"{shown}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


def python(*arguments: str | Path, cwd: Path) -> str:
    """Run this Python on a module, such as pip, of the environment of the tests."""
    return run(sys.executable, "-m", *arguments, cwd=cwd)
