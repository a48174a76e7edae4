"""The source of a package: the model's files, as a package, and its ``pyproject.toml``."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from .._model_packages import ENTRY_POINT_GROUP
from .._text import one_line
from ..contract import ModelSource, Network
from ..errors import UnsupportedModelError
from ..impulse import Impulse, dump_impulse
from ..impulse.bundle import IMPULSE_FILE
from .identity import Identity

__all__ = ["check_files", "write_project"]

MAX_FILE_BYTES = 2_000_000_000
MAX_SUMMARY_LENGTH = 200
_CODE = (".py", ".pyc", ".pyo")
_UNPORTABLE = frozenset('<>:"|?*')

_PROJECT = """\
[build-system]
requires = ["flit_core>=3.12"]
build-backend = "flit_core.buildapi"

[project]
name = {name}
version = {version}
description = {summary}
readme = {{text = {readme}, content-type = "text/markdown"}}
requires-python = ">=3.10"
dependencies = [{requirement}]

[project.entry-points.{group}]
{name} = {package}

[tool.flit.module]
name = {package}
"""
_README = """\
# {name}

{summary}

This package brings a model for `ei-runner`. Where it is installed, its name opens it:

```python
from ei_runner_core import EdgeImpulseModel

model = EdgeImpulseModel("{name}")
```
"""


def check_files(source: ModelSource, impulse: Impulse) -> None:
    """See that everything that the model needs can be put into a package, on every system.

    Raises:
        UnsupportedModelError: a file is too large, or its name will not do.
    """
    taken = {IMPULSE_FILE: ""}
    for name, network in _files(source, impulse):
        path = str(PurePosixPath(name))
        is_clash = taken.setdefault(path.lower(), path) != path
        if is_clash or _is_code(path) or not _UNPORTABLE.isdisjoint(path):
            raise UnsupportedModelError(
                f"a package cannot hold a network that is called {name!r}: it is a module to "
                "Python, differs from another file only in its case, or is no file name on some "
                f"systems; rename the file, also in {IMPULSE_FILE}"
            )
        if (size := _size(network)) > MAX_FILE_BYTES:
            raise UnsupportedModelError(
                f"{name} has {size} bytes, the file of a package has at most {MAX_FILE_BYTES}; "
                "share the model as a bundle instead"
            )


def write_project(folder: Path, source: ModelSource, impulse: Impulse, identity: Identity) -> None:
    """Write what the wheel is built from: only ``impulse.json`` and the files that it names."""
    package = folder / identity.package
    package.mkdir(parents=True)
    _write(package / "__init__.py", f'"""The model {identity.name}, for ei-runner."""\n')
    _write(package / IMPULSE_FILE, dump_impulse(impulse))
    for name, network in _files(source, impulse):
        target = package / PurePosixPath(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy(network, target)
    _write(folder / "pyproject.toml", _pyproject(identity, _summary(impulse)))


def _pyproject(identity: Identity, summary: str) -> str:
    facts = {
        "name": identity.name,
        "version": identity.version,
        "requirement": identity.requirement,
        "package": identity.package,
        "group": ENTRY_POINT_GROUP,
        "summary": summary,
        "readme": _README.format(name=identity.name, summary=summary),
    }
    # a string of JSON is one of TOML too, if nothing in it is unprintable
    return _PROJECT.format(**{k: json.dumps(v, ensure_ascii=False) for k, v in facts.items()})


def _is_code(path: str) -> bool:
    return path.lower().endswith(_CODE) or "__pycache__" in path.split("/")


def _files(source: ModelSource, impulse: Impulse) -> Iterator[tuple[str, Network]]:
    """The name of each network's file inside the model, and the file itself."""
    for block in impulse.networks:
        yield from zip(block.files, source.networks[block.id], strict=True)


def _size(network: Network) -> int:
    return len(network.content or b"") if network.path is None else network.path.stat().st_size


def _copy(network: Network, target: Path) -> None:
    if network.path is None:
        target.write_bytes(network.read())
    else:
        shutil.copyfile(network.path, target)


def _summary(impulse: Impulse) -> str:
    title = one_line(impulse.name or impulse.project.name)[:MAX_SUMMARY_LENGTH]
    return f"{title}, a model for ei-runner" if title else "A model for ei-runner"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
