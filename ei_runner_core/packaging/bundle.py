"""From any model that holds networks to a bundle of its own."""

from __future__ import annotations

import os
from pathlib import Path

from ..impulse.convert import write_bundle
from ..locate import locate
from ..reading import NetworkFiles, read_source
from .completeness import check_it_opens

__all__ = ["make_bundle"]


def make_bundle(
    model: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    impulse: int | str | None = None,
    network: NetworkFiles | None = None,
    force: bool = False,
) -> Path:
    """Write a model as a bundle that has all it needs.

    Where a backend for it is installed, the bundle is opened to see that nothing is missing.

    Args:
        model: path of a C++ export, a bundle or a network file, or the name of an installed model.
        target: the new folder, or with the suffix ``.zip`` the new zip.
        impulse: which impulse of an export that holds several, by id or name.
        network: files to take in place of the model's own; see ``EdgeImpulseModel``.
        force: whether a bundle that is there may be replaced.

    Returns:
        The path of the bundle.

    Raises:
        ModelNotFoundError: there is no model, or a file of it is missing.
        ModelFormatError: the model is damaged.
        UnsupportedModelError: a network has no file, or needs others beside it.
        InvalidInputError: the model is of a kind that cannot become a bundle, an argument is
            wrong, there is something at the target, or it cannot be written.
    """
    source = read_source(locate(model), impulse, network)
    written = write_bundle(source, target, force=force)
    if network is None:  # else the original may lack what was given
        check_it_opens(written, source.path)
    return written
