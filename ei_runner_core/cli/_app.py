"""The command ``ei-runner`` and the table of its subcommands."""

from __future__ import annotations

import click

from .._version import __version__
from ._lazy import LazyGroup
from ._problems import USAGE

__all__ = ["ei_runner"]

_COMMANDS = {
    "Run": {
        "demo": ("demo:demo", "Classify samples with the demo model that comes with ei-runner."),
        "run": ("run:run", "Run a model on files, folders, numbers or stdin."),
        "info": ("info:info", "Show what a model is and which backend runs it."),
    },
    "Models": {
        "download": ("download:download", "Get a model from Studio, building it there if need be."),
        "models": ("models:models", "List the models from Studio that are kept here, or clean up."),
        "projects": ("projects:projects", "List the projects that your API key opens."),
        "impulses": ("impulses:impulses", "List the impulses of a project and their variants."),
        "targets": ("targets:targets", "List what a project can be built for."),
        "convert": ("convert:convert", "Turn a C++ export into a bundle that needs no compiler."),
        "compile": (
            "compile:compile_networks",
            "Compile a model's networks for an engine, ahead of time.",
        ),
        "package": ("package:package", "Make a wheel of a model, to install it by name."),
    },
    "Data": {
        "upload": ("upload:upload", "Upload files and folders to a project."),
        "collect": (
            "collect:collect",
            "Cut a stream of sensor readings into samples and upload them.",
        ),
    },
    "Setup": {
        "login": ("login:login", "Remember an API key of Edge Impulse Studio."),
        "logout": ("login:logout", "Forget the API key of ei-runner login."),
        "backends": ("backends:backends", "List all plugins and backends and whether they work."),
        "doctor": ("doctor:doctor", "Check the installation and say what to do next."),
    },
}
# Commands that come with backends of ei-runner, by the extra that installs them.
_COMMANDS_OF_EXTRAS = {
    "build": ("sdk-ffi", "Compile a C++ export into a library."),
    "cache": ("sdk-ffi", "List what was built, and make room."),
    "eim": ("eim", "Let any model be an .eim."),
    "quantize": ("qnn", "Quantise a float ONNX model for QNN."),
}


@click.group(
    cls=LazyGroup,
    builtins=_COMMANDS,
    of_extras=_COMMANDS_OF_EXTRAS,
    package="ei_runner_core.cli",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with: ei-runner demo",
)
@click.version_option(__version__, prog_name="ei-runner", message="%(prog)s %(version)s")
@click.pass_context
def ei_runner(context: click.Context) -> None:
    """Run any Edge Impulse model on any engine, with the same answers."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        context.exit(USAGE)
