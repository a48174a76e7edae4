"""A model with other networks: what compiling and quantising make of one."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from ._text import one_line
from .contract import ModelSource, Network
from .errors import EdgeImpulseError, InvalidInputError

__all__ = ["write_with_networks"]


def write_with_networks(
    source: ModelSource,
    networks: Mapping[int, Network],
    output: str | os.PathLike[str],
    *,
    force: bool = False,
) -> Path:
    """Write a model with other networks. It appears whole or not at all.

    Args:
        source: the model, as it was read.
        networks: the new network of each learn block that has one, by the id of the block.
        output: a file for a lone network, of the format of the new one; else the folder, or with
            the suffix ``.zip`` the zip, of the bundle.
        force: whether a file, a bundle or an empty folder that is there may be replaced.

    Returns:
        The path of what was written.

    Raises:
        InvalidInputError: there is something at the output, it is the model itself, it does not
            suit the model, or it cannot be written.
        EdgeImpulseError: the model cannot become a bundle.
    """
    if source.kind == "network":
        (network,) = networks.values()
        return _write_file(source.path, network, Path(output), force=force)
    formats = {network.format for network in networks.values()}
    if Path(output).suffix.lower() in formats:
        raise InvalidInputError(
            f"{one_line(str(output))} looks like a network file, but {one_line(str(source.path))} "
            "becomes a bundle; name a folder or a .zip"
        )
    from .impulse.convert import write_bundle

    changed = {block_id: (network,) for block_id, network in networks.items()}
    return write_bundle(
        replace(source, networks={**source.networks, **changed}), output, force=force
    )


def _write_file(model: Path, network: Network, path: Path, *, force: bool) -> Path:
    shown = one_line(str(path))
    if path.suffix.lower() != network.format:
        raise InvalidInputError(
            f"{shown} is to be a {network.format} file; name it {one_line(path.stem)}"
            f"{network.format}, or leave the output out"
        )
    content = network.read()
    try:
        _check_place(model, path, shown, force=force)
        beside = path.with_name(f".{secrets.token_hex(8)}.tmp")
        try:
            beside.write_bytes(content)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except EdgeImpulseError:  # some of them are OSErrors too
        raise
    except (OSError, ValueError) as error:  # a full disk, a NUL byte in the name
        raise InvalidInputError(f"cannot write {shown}: {error}") from error
    return path


def _check_place(model: Path, path: Path, shown: str, *, force: bool) -> None:
    if path.resolve() == model.resolve():
        raise InvalidInputError(f"{shown} is the model itself; name another place")
    if os.path.lexists(path) and not (force and path.is_file()):
        hint = ", or replace the file with force (--force)" if path.is_file() else ""
        raise InvalidInputError(f"{shown} exists already; name another place{hint}")
