"""``ei-runner targets``: what a project can be built for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ._output import json_option, print_json
from ._rows import show_rows
from ._studio import impulse_option, key_option, open_studio, project_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..studio.records import Target

__all__ = ["targets"]


@click.command(short_help="List what a project can be built for.")
@project_option
@impulse_option
@key_option
@json_option
def targets(
    project: str | None, impulse: str | None, api_key_file: str | None, as_json: bool
) -> None:
    """List what a project can be built for, with the engines and variants of each target.

    The first engine is the one that Studio prefers. The targets for this machine are marked.
    """
    from ..studio.choices import choose_impulse
    from ..studio.machine import runner_targets

    with open_studio(api_key_file, project) as (studio, known):
        number = studio.own_project() if known is None else known
        chosen, _ = choose_impulse(
            impulse, studio.impulses(number), number, lambda: studio.default_impulse(number)
        )
        rows = [_row(target, runner_targets()) for target in studio.targets(number, chosen.id)]
    if as_json:
        print_json(rows)
        return
    show_rows(
        ("target", "name", "engines", "variants", ""),
        [
            (r["target"], r["name"], ", ".join(r["engines"]), ", ".join(r["variants"]), _marks(r))
            for r in rows
        ],
        f"project {number} can be built for nothing",
    )


def _row(target: Target, runnable: Sequence[str]) -> dict[str, Any]:
    preferred = target.preferred_engine
    others = [engine for engine in target.supported_engines if engine != preferred]
    return {
        "target": target.format,
        "name": target.name,
        "engines": [*([preferred] if preferred else []), *others],
        "variants": [v.variant for v in target.model_variants if v.supported],
        "here": target.format in runnable,
        "recommended": target.recommended_for_project,
        "disabled": target.disabled_for_project,
        "reason": target.reason_target_disabled or "",
    }


def _marks(row: dict[str, Any]) -> str:
    disabled = f"disabled: {row['reason']}" if row["reason"] else "disabled"
    marks = {"here": "this machine", "recommended": "recommended", "disabled": disabled}
    return ", ".join(text for name, text in marks.items() if row[name])
