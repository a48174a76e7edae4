"""``ei-runner demo``: a real model on real samples, with one command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..authoring.commands import backend_option
from ._output import json_option, print_json
from ._problems import FAILED, OK, complain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..demos import Demo, DemoSample
    from ..model import EdgeImpulseModel
    from ._outcomes import Outcome
    from ._stream import Heard

__all__ = ["demo"]


@click.command(short_help="Classify samples with the demo model that comes with ei-runner.")
@click.argument("name", metavar="[NAME]", default="digits")
@click.option("--variant", metavar="NAME", default="float32", show_default=True,
              help="The form of the network: float32 or int8.")  # fmt: skip
@backend_option
@click.option("-n", "--count", metavar="COUNT", type=click.IntRange(min=1), default=10,
              show_default=True, help="How many samples, at most all that come along.")  # fmt: skip
@click.option("--save", metavar="FOLDER",
              help="Copy the model and all samples into a folder instead, to work on.")  # fmt: skip
@json_option
@click.pass_context
def demo(
    context: click.Context,
    name: str,
    variant: str,
    backend: str | None,
    count: int,
    save: str | None,
    as_json: bool,
) -> None:
    """Run a demo model on samples that it never saw in training.

    NAME is digits (handwritten digits), keywords (spoken words), motion (with anomalies) or scenes
    (objects in images). Shows each sample, its true label, the model's answer with its score, and
    the time. With --save nothing is run: the model becomes FOLDER/model, the samples go into
    FOLDER/samples.
    """
    from ..demos import demo as find_demo

    chosen = find_demo(name)
    if save is not None:
        _save(chosen, variant, save, as_json)
        return
    context.exit(_classify(chosen, variant, backend, count, as_json))


def _save(chosen: Demo, variant: str, folder: str, as_json: bool) -> None:
    from .._text import printable
    from ._saving import save_demo

    saved = save_demo(chosen, variant, folder)
    if as_json:
        print_json({"demo": chosen.name, "variant": variant} | saved.to_dict())
    else:
        click.echo(printable(f"Next: {saved.command}"))


def _classify(chosen: Demo, variant: str, backend: str | None, count: int, as_json: bool) -> int:
    from ._opening import close_model, open_quietly
    from ._outcomes import Report, classify

    model = open_quietly(chosen.model(variant), backend=backend)
    code = OK
    try:
        outcomes = classify(model, _spread(chosen.samples(), count))
        heard = _listen(model, outcomes)
        report = Report(chosen, variant, model.backend_name, outcomes, heard)
    finally:
        code = close_model(model)
    if as_json:
        print_json(report.to_dict())
    else:
        from ._gallery import show

        show(report)
    for outcome in report.failures:
        complain(outcome.problem)
    return FAILED if report.failures else code


def _listen(model: EdgeImpulseModel, outcomes: Sequence[Outcome]) -> list[Heard] | None:
    """What a model of sound hears in all samples as one stream, if none of them failed."""
    from ._stream import hears, listen

    if not hears(model) or any(outcome.problem for outcome in outcomes):
        return None
    return listen(model, [outcome.content for outcome in outcomes])


def _spread(samples: tuple[DemoSample, ...], count: int) -> list[DemoSample]:
    """So many samples, taken evenly from all of them, so that every label has its turn."""
    count = min(count, len(samples))
    return [samples[i * len(samples) // count] for i in range(count)]
