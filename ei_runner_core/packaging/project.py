"""The source of a package: a folder of Python with the model in it, and ``pyproject.toml``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from .._model_packages import ENTRY_POINT_GROUP
from .._text import one_line
from .identity import Identity

__all__ = ["write_project"]

MAX_TITLE_LENGTH = 200

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
dependencies = {requirements}

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


def write_project(
    folder: Path, identity: Identity, title: str, fill: Callable[[Path], None]
) -> None:
    """Write what the wheel is built from.

    Args:
        folder: a new folder.
        identity: of the package.
        title: what the model is called, for people.
        fill: writes the model into the folder of the package.
    """
    package = folder / identity.package
    package.mkdir(parents=True)
    _write(package / "__init__.py", f'"""The model {identity.name}, for ei-runner."""\n')
    fill(package)
    _write(folder / "pyproject.toml", _pyproject(identity, _summary(title)))


def _pyproject(identity: Identity, summary: str) -> str:
    facts = {
        "name": identity.name,
        "version": identity.version,
        "requirements": identity.requirements,
        "package": identity.package,
        "group": ENTRY_POINT_GROUP,
        "summary": summary,
        "readme": _README.format(name=identity.name, summary=summary),
    }
    # what JSON makes of them is TOML too, if nothing in it is unprintable
    return _PROJECT.format(**{k: json.dumps(v, ensure_ascii=False) for k, v in facts.items()})


def _summary(title: str) -> str:
    short = one_line(title)[:MAX_TITLE_LENGTH]
    return f"{short}, a model for ei-runner" if short else "A model for ei-runner"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
