"""``ei-runner collect``: readings of a sensor into a project."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from ..errors import InvalidInputError
from ._lines import LineSource
from ._output import json_option
from ._problems import FAILED, INTERRUPTED, TERMINATED, tell
from ._samples import label_of, label_options_of, mapping_of
from ._uploading import category_option, opened, place_options
from ._verdicts import Verdicts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..contract import Sample
    from ..ingestion.collecting import Recording

__all__ = ["collect"]

_AT_A_TIME = 4
_MOST_READINGS = 1e9


@click.command(short_help="Cut a stream of sensor readings into samples and upload them.")
@click.argument("stream", metavar="[FILE]", default="-")
@click.option("--format", "line_format", type=click.Choice(["csv", "jsonl"]),
              help="What the lines are; else the first one tells.")  # fmt: skip
@click.option("--axes", metavar="NAME[:UNIT],...",
              help="The axes in this order, with SenML units: accX:m/s2,accY:m/s2.")  # fmt: skip
@click.option("--interval", metavar="MS", type=float, help="Milliseconds between readings.")
@click.option("--frequency", metavar="HZ", type=float, help="Readings per second.")
@click.option("--length", metavar="MS", type=float, help="How long a sample is.")
@click.option("--readings", metavar="N", type=click.IntRange(1), help="How many a sample has.")
@click.option("--step", metavar="N", type=click.IntRange(1),
              help="Readings from the start of a sample to the next; else its length.")  # fmt: skip
@click.option("--samples", metavar="N", type=click.IntRange(1), help="Stop after so many.")
@click.option("--name", metavar="NAME", default="sample", show_default=True,
              help="What the samples are called, with a number.")  # fmt: skip
@category_option("Where the samples go; else training.")
@label_options_of("else of --name, up to its first dot")
@click.option("--device", metavar="NAME", help="The name of the device that measures.")
@click.option("--cbor", is_flag=True, help="Send CBOR instead of JSON.")
@click.option(
    "--skip-bad-lines",
    is_flag=True,
    help="Leave out and count what is no reading; with --axes also greetings.",
)
@place_options
@json_option
def collect(
    stream: str,
    line_format: str | None,
    axes: str | None,
    interval: float | None,
    frequency: float | None,
    length: float | None,
    readings: int | None,
    step: int | None,
    samples: int | None,
    name: str,
    category: str | None,
    label: str | None,
    labels: tuple[str, ...],
    unlabeled: bool,
    metadata: tuple[str, ...],
    device: str | None,
    cbor: bool,
    skip_bad_lines: bool,
    place: str,
    options: Mapping[str, Any],
    project: str | None,
    api_key_file: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Read lines of a sensor from FILE or standard input and upload them as samples.

    A line is one reading: values that are separated by commas, semicolons or blanks, with a line of
    names before them if you like, or JSON. Without --interval or --frequency a column timestamp
    tells the time in milliseconds. Samples are signed with EI_HMAC_KEY where that is set.

    Ctrl-C or SIGTERM ends the stream; what is complete by then is uploaded. The exit codes are
    those of ei-runner upload.
    """
    from ..credentials import find_hmac_key
    from ..ingestion import upload_all
    from ..ingestion.collecting import Recording, read_lines

    names, units = _axes(axes)
    interval = _interval(interval, frequency)
    recording = Recording(
        readings=_readings(readings, length, interval),
        step=step,
        interval_ms=interval,
        units=units,
        name=name,
        label=label_of(label, labels, is_unlabeled=unlabeled),
        category=category or "training",
        metadata=mapping_of("--metadata", metadata),
        form="cbor" if cbor else "json",
        hmac_key=find_hmac_key(),
        device_name=device,
    )
    with (
        Verdicts(as_json=as_json, again="what was not complete is lost",
                 dry_run=dry_run) as verdicts,
        opened(place, options, project=project, api_key_file=api_key_file,
               dry_run=dry_run) as uploader,
        LineSource(stream) as source,
    ):  # fmt: skip
        verdicts.begin(uploader)
        lines = read_lines(
            source,
            line_format=line_format,
            axes=names,
            on_bad_line=verdicts.bad_line if skip_bad_lines else None,
        )
        report = upload_all(
            uploader,
            islice(_recorded(lines, recording), samples),
            concurrency=_AT_A_TIME,
            on_receipt=verdicts.show,
            on_report=verdicts.conclude,
        )
    if source.is_interrupted:
        raise click.exceptions.Exit(TERMINATED if source.is_terminated else INTERRUPTED)
    if not report.ok:
        raise click.exceptions.Exit(FAILED)


def _recorded(lines: Any, recording: Recording) -> Iterator[Sample]:
    """The samples; what is left over in the end is told.

    Raises:
        InvalidInputError: there was not one sample; or as of ``recorded``.
    """
    from ..ingestion.collecting import recorded

    left: list[int] = []
    count = 0
    for sample in recorded(lines, recording, on_rest=left.append):
        count += 1
        yield sample
    rest = sum(left)
    if not count:
        raise InvalidInputError(
            f"the stream ended after {_counted(rest)}, a sample has {recording.readings}: nothing "
            "was uploaded; see --readings and --length"
        )
    if rest:
        tell(f"the end of the stream, {_counted(rest)}, makes no whole sample and is left out")


def _counted(readings: int) -> str:
    return f"{readings} reading{'' if readings == 1 else 's'}"


def _axes(text: str | None) -> tuple[tuple[str, ...], dict[str, str]]:
    """Names of axes, and the units of those that have one."""
    pairs = [part.strip().partition(":") for part in (text or "").split(",") if part.strip()]
    return tuple(name for name, _, _ in pairs), {name: unit for name, _, unit in pairs if unit}


def _interval(interval: float | None, frequency: float | None) -> float | None:
    if interval is not None and frequency is not None:
        raise click.UsageError("give --interval or --frequency, not both")
    if frequency is None:
        return interval
    if not frequency > 0:
        raise click.UsageError(f"--frequency {frequency:g} is not more than 0")
    return 1000 / frequency


def _readings(readings: int | None, length: float | None, interval: float | None) -> int:
    if (readings is None) == (length is None):
        raise click.UsageError("give --length or --readings: how long a sample is")
    if readings is not None:
        return readings
    if interval is None or not interval > 0 or length is None:
        raise click.UsageError("--length needs --interval or --frequency; --readings does not")
    count = length / interval
    if not 1 <= count < _MOST_READINGS:
        raise click.UsageError(f"--length {length:g} is {count:g} readings, expected 1 or more")
    return round(count)
