"""From a file to a model of Akida."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from ei_runner_core import ModelFormatError, Network
from ei_runner_core.authoring import one_line

from .runtime import ENGINE_ERRORS, akida
from .trial import check_survival

__all__ = ["read_model"]


def read_model(network: Network) -> Any:
    """The model in a ``.fbz`` file, which Akida takes by its path only.

    Raises:
        ModelNotFoundError: the file cannot be read.
        ModelFormatError: it is damaged, or something else.
    """
    content = network.read()
    with tempfile.TemporaryDirectory(prefix="ei-akida-") as folder:
        path = Path(folder, "network.fbz")
        path.write_bytes(content)
        check_survival(path, network.name)
        try:
            return akida().Model(str(path))
        except ENGINE_ERRORS as error:
            raise ModelFormatError(
                f"Akida {akida().__version__} cannot read {network.name}: {one_line(error)}; "
                "expected a .fbz that the same version of Akida has saved"
            ) from error
