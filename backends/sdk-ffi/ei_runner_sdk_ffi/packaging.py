"""Wheels of built models."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

from ei_runner_core import ModelParameters
from ei_runner_core.packaging import backend_requirement, identify, write_wheel

from .build.exports import BuiltExport
from .platform_tags import platform_tag

__all__ = ["PARAMETERS_FILE", "check_name", "package_library"]

PARAMETERS_FILE = "parameters.json"

_OWN_NAME = "sdk-ffi"


def check_name(name: str, version: str) -> None:
    """See that a wheel can be called so.

    Raises:
        InvalidInputError: it cannot.
    """
    identify(name, version)


def package_library(
    built: BuiltExport,
    parameters: ModelParameters | None,
    name: str,
    *,
    version: str = "1.0",
    folder: str | os.PathLike[str] = ".",
    force: bool = False,
) -> Path:
    """Make a wheel of a library. Where it is installed, ``EdgeImpulseModel(name)`` opens the model.

    It is for one platform, and requires this package and the backend that runs the network. The
    same library gives the same bytes.

    Args:
        built: the library, which is put into the wheel with those that it needs.
        parameters: what it says about itself; in the wheel this is ``parameters.json``, for people
            and programs that look for a model.
        name: of the model and of the distribution that brings it.
        version: of the distribution.
        folder: where the wheel goes; it is made if it is not there.
        force: whether a wheel of that name, version and platform may be replaced.

    Returns:
        The path of the wheel.

    Raises:
        InvalidInputError: the name or the version cannot be used, no distribution brings the
            backend of the network, the wheel is there already, or it cannot be written.
        BuildError: the wheel could not be built.
        DeadlineError: building it took too long.
    """
    libraries = (built.library.path, *built.library.libraries)
    backends = [_OWN_NAME, *([built.backend] if built.backend else [])]
    identity = replace(
        identify(name, version, [*map(backend_requirement, backends)]),
        platform=platform_tag(libraries, built.plan.target),
    )

    def fill(package: Path) -> None:
        for library in libraries:
            shutil.copyfile(library, package / library.name)
        if parameters is not None:
            text = json.dumps(parameters.to_dict(), indent=1, ensure_ascii=False)
            (package / PARAMETERS_FILE).write_text(f"{text}\n", encoding="utf-8")

    title = parameters.project.name if parameters is not None else ""
    return write_wheel(identity, folder, title, fill, force=force)
