"""``ei-runner quantize``: a float model in the form that QNN runs in whole numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ei_runner_core.authoring.commands import impulse_option, network_option
from ei_runner_core.authoring.output import fact_table, json_option, print_json, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .quantizing import QuantizedModel

__all__ = ["quantize"]

_FEW = 10  # windows, below which the ranges of values are mostly chance


@click.command(short_help="Quantise a float ONNX model for QNN.")
@click.argument("model", metavar="MODEL")
@click.option("--samples", metavar="FOLDER", required=True,
              help="What the model will see: files as ei-runner run takes them.")  # fmt: skip
@click.option("-o", "--output", metavar="PATH", required=True,
              help="Where it goes: a file for a file, else a folder or a .zip.")  # fmt: skip
@click.option("--limit", metavar="N", type=click.IntRange(min=1),
              help="Take at most N files, spread evenly over the folder.")  # fmt: skip
@click.option("--activation", type=click.Choice(["uint8", "uint16"]), default="uint8",
              show_default=True, help="The type of what flows through the network.")  # fmt: skip
@click.option("--weight", type=click.Choice(["uint8", "int8"]), default="uint8",
              show_default=True, help="The type of the weights.")  # fmt: skip
@click.option("--per-channel", is_flag=True,
              help="A scale for each channel of a convolution; its weights are int8.")  # fmt: skip
@click.option("--calibration", type=click.Choice(["minmax", "entropy", "percentile"]),
              default="minmax", show_default=True,
              help="Which values count for the ranges.")  # fmt: skip
@impulse_option
@network_option
@click.option("--force", is_flag=True, help="Replace what is at PATH.")
@json_option
def quantize(model: str, samples: str, output: str, as_json: bool, **settings: Any) -> None:
    """Quantise a float ONNX model in the form that QNN runs in whole numbers.

    MODEL is an .onnx file, or a bundle or C++ export whose networks are .onnx files. The samples
    go through its own signal processing; a recording that is longer than a window counts as
    several. For an .onnx file they are .npy or .npz files in the shapes of its inputs, or pictures,
    which it gets with values from 0 to 1.

    In the end both models answer the samples on the CPU, and what is printed tells how far they
    agree.
    """
    from .progress_bar import progress_bar
    from .quantizing import quantize_model

    with progress_bar("quantising") as on_progress:
        made = quantize_model(model, samples, output, on_progress=on_progress, **settings)
    if made.windows < _FEW:
        few = _counted(made.windows, "window")
        click.echo(
            f"ei-runner: only {few} to calibrate with; take some dozens that show all that the "
            "model will see",
            err=True,
        )
    if as_json:
        print_json(_document(made))
    else:
        show(fact_table(_facts(made)))


def _document(made: QuantizedModel) -> dict[str, Any]:
    from msgspec.structs import asdict

    return {**asdict(made), "path": str(made.path)}


def _facts(made: QuantizedModel) -> Iterator[tuple[str, str]]:
    """What is told to people."""
    ratio = made.bytes_after / max(made.bytes_before, 1)
    yield "model", str(made.path)
    seen = _counted(made.windows, "window"), _counted(made.samples, "file")
    yield "calibrated with", " from ".join(seen)
    yield "network", f"{made.bytes_before:,} -> {made.bytes_after:,} bytes ({ratio:.0%})"
    if made.agreement is not None:
        yield "same best label", f"{made.agreement:.1%} of the windows"
    yield "largest difference", f"{made.largest_difference:.4g}"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")
