"""What ``ei-runner build`` says that it did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ei_runner_core import ModelParameters
from ei_runner_core.authoring.output import (
    fact_table,
    model_facts,
    print_json,
    printable,
    show,
)

from ..build.exports import BuiltExport

__all__ = ["Outcome"]

_NAME_WIDTH = 9
_NETWORKS = {
    "compiled": "compiled in",
    "linked": "full TensorFlow Lite, linked into the library",
}


@dataclass(frozen=True)
class Outcome:
    """A build, what its library said when it was opened, and the files that were written."""

    built: BuiltExport
    parameters: ModelParameters | None
    written: tuple[Path, ...]

    def print(self, *, as_json: bool) -> None:
        """Write it to stdout."""
        if as_json:
            print_json(self.to_dict())
        else:
            show(fact_table(self._facts()))
            for name, path in self._files():
                click.echo(f"{name:<{_NAME_WIDTH}}{printable(path)}")  # whole, to be copied

    def to_dict(self) -> dict[str, Any]:
        """The outcome as JSON."""
        library, plan = self.built.library, self.built.plan
        return {
            "export": str(plan.export.given),
            "library": str(library.path),
            "libraries": list(map(str, library.libraries)),
            "sha256": library.sha256,
            "target": plan.target.name,
            "network": plan.network,
            "was_cached": library.was_cached,
            "compiled": library.compiled,
            "seconds": library.seconds,
            "log": str(library.log),
            "notes": list(plan.notes),
            "written": list(map(str, self.written)),
            "parameters": self.parameters.to_dict() if self.parameters else None,
        }

    def _facts(self) -> Iterator[tuple[str, object]]:
        library, plan = self.built.library, self.built.plan
        yield "export", plan.export.given
        if library.was_cached:
            yield "build", "already built"
        else:
            count = library.compiled
            sources = f"{count} source{'' if count == 1 else 's'} compiled"
            yield "build", f"{sources} in {library.seconds:.1f} s"
        yield "network", _NETWORKS.get(plan.network) or f"runs in the backend {plan.network}"
        yield "target", plan.target.name
        yield from model_facts(self.parameters) if self.parameters else self._not_opened()
        yield "size", _size(library.path)
        for note in plan.notes:
            yield "note", note

    def _files(self) -> Iterator[tuple[str, str]]:
        library = self.built.library
        yield "library", str(library.path)
        for path in library.libraries:
            yield "needs", str(path)
        for path in self.written:
            yield "written", str(path)

    def _not_opened(self) -> Iterator[tuple[str, object]]:
        yield "opened", "no, it is for another machine"


def _size(path: Path) -> str:
    from rich.filesize import decimal

    return decimal(path.stat().st_size)
