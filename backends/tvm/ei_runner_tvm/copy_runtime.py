"""Copies TVM's runtime for a machine that shall run compiled networks and compile none.

``python -m ei_runner_tvm.copy_runtime FOLDER`` takes it from the TVM that is installed here, with
``--wheel FILE`` from a wheel of apache-tvm, such as one for another machine.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import shutil
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ei_runner_core import BackendUnavailableError, EdgeImpulseError, InvalidInputError
from ei_runner_core.authoring import one_line

from .places import HOME_VARIABLE, VERSION_FILE, find_runtime, installed_libraries, library_names

__all__ = ["copy_runtime", "main"]

_DISTRIBUTION = re.compile(r"apache_tvm-([^/]+)\.dist-info/")
_SYSTEMS = ("linux", "darwin")
_FAILURES = (zipfile.BadZipFile, OSError, ValueError, LookupError, EOFError, RuntimeError)


def copy_runtime(folder: str | os.PathLike[str], wheel: str | os.PathLike[str] = "") -> Path:
    """Copy the libraries of TVM's runtime, with a note of their version.

    Args:
        folder: where they go; it is made if it is missing.
        wheel: a wheel of apache-tvm; else the TVM that is installed here.

    Returns:
        The folder, for ``TVM_HOME``.

    Raises:
        BackendUnavailableError: TVM is not installed.
        InvalidInputError: the wheel has no runtime, or something cannot be read or written.
    """
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
        if wheel:
            _copy_from_wheel(Path(wheel), target)
        else:
            _copy_installed(target)
    except EdgeImpulseError:
        raise
    except _FAILURES as error:
        raise InvalidInputError(f"cannot copy TVM's runtime: {one_line(error)}") from error
    return target


def _copy_installed(folder: Path) -> None:
    installed = installed_libraries()
    if installed is None:
        raise BackendUnavailableError(
            "TVM is not installed here: pip install 'ei-runner[tvm]', or name a wheel of "
            "apache-tvm with --wheel"
        )
    files = find_runtime(installed)
    for path in filter(None, (files.runtime, files.extra)):
        with path.open("rb") as source:
            _write(source, folder / path.name)
    _note_version(files.version, folder)


def _copy_from_wheel(wheel: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        members = archive.namelist()
        versions = [found[1] for found in map(_DISTRIBUTION.match, members) if found]
        wanted = [f"tvm/lib/{name}" for system in _SYSTEMS for name in library_names(system)]
        found = [name for name in wanted if name in members]
        if not versions or not found:
            raise InvalidInputError(f"{wheel} is no wheel of apache-tvm with a runtime")
        for name in found:
            with archive.open(name) as source:
                _write(source, folder / Path(name).name)  # type: ignore[arg-type]
    _note_version(versions[0], folder)


def _note_version(version: str, folder: Path) -> None:
    with _replacing(folder / VERSION_FILE) as file:
        file.write(f"{version}\n".encode())


def _write(source: BinaryIO, path: Path) -> None:
    with _replacing(path) as file:
        shutil.copyfileobj(source, file)


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that appears whole: what has been loaded must not change."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("xb") as file:
            yield file
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 tells that all went well."""
    parser = argparse.ArgumentParser(
        prog="python -m ei_runner_tvm.copy_runtime",
        description="Copy TVM's runtime (5 MB), for a machine that compiles nothing.",
    )
    parser.add_argument("folder", metavar="FOLDER", help=f"what {HOME_VARIABLE} is to name there")
    parser.add_argument("--wheel", metavar="FILE", default="",
                        help="a wheel of apache-tvm; else the TVM that is installed")  # fmt: skip
    chosen = parser.parse_args(arguments)
    try:
        folder = copy_runtime(chosen.folder, chosen.wheel)
    except EdgeImpulseError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - a command
        return 1
    print(folder)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
