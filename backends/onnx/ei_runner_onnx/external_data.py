"""Weights that a network keeps in other files."""

from __future__ import annotations

from pathlib import Path

from ei_runner_core import ModelFormatError, ModelNotFoundError, Network, UnsupportedModelError

from .failures import shortened

__all__ = ["check_external_data"]


def check_external_data(network: Network, locations: tuple[str, ...]) -> None:
    """Make sure that the other files are there, and in the folder of the network.

    Args:
        network: the network.
        locations: the paths in it.

    Raises:
        UnsupportedModelError: the network is in memory, so that it has no folder.
        ModelFormatError: a path leads out of the folder.
        ModelNotFoundError: a file is not there.
    """
    for location in dict.fromkeys(locations):
        if network.path is None:
            shown = shortened(repr(location))
            raise UnsupportedModelError(
                f"{network.name} keeps weights in another file, {shown}, which needs a folder "
                "around it; unpack the model, or export the network as a single file"
            )
        _check_file(network.path, network.name, location)


def _check_file(path: Path, name: str, location: str) -> None:
    shown = shortened(repr(location))
    try:
        data = (path.parent / location).resolve()
        # In caches of downloads both files may be links to another folder, the same for both.
        folders = (path.parent.resolve(), path.resolve().parent)
        is_inside = any(data.is_relative_to(folder) for folder in folders)
        exists = data.is_file()
    except (OSError, ValueError, RuntimeError) as error:  # unusable characters, loops of links
        raise ModelFormatError(
            f"{name} keeps weights in a file with the impossible name {shown}: "
            f"{shortened(str(error))}"
        ) from error
    if not is_inside or Path(location).is_absolute():
        raise ModelFormatError(
            f"{name} keeps weights in {shown}, which is outside of its folder; export the "
            "network again with its data beside it"
        )
    if not exists:
        raise ModelNotFoundError(
            f"{name} keeps weights in {shown}, which is not beside it; copy it there too"
        )
