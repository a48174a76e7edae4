"""The places that samples can be sent to: those that come with ei-runner, and those of plugins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..contract import Uploader, UploaderSpec

__all__ = ["open_dry_run", "open_uploader"]


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
    from ..errors import PluginError
    from ..plugins import load_target

    spec = _spec(name)
    with blamed_on_plugin(PluginError, f"the uploader {name!r} cannot be opened"):
        uploader = load_target(spec)(options)
    if not isinstance(uploader, Uploader):
        raise PluginError(
            f"the uploader {name!r} breaks the contract: its target made {shown(uploader)}, "
            "expected an Uploader"
        )
    return uploader


def open_dry_run(name: str, options: Mapping[str, Any]) -> Uploader:
    """An uploader that looks at samples and sends nothing.

    The built-in ones find what they would refuse; of all others only the name is looked at, and
    samples are read.

    Args:
        name: as of :func:`open_uploader`.
        options: the options of its kind, by name.

    Raises:
        InvalidInputError: there is none of that name; or, of a built-in one, an option is wrong.
        IngestionError: the folder of ``local-folder`` cannot be used.
    """
    from .dry_run import DryRun
    from .plugin import BUILT_IN

    if _spec(name) in BUILT_IN:
        return open_uploader(name, {**options, "dry_run": True})
    return DryRun(name)


def _spec(name: str) -> UploaderSpec:
    from ..errors import InvalidInputError
    from ..plugins import registry

    known = registry().uploaders
    if name not in known:
        names = ", ".join(sorted(known)) or "none"
        raise InvalidInputError(f"there is no uploader {name!r}; expected one of: {names}")
    return known[name]
