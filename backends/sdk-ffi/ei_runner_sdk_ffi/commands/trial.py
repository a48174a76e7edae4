"""Whether a library opens that was just built, and what it says about itself."""

from __future__ import annotations

from ei_runner_core import BuildError, EdgeImpulseError, EdgeImpulseModel, ModelParameters

from ..build.exports import BuiltExport
from ..build.targets import this_machine

__all__ = ["try_library"]


def try_library(built: BuiltExport) -> ModelParameters | None:
    """Open a library in a process of its own, which a broken one may end.

    Returns:
        What it says about itself; ``None`` for a library for another machine, which is not opened.

    Raises:
        BuildError: it does not open.
    """
    plan, path = built.plan, built.library.path
    if plan.target != this_machine():
        return None
    network = {"network": built.backend} if built.backend else {}
    try:
        with EdgeImpulseModel(
            path, backend="sdk-ffi", options={"isolation": "process", **network}
        ) as model:
            return model.parameters
    except EdgeImpulseError as error:
        raise BuildError(f"the library was built, and does not open: {error}") from error
