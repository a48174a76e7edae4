"""The table of engines in the reference, made of what the backends tell about themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from runpy import run_path

from ei_runner_core import BackendSpec

__all__ = ["PAGE", "with_table"]

DOCS = Path(__file__).parent
PAGE = DOCS / "reference" / "engines.md"
ORDER = ("sdk-ffi", "full-tflite", "onnx")
_TABLE = re.compile(r"(?<=<!-- engines:begin -->\n).*?(?=<!-- engines:end -->)", re.DOTALL)
_HEAD = ("Backend", "Opens", "Platforms", "Python", "Adds", "Engine's licence", "Never run")


def with_table(text: str) -> str:
    """A page with the table between its two marks."""
    lines = [_row(_HEAD), _row("---" for _ in _HEAD), *(_row(_cells(spec)) for spec in specs())]
    table = "\n".join(lines)
    made, count = _TABLE.subn(lambda _: f"\n{table}\n\n", text)
    if count != 1:
        raise SystemExit(f"{PAGE} needs the marks 'engines:begin' and 'engines:end', once each")
    return made


def specs() -> list[BackendSpec]:
    """What the backends of this repository tell, installed or not, in the order of preference."""
    found = list(map(_spec, DOCS.parent.glob("backends/*/ei_runner_*/plugin.py")))
    return sorted(found, key=lambda spec: (*(spec.name != name for name in ORDER), spec.name))


def _spec(plugin: Path) -> BackendSpec:
    """A plugin imports nothing but the core, so that it can be asked where it lies."""
    spec: BackendSpec = run_path(str(plugin))["ei_runner_backends"]()
    return spec


def _cells(spec: BackendSpec) -> Iterator[str]:
    compiled = f"; compiles to `{spec.compiles_to}`" if spec.compiles_to else ""
    yield f"[{spec.name}]({spec.name}.md)"
    yield ", ".join(f"`{kind}`" for kind in spec.opens) + compiled
    yield ", ".join(spec.platforms) or "all"
    yield f"`{spec.python_versions}`" if spec.python_versions else "all"
    yield f"{spec.installed_megabytes} MB"
    yield spec.engine_license
    yield spec.never_run or "-"


def _row(cells: Iterator[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
