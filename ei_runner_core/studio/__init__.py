"""Models from Edge Impulse Studio: built there, downloaded, kept in a cache.

::

    from ei_runner_core.studio import download

    model = download()  # EI_PROJECT_ID and EI_API_KEY say which
    EdgeImpulseModel(model)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .cache import ModelCache
    from .downloading import DownloadedModel, download
    from .entries import CachedModel, Manifest
    from .progress import Progress

__all__ = ["CachedModel", "DownloadedModel", "Manifest", "ModelCache", "Progress", "download"]

_HOMES = {
    "CachedModel": "entries",
    "DownloadedModel": "downloading",
    "Manifest": "entries",
    "ModelCache": "cache",
    "Progress": "progress",
    "download": "downloading",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
