"""The built-in uploaders, registered through the hook that plugins use too."""

from __future__ import annotations

from ..contract import UploaderSpec
from ..hookspecs import hookimpl

__all__ = ["BUILT_IN", "ei_runner_uploaders"]

BUILT_IN = (
    UploaderSpec(
        "edge-impulse",
        "ei_runner_core.uploaders.edge_impulse:EdgeImpulseUploader",
        summary="a project in Edge Impulse Studio",
    ),
    UploaderSpec(
        "local-folder",
        "ei_runner_core.uploaders.local_folder:LocalFolderUploader",
        summary="a folder laid out like an export of Studio's data",
    ),
)


@hookimpl
def ei_runner_uploaders() -> tuple[UploaderSpec, ...]:
    """All built-in uploaders."""
    return BUILT_IN
