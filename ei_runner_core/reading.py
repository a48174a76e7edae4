"""From what was found on disk to an impulse that can be run: exports are read, networks added."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ._network_formats import check_format
from .contract import ModelSource, Network
from .errors import BackendUnavailableError, InvalidInputError, ModelNotFoundError

if TYPE_CHECKING:
    from .impulse import Impulse

__all__ = ["NetworkFiles", "read_source"]

NetworkFiles = str | os.PathLike[str] | Mapping[int, str | os.PathLike[str]]
"""A network file, or one for each learn block, by id."""


def read_source(
    found: ModelSource, impulse: int | str | None = None, network: NetworkFiles | None = None
) -> ModelSource:
    """Learn what a model is, where its files tell it.

    Args:
        found: what :func:`ei_runner_core.locate.locate` found.
        impulse: the one to run out of an export that holds several, by id or name.
        network: files to run in place of those that the model brings: an ``.onnx`` for an export
            that has a ``.tflite``, or the network that an EON-compiled export lacks.

    Raises:
        ModelFormatError: the export is damaged, or holds several impulses and none was chosen.
        ModelNotFoundError: there is no such network file, or it cannot be reached.
        InvalidInputError: there is nothing to choose from, no block for the network, or the network
            is no path, no regular file, empty or of a format that no backend opens.
    """
    if found.kind == "cpp-export":
        found = _read_export(found, impulse)
    elif impulse is not None:
        raise InvalidInputError(
            f"{found.path} is no C++ export with several impulses: leave impulse={impulse!r} out"
        )
    return found if network is None else _with_networks(found, network)


def _read_export(found: ModelSource, impulse: int | str | None) -> ModelSource:
    from .impulse.export import read_export

    try:
        return read_export(found.path, impulse)
    except BackendUnavailableError as error:  # what compiles the export can do without
        import logging  # on first use: nothing else on the way to a model needs it

        logging.getLogger(__name__).debug("%s is not read: %s", found.path, error)
        return found


def _with_networks(found: ModelSource, network: NetworkFiles) -> ModelSource:
    impulse = found.impulse
    if impulse is None:
        raise InvalidInputError(f"{found.path} does not tell its blocks: a network does not fit in")
    files = network if isinstance(network, Mapping) else {_only_network(impulse): network}
    known = {block.id for block in impulse.networks}
    for block_id in files:
        if block_id not in known:
            ids = ", ".join(map(str, sorted(known))) or "none"
            raise InvalidInputError(
                f"network names the learn block {block_id!r}, but the networks of the impulse have "
                f"the ids: {ids}"
            )
    given = {block_id: _network(file) for block_id, file in files.items()}
    named = _with_files(impulse, {key: Path(file.name).name for key, file in given.items()})
    networks = {block_id: (file,) for block_id, file in given.items()}
    return replace(found, impulse=named, networks={**found.networks, **networks})


def _with_files(impulse: Impulse, names: Mapping[int, str]) -> Impulse:
    """The impulse with other files in its blocks, for what is told about them."""
    from msgspec.structs import replace as replaced

    learn = (
        replaced(block, files=(names[block.id],)) if block.id in names else block
        for block in impulse.learn
    )
    return replaced(impulse, learn=tuple(learn))


def _only_network(impulse: Impulse) -> int:
    ids = [block.id for block in impulse.networks]
    if len(ids) == 1:
        return ids[0]
    listed = ", ".join(map(str, ids)) or "none"
    raise InvalidInputError(
        "network is one file, expected a mapping from the id of each learn block to its file: the "
        f"impulse has the networks {listed}"
    )


def _network(file: str | os.PathLike[str]) -> Network:
    try:
        path = Path(file)
        about = path.stat()
    except TypeError:
        raise InvalidInputError(
            f"a network is named by a path, got {type(file).__name__}; pass a str or a Path"
        ) from None
    except FileNotFoundError:
        raise ModelNotFoundError(f"there is no network file at {path}") from None
    except (OSError, ValueError) as error:  # too long, not searchable, a NUL byte
        raise ModelNotFoundError(f"cannot read the network: {error}") from error
    if not stat.S_ISREG(about.st_mode):  # reading a pipe or a device may never end
        raise InvalidInputError(f"the network {path} is not a regular file; name a network file")
    if not about.st_size:
        raise InvalidInputError(f"the network {path} is an empty file; name a network file")
    network = Network(str(path), path.suffix.lower(), path=path)
    check_format(network)
    return network
