"""Distributions that look installed: a module and its metadata in a folder on the path."""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path

import pytest

from ei_runner_core import plugins
from ei_runner_core._entry_points import EntryPoint, Unreadable

DISTRIBUTIONS = Path(__file__).parents[1] / "distributions"
DENSE, COMPLETE = DISTRIBUTIONS / "dense", DISTRIBUTIONS / "complete"

ENTRY_POINTS = re.compile(
    r"^\[project\.(entry-points\.\w+)\]\n(.+?)(?:\n\n|\Z)", re.MULTILINE | re.DOTALL
)
BACKEND_PLUGIN = """
from ei_runner_core import BackendSpec, hookimpl

@hookimpl
def ei_runner_backends():
    return BackendSpec({name!r}, {kind!r}, {target!r}, opens={opens!r}, **{more!r})
"""


def add_distribution(
    folder: Path, name: str, code: str, *, group: str = "ei_runner", entry: str = "", version="1.0"
) -> None:
    """Write a distribution `name` whose one module holds `code` and is named by an entry point."""
    module = name.replace("-", "_")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{module}.py").write_text(textwrap.dedent(code))
    info = folder / f"{module}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{entry or name} = {module}\n")


def make_installed(project: Path) -> None:
    """Do what ``pip install -e`` would, without an index: write the metadata beside the code."""
    pyproject = (project / "pyproject.toml").read_text(encoding="utf-8")
    facts = dict(re.findall(r'^(name|version) = "(.*)"$', pyproject, re.MULTILINE))
    metadata = project / f"{facts['name'].replace('-', '_')}-{facts['version']}.dist-info"
    metadata.mkdir()
    lines = f"Metadata-Version: 2.1\nName: {facts['name']}\nVersion: {facts['version']}\n"
    (metadata / "METADATA").write_text(lines, encoding="utf-8")
    groups = ENTRY_POINTS.findall(pyproject)
    sections = [f"[{name.partition('.')[2]}]\n{body}\n" for name, body in groups]
    text = "".join(sections).replace('"', "")
    (metadata / "entry_points.txt").write_text(text, encoding="utf-8")


def hide_backends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the backends of this repository look as if they were not installed."""
    search = plugins.search_entry_points
    hidden = {f"ei-runner-{extra}" for extra in plugins.FIRST_PARTY_EXTRAS}

    def others(group: str) -> tuple[list[EntryPoint], list[Unreadable]]:
        found, unreadable = search(group)
        return [e for e in found if e.distribution not in hidden], unreadable

    monkeypatch.setattr(plugins, "search_entry_points", others)
    plugins.refresh()


def backend_code(name: str, opens=(), target: str | None = None, kind="tensor", **more) -> str:
    """The code of a plugin that offers one backend."""
    target = target or "ei_runner_dense:DenseBackend"
    return BACKEND_PLUGIN.format(name=name, kind=kind, target=target, opens=tuple(opens), more=more)


def forget_modules(folder: Path) -> None:
    """Undo the imports of the modules in a folder."""
    for path in folder.glob("*.py"):
        sys.modules.pop(path.stem, None)
