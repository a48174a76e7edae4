"""Making an executable file of a model: a launcher in front of a zip archive."""

from __future__ import annotations

import json
import logging
import os
import secrets
import sys
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ei_runner_core import (
    BackendNotFoundError,
    EdgeImpulseError,
    EdgeImpulseModel,
    InvalidInputError,
)
from ei_runner_core.packaging import make_bundle
from ei_runner_core.plugins import FIRST_PARTY_EXTRAS

from .launcher import MAIN, launcher
from .packaged import SETTINGS_FILE
from .served_model import served_model

__all__ = ["SUFFIX", "package_model"]

SUFFIX = ".eim"

_THIS_BACKEND = "eim"
_log = logging.getLogger(__name__)


def package_model(
    model: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    backend: str | None = None,
    options: Mapping[str, Any] | None = None,
    impulse: int | str | None = None,
    network: str | os.PathLike[str] | Mapping[int, str | os.PathLike[str]] | None = None,
    force: bool = False,
) -> Path:
    """Make a file of a model that serves it where Python with ei-runner is installed.

    It appears at once, when it is complete. The same model gives the same bytes, but for the path
    of the Python that made it.

    Args:
        model: whatever ``EdgeImpulseModel`` opens on a tensor backend.
        target: the file to make.
        backend: the backend that shall run the model; ``None`` leaves that to the machine.
        options: options of that backend, by name.
        impulse: which impulse of an export that holds several.
        network: a network file to take in place of the model's own.
        force: whether a file that is there may be replaced.

    Returns:
        The path of the file.

    Raises:
        InvalidInputError: the model is an ``.eim``, there is something at the target, or it cannot
            be written; the backend is the one that runs ``.eim`` files.
        UnsupportedModelError: the model cannot be served, or lacks a network file.
        EdgeImpulseError: the model cannot be read; as those of ``EdgeImpulseModel``.
    """
    if backend is not None and backend.lower() == _THIS_BACKEND:
        raise InvalidInputError(
            f"the backend {backend!r} runs .eim files and cannot be inside one; name a backend "
            "that runs networks, or none"
        )
    path = Path(target)
    _check_place(path, Path(model), force)
    _check_names(Path(model), path)
    with TemporaryDirectory() as scratch:
        bundle = make_bundle(model, Path(scratch, "bundle.zip"), impulse=impulse, network=network)
        _check_servable(bundle, backend, options)
        settings = json.dumps({"backend": backend, "options": dict(options or {})}, sort_keys=True)
        with zipfile.ZipFile(bundle) as archive:
            contents = {name: archive.read(name) for name in archive.namelist()}
    contents |= {"__main__.py": MAIN.encode(), SETTINGS_FILE: settings.encode()}
    _write(path, launcher(sys.executable), contents)
    return path


def _check_names(model: Path, target: Path) -> None:
    if model.suffix.lower() == SUFFIX:
        raise InvalidInputError(f"{model} is an {SUFFIX} already: copy it")
    if target.suffix.lower() != SUFFIX:
        raise InvalidInputError(
            f"the file to make is called {str(target)!r}, expected a name that ends in {SUFFIX}"
        )


def _check_place(path: Path, model: Path, force: bool) -> None:
    if not os.path.lexists(path):
        return
    if path.is_dir() or path.resolve() == model.resolve():
        raise InvalidInputError(f"{path} is a folder or the model itself; name another file")
    if not force:
        raise InvalidInputError(
            f"{path} exists already; name another file, or replace it with force (--force)"
        )


def _check_servable(bundle: Path, backend: str | None, options: Mapping[str, Any] | None) -> None:
    """Find out now what would else show at the first start."""
    try:
        model = EdgeImpulseModel(bundle, backend=backend, options=options)
    except InvalidInputError:
        raise  # an option is wrong wherever the model runs
    except EdgeImpulseError as error:
        is_known = backend is None or backend.lower() in FIRST_PARTY_EXTRAS
        if isinstance(error, BackendNotFoundError) and not is_known:
            raise
        _log.warning("the model could not be tried here, and is packaged as it is: %s", error)
        return
    with model:
        served_model(model)


def _write(path: Path, head: str, contents: Mapping[str, bytes]) -> None:
    """Write beside the target, so that it appears whole or not at all."""
    beside = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        try:
            # as compilers make programs: executable for all whom the umask allows
            beside.touch(0o777, exist_ok=False)
            with beside.open("r+b") as file:
                file.write(head.encode(errors="surrogateescape"))
                with zipfile.ZipFile(file, "w") as archive:
                    for name, content in contents.items():
                        member = zipfile.ZipInfo(name)  # of 1980, so that the bytes are the same
                        member.external_attr = 0o644 << 16
                        archive.writestr(member, content)
            beside.replace(path)
        finally:
            with suppress(OSError):
                beside.unlink()
    except (OSError, ValueError) as error:  # a full disk, a NUL byte in the name
        why = error.strerror if isinstance(error, OSError) else error
        raise InvalidInputError(f"cannot write {str(path)!r}: {why}") from error
