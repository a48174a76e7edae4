"""``ei-runner build``: a C++ export as a library."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ei_runner_core.authoring.commands import options_option
from ei_runner_core.authoring.output import json_option, print_json, printable

from ..build.options import BuildOptions
from ..build.values import switch
from .flags import build_options, chosen
from .sections import SectionedCommand

if TYPE_CHECKING:
    from .outcome import Outcome

__all__ = ["build"]

_CLEAN_VARIABLE = "CLEAN_MODEL"


@click.command(cls=SectionedCommand, short_help="Compile a C++ export into a library.")
@click.argument("export", metavar="[EXPORT]", required=False)
@click.option("-o", "--output", metavar="FILE.so|FOLDER",
              help="Also write the library there, with what it needs; or the wheel.")  # fmt: skip
@click.option("--wheel", metavar="NAME", help="Make a wheel; installed, NAME opens the model.")
@click.option("--version", metavar="VERSION", help="The version of the wheel (1.0).")
@click.option("--force", is_flag=True, help="Replace what is at the output.")
@click.option("--plan", "wants_plan", is_flag=True,
              help="Print what would be compiled and linked; compile nothing.")  # fmt: skip
@click.option("--clean", "wants_clean", is_flag=True,
              help="Remove what was built of the model, and ./model (CLEAN_MODEL=1).")  # fmt: skip
@options_option("--option", text="Any of these by its name; can be repeated: USE_TVM=1.")
@json_option
@build_options
@click.pass_context
def build(
    context: click.Context,
    /,
    export: str | None,
    output: str | None,
    wheel: str | None,
    version: str | None,
    force: bool,
    wants_plan: bool,
    wants_clean: bool,
    options: Mapping[str, Any],
    as_json: bool,
    **flags: Any,
) -> None:
    """Compile a C++ export (a folder or zip) into a shared library.

    Without EXPORT it is the one that EI_MODEL names, else the one in ./model. The library is kept
    in a cache, where it is found whenever the export is opened: nobody has to build beforehand.

    The exit code is 0 if the library is there, 1 if the build failed, 2 for wrong usage, an
    export that is none, or flags that contradict each other.
    """
    _check_usage(wheel=wheel, version=version, wants_plan=wants_plan, output=output)
    if wants_clean or (_is_clean_set() and not wants_plan):
        from .cleaning import clean_model

        context.exit(clean_model(export or None, as_json=as_json))
    settings = BuildOptions.read({**options, **chosen(flags)}, os.environ)
    if wants_plan:
        _print_plan(_export_at(export), settings, as_json)
    else:
        outcome = _build(_export_at(export), settings, output, wheel, version or "1.0", force)
        outcome.print(as_json=as_json)


def _check_usage(
    *, wheel: str | None, version: str | None, wants_plan: bool, output: str | None
) -> None:
    if version is not None and wheel is None:
        raise click.UsageError("--version is that of a wheel; name it with --wheel NAME")
    if output is not None and "=" in Path(output).name:
        raise click.UsageError(
            f"-o {output} is where the library goes; an option of the build is --option {output}"
        )
    if wants_plan and (wheel is not None or output is not None):
        raise click.UsageError("--plan builds nothing; leave --wheel and --output out")


def _is_clean_set() -> bool:
    value = os.environ.get(_CLEAN_VARIABLE, "")
    try:
        return switch(value)
    except ValueError as error:
        raise click.UsageError(
            f"the variable {_CLEAN_VARIABLE} of the environment is {value!r}, expected {error}"
        ) from None


def _export_at(model: str | None) -> Path:
    from ei_runner_core import UnsupportedModelError
    from ei_runner_core.locate import locate

    source = locate(model or None, "sdk-ffi")
    if source.kind != "cpp-export":
        hint = "it is built already" if source.kind == "library" else "run it as it is"
        raise UnsupportedModelError(
            f"{source.path} is of the kind {source.kind!r}, expected a C++ library export (a "
            f"folder or zip); {hint}, for example with: ei-runner run -m {source.path}"
        )
    return source.path


def _print_plan(export: Path, settings: BuildOptions, as_json: bool) -> None:
    from ..build.cache import Cache
    from ..build.exports import plan_export
    from ..build.rendering import plan_as_json, plan_as_text

    plan = plan_export(export, settings, Cache.find())
    if as_json:
        print_json(plan_as_json(plan))
    else:
        click.echo("\n".join(map(printable, plan_as_text(plan).splitlines())))


def _build(
    export: Path,
    settings: BuildOptions,
    output: str | None,
    wheel: str | None,
    version: str,
    force: bool,
) -> Outcome:
    from ..build.exports import build_export
    from ..handing_on import check_place, write_library
    from ..packaging import check_name, package_library
    from .outcome import Outcome
    from .trial import try_library

    if wheel is not None:  # what is wrong shall not be told only after minutes
        check_name(wheel, version)
    elif output is not None:
        check_place(output, force=force)
    built = build_export(export, settings)
    parameters = try_library(built)
    written: tuple[Path, ...] = ()
    if wheel is not None:
        place = output or "."
        written = (
            package_library(built, parameters, wheel, version=version, folder=place, force=force),
        )
    elif output is not None:
        written = write_library(built.library, output, force=force)
    return Outcome(built, parameters, written)
