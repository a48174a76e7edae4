"""Models that are installed as packages, and whether they can be used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ._model_packages import ModelPackage, model_packages, only_package
from .errors import EdgeImpulseError
from .locate import locate

__all__ = ["InstalledModel", "installed_models"]


@dataclass(frozen=True)
class InstalledModel:
    """A model that an installed distribution brings.

    ``EdgeImpulseModel(name)`` opens it. ``path`` is the folder that holds it, ``None`` if there is
    no such folder. ``reason`` says why the model cannot be used; it is empty if it can.
    """

    name: str
    path: Path | None
    distribution: str
    version: str
    reason: str = ""


def installed_models() -> tuple[InstalledModel, ...]:
    """All models that are installed as packages, by name, also the broken ones.

    Each one is read as far as that goes without a backend; no code of its package is run.
    """
    packages = model_packages()
    return tuple(_examined(package, packages) for package in packages)


def _examined(package: ModelPackage, packages: tuple[ModelPackage, ...]) -> InstalledModel:
    path = None
    reason = ""
    try:
        path = package.folder()
        only_package(package.name, packages)
        locate(path)
    except EdgeImpulseError as error:
        reason = str(error)
    return InstalledModel(package.name, path, package.distribution, package.version, reason)
