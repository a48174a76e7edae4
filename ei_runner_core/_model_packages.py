"""Distributions that bring a model: who offers which name, and the folder where the model lies.

An entry point of the group ``ei_runner_models`` names a package, and the folder of that package
holds the model. A model is data: its package is looked up, never imported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from msgspec import Struct

from ._entry_points import find_entry_points
from ._plugin_errors import described
from ._plugin_filter import normal_name
from .errors import ModelNotFoundError, PluginError

__all__ = ["ENTRY_POINT_GROUP", "ModelPackage", "is_model_name", "model_packages", "only_package"]

ENTRY_POINT_GROUP = "ei_runner_models"
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,198}[A-Za-z0-9])?")


class ModelPackage(Struct, frozen=True):
    """A name, the package that holds the model, and the distribution that says so."""

    name: str
    package: str
    distribution: str
    version: str

    @property
    def origin(self) -> str:
        """The distribution with its version, for messages."""
        return f"{self.distribution} {self.version}".strip()

    def folder(self) -> Path:
        """The folder of the package.

        Raises:
            ModelNotFoundError: there is no such package, or it lies in no folder of its own.
        """
        candidates = _places(self.package)
        folders = [place for place in candidates if place.is_dir()]
        if len(folders) == 1:
            return folders[0]
        raise ModelNotFoundError(_why_not(self.package, folders, candidates))


def is_model_name(text: str) -> bool:
    """Whether a text can be the name of an installed model: a path with a separator cannot."""
    return _NAME.fullmatch(text) is not None


def model_packages() -> tuple[ModelPackage, ...]:
    """All that is offered by what is installed, by name, also what is broken."""
    found = [
        ModelPackage(entry.name, entry.value, entry.distribution, entry.version)
        for entry in find_entry_points(ENTRY_POINT_GROUP)
    ]
    return tuple(sorted(found, key=lambda package: (package.name, package.distribution)))


def only_package(name: str, packages: Iterable[ModelPackage]) -> ModelPackage | None:
    """The package of that name, compared as the names of plugins are.

    Raises:
        PluginError: several are called so.
    """
    wanted = normal_name(name)
    offers = [package for package in packages if normal_name(package.name) == wanted]
    if len(offers) > 1:
        origins = " and by ".join(offer.origin for offer in offers)
        raise PluginError(
            f"the installed model {name!r} is offered by {origins}; uninstall all but one of them, "
            "or name the path of the model"
        )
    return offers[0] if offers else None


def _places(package: str) -> list[Path]:
    """Where a package may lie; only what is above the first dot is asked of the import system."""
    top, *below = package.split(".")
    if not all(part.isidentifier() for part in (top, *below)):
        return []
    try:
        spec = find_spec(top)
    except Exception as error:  # the finders of strangers may fail in any way
        raise ModelNotFoundError(
            f"its package {package!r} cannot be looked up: {described(error)}"
        ) from error
    bases = spec.submodule_search_locations if spec else None
    return [Path(base, *below) for base in bases or ()]


def _why_not(package: str, folders: list[Path], candidates: list[Path]) -> str:
    if folders:
        return f"its package {package!r} is in several folders: {', '.join(map(str, folders))}"
    for place in candidates:
        archive = next((parent for parent in place.parents if parent.is_file()), None)
        if archive:
            return (
                f"its package {package!r} is inside the archive {archive}; install it into a "
                "folder, with pip"
            )
    return f"there is no package {package!r} with a folder"
