"""``ei-runner doctor``: is the installation sound, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ._output import json_option, plain_table, print_json, show
from ._problems import FAILED, OK

if TYPE_CHECKING:
    from ._checkup import Check

__all__ = ["doctor"]

STYLES = {"ok": "green", "broken": "bold red", "": "dim"}


@click.command(short_help="Check the installation and say what to do next.")
@json_option
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Check Python, the installed packages, the plugins, the variables and the model.

    Backends are really imported. The exit code is 0 if a model can be run, and 1 if no backend
    works or anything is broken.
    """
    from ._checkup import examine, next_step

    checks = list(examine())
    is_well = not any(check.status == "broken" for check in checks)
    step = next_step(checks)
    if as_json:
        print_json({"ok": is_well, "checks": [check.to_dict() for check in checks], "next": step})
    else:
        _show(checks, step)
    context.exit(OK if is_well else FAILED)


def _show(checks: list[Check], step: str) -> None:
    from rich.text import Text

    from .._tables import plain_text

    table = plain_table("what", "status", "")
    for check in checks:
        status = Text(check.status or "-", style=STYLES.get(check.status, "yellow"))
        table.add_row(plain_text(check.what), status, plain_text(check.detail))
    show(table, "")
    show(Text(f"Next: {step}", style="bold"), soft_wrap=True)
