"""``ei-runner backends``: what there is, what works, and why the rest does not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from ._output import json_option, plain_table, print_json, show

if TYPE_CHECKING:
    from ..plugins import PluginRow

__all__ = ["backends"]

NOT_INSTALLED = "not installed"
_FACTS = ("compiles_to", "python_versions", "installed_megabytes", "engine_license", "never_run")
_STYLES = {"ok": "green", "disabled": "dim", NOT_INSTALLED: "dim"}
_TITLES = {
    "plugin": "plugins that do not work",
    "backend": "backends",
    "preprocessor": "signal-processing blocks",
    "uploader": "uploaders",
}


@click.command(short_help="List all plugins and backends and whether they work.")
@json_option
def backends(as_json: bool) -> None:
    """List all plugins and what they bring: backends, signal-processing blocks, uploaders.

    A plugin that does not work is listed with the reason. Backends of ei-runner that are not
    installed are listed with the command that installs them.
    """
    from ..plugins import registry

    found = registry().rows
    rows = [*map(_described, found), *_not_installed(found)]
    rows.sort(key=lambda row: (list(_TITLES).index(row["kind"]), row["status"] == NOT_INSTALLED))
    if as_json:
        print_json(rows)
        return
    for kind, title in _TITLES.items():
        if chosen := [row for row in rows if row["kind"] == kind]:
            _show(title, chosen)


def _described(row: PluginRow) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "name": row.name,
        "status": row.status,
        "reason": row.reason,
        "plugin": row.plugin,
        "distribution": row.distribution,
        "version": row.version,
        "summary": getattr(row.spec, "summary", ""),
        "opens": list(getattr(row.spec, "opens", ())),
        **{fact: getattr(row.spec, fact, "") for fact in _FACTS},
    }


def _not_installed(found: Sequence[PluginRow]) -> list[dict[str, Any]]:
    from ..plugins import FIRST_PARTY_EXTRAS, PluginRow

    known = {name for row in found for name in (row.name, row.plugin, row.distribution)}
    missing = (extra for extra in FIRST_PARTY_EXTRAS if not {extra, f"ei-runner-{extra}"} & known)
    return [
        _described(PluginRow("backend", extra, "ok", f"pip install 'ei-runner[{extra}]'"))
        | {"status": NOT_INSTALLED}
        for extra in missing
    ]


def _show(title: str, rows: Sequence[dict[str, Any]]) -> None:
    from rich.text import Text

    from .._tables import plain_text

    table = plain_table("", "", "")
    for row in rows:
        status = Text(row["status"], style=_STYLES.get(row["status"], "bold red"))
        origin = f"{row['distribution']} {row['version']}".strip()
        detail = ": ".join(filter(None, (origin, row["reason"] or row["summary"])))
        table.add_row(plain_text(row["name"]), status, plain_text(detail))
    show(Text(title, style="bold"), table, "")
