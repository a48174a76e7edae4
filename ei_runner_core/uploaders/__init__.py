"""The places that samples can be sent to: those that come with ei-runner, and those of plugins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..contract import Uploader

__all__ = ["open_uploader"]


def open_uploader(name: str, options: Mapping[str, Any]) -> Uploader:
    """Open an uploader by its name.

    Args:
        name: one of those that ``ei-runner backends`` lists, such as ``"edge-impulse"`` or
            ``"local-folder"``.
        options: the options of its kind, by name.

    Raises:
        InvalidInputError: there is none of that name, or an option is unknown or wrong.
        IngestionError: the place cannot be used.
        PluginError: the plugin that brings it is broken.
    """
    from .._plugin_errors import blamed_on_plugin, shown
    from ..contract import Uploader
    from ..errors import InvalidInputError, PluginError
    from ..plugins import load_target, registry

    known = registry().uploaders
    if name not in known:
        names = ", ".join(sorted(known)) or "none"
        raise InvalidInputError(f"there is no uploader {name!r}; expected one of: {names}")
    with blamed_on_plugin(PluginError, f"the uploader {name!r} cannot be opened"):
        uploader = load_target(known[name])(options)
    if not isinstance(uploader, Uploader):
        raise PluginError(
            f"the uploader {name!r} breaks the contract: its target made {shown(uploader)}, "
            "expected an Uploader"
        )
    return uploader
