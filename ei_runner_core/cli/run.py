"""``ei-runner run``: a model on files, folders, numbers or stdin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from .._text import printable
from ..authoring.commands import (
    backend_option,
    impulse_option,
    network_option,
    options_option,
)
from ._output import json_option, print_json, show, with_progress
from ._problems import OK, complain

if TYPE_CHECKING:
    from ..model import EdgeImpulseModel
    from ._answers import Answer, Failure
    from ._inputs import Input

__all__ = ["run"]


@click.command(short_help="Run a model on files, folders, numbers or stdin.")
@click.argument("inputs", nargs=-1, metavar="[INPUT]...")
@click.option("-m", "--model", help="A path or an installed model; else EI_MODEL, Studio, ./model.")
@click.option("--features", metavar="NUMBERS", help='The values of one window: "0.1,0.2,0.3".')
@backend_option
@options_option("-o", "--option")
@click.option("--resize-mode", type=click.Choice(["none", "fit-shortest", "fit-longest", "squash"]),
              help="How images are brought to the model's size; else its own way.")  # fmt: skip
@impulse_option
@network_option
@click.option("--debug", is_flag=True, help="Log every inference to stderr.")
@json_option
@click.pass_context
def run(
    context: click.Context,
    inputs: Sequence[str],
    model: str | None,
    features: str | None,
    backend: str | None,
    options: Mapping[str, Any],
    impulse: int | str | None,
    network: str | None,
    resize_mode: str | None,
    debug: bool,
    as_json: bool,
) -> None:
    """Run a model on files, folders, numbers or stdin.

    INPUT is a picture (PNG, JPEG, BMP, GIF, WEBP, TIFF, PPM), a .npy, .npz, .csv, .json, .txt or
    .wav file, a folder of them, or - for stdin. Each holds one window of the model's input.
    Without INPUT, --features gives the window.

    With --json there is one line of JSON for each input; a model that cannot be opened is one
    line with "input": null.

    The exit code is 0 if all went well, 1 if an inference failed, 2 for wrong usage or bad input:
    that of the worst input; the others are still worked on.
    """
    from ..errors import EdgeImpulseError
    from ._answers import failure
    from ._opening import open_quietly

    wanted = _wanted(inputs, features)
    if debug:
        _log_to_stderr()
    try:
        opened = open_quietly(
            model or None,
            backend=backend,
            options=options,
            debug=debug,
            impulse=impulse,
            network=network,
        )
    except EdgeImpulseError as error:
        _tell_failure(None, failure(error), as_json)
        context.exit(failure(error).code)
    context.exit(
        _run_all(_Runner(opened, wanted, as_json, resize_mode, is_alone=_names_one(inputs)), wanted)
    )


def _names_one(inputs: Sequence[str]) -> bool:
    """Whether there is but one input, which the user knows: no need to repeat its name."""
    from ._inputs import is_folder

    return not inputs or (len(inputs) == 1 and not is_folder(inputs[0]))


def _wanted(inputs: Sequence[str], features: str | None) -> list[Input]:
    from ._inputs import FeaturesInput, find_inputs

    if inputs and features is not None:
        raise click.UsageError("give either inputs or --features, not both")
    if features is not None:
        return [FeaturesInput(features)]
    if not inputs:
        raise click.UsageError(
            'nothing to run on: give files, folders, - for stdin, or --features "0.1,0.2,0.3"'
        )
    return list(find_inputs(inputs))


def _log_to_stderr() -> None:
    import logging

    logging.basicConfig(format="%(name)s: %(message)s")
    for package in ("ei_runner_core", *_packages_of_backends()):
        logging.getLogger(package).setLevel(logging.DEBUG)


def _packages_of_backends() -> set[str]:
    from ..plugins import registry

    return {spec.target.partition(".")[0] for spec in registry().backends.values()}


class _Runner:
    """Runs one input after the other and tells each answer as soon as it is there."""

    def __init__(
        self,
        model: EdgeImpulseModel,
        inputs: Sequence[Input],
        as_json: bool,
        resize_mode: str | None,
        *,
        is_alone: bool,
    ) -> None:
        self.model = model
        self._parameters = model.parameters
        self._as_json = as_json
        self._resize_mode = resize_mode
        self._width = max(len(one.shown) for one in inputs)
        self._is_alone = is_alone

    def __call__(self, one: Input) -> int:
        """Run one input, tell what came of it, and return the exit code that it asks for."""
        from ._answers import answer, failure

        where = ""  # what cannot be read says its name itself
        try:
            if self._parameters.has_performance_calibration:
                self.model.reset()  # an event in one recording says nothing about the next
            window = one.read(self._parameters)
            where = one.shown
            result = answer(self.model, window, self._resize_mode)
        except Exception as error:  # noqa: BLE001 - a backend may fail in any way; the next may not
            failed = failure(error, where)
            _tell_failure(one.shown, failed, self._as_json)
            return failed.code
        self._tell(one.shown, result)
        return OK

    def _tell(self, name: str, answer: Answer) -> None:
        if self._as_json:
            model = {"model": str(self.model.path), "backend": self.model.backend_name}
            print_json({"input": name} | model | answer.to_dict())
        elif self._is_alone:
            from .._tables import result_table

            show(result_table(answer.result.on_image, answer.tensor_names))
        else:
            from .._tables import total_time_us
            from ._answers import summary

            milliseconds = total_time_us(answer.result.timing) / 1000
            line = f"{name:<{self._width}}  {summary(answer)}  {milliseconds:.3f} ms"
            click.echo(printable(line))


def _run_all(runner: _Runner, wanted: Sequence[Input]) -> int:
    """Run all inputs and close the model; returns the exit code that the worst one asks for."""
    from ._opening import close_model

    code = OK
    try:
        code = max(runner(one) for one in with_progress(wanted))
    finally:
        code = max(code, close_model(runner.model))
    return code


def _tell_failure(name: str | None, failed: Failure, as_json: bool) -> None:
    if as_json:
        print_json({"input": name} | failed.to_dict())
    complain(failed.message)
