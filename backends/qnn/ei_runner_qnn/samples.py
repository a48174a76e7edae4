"""The samples that a network is calibrated with: from a folder to windows and tensors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ei_runner_core import InvalidInputError
from ei_runner_core.files import (
    MAX_TEXT_BYTES,
    SUFFIXES,
    TensorWindow,
    WindowInput,
    fit_window,
    read_window,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from ei_runner_core.parameters import ModelParameters

__all__ = ["find_samples", "naming", "read_freely", "windows_in"]


def find_samples(folder: Path, limit: int | None = None) -> list[Path]:
    """The files in a folder and below that can be read, by path; hidden ones are left out.

    Args:
        folder: a folder, or a single file.
        limit: at most so many, spread evenly over the folder, so that all of its parts are seen.

    Raises:
        InvalidInputError: there is no such folder, nothing in it, or the limit is below 1.
    """
    if limit is not None and limit < 1:
        raise InvalidInputError(f"the limit is {limit}, expected at least 1 sample")
    try:
        found = [folder] if folder.is_file() else sorted(_files_below(folder))
    except InvalidInputError:  # which is a ValueError, too
        raise
    except (OSError, ValueError) as error:  # no access, a NUL byte in the name
        raise InvalidInputError(f"cannot read the samples in {folder}: {error}") from error
    if not found:
        known = ", ".join(sorted(suffix.removeprefix(".") for suffix in SUFFIXES))
        raise InvalidInputError(
            f"{folder} holds no sample; expected a folder with files of these kinds: {known}"
        )
    if limit is None or limit >= len(found):
        return found
    return [found[i * len(found) // limit] for i in range(limit)]


def _files_below(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        raise InvalidInputError(f"there is no folder of samples at {folder}")
    for path in folder.rglob("*"):
        is_hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in SUFFIXES and not is_hidden and path.is_file():
            yield path


def windows_in(path: Path, parameters: ModelParameters) -> list[WindowInput]:
    """What a file holds: one window, or the windows of a longer recording, one after the other.

    What is left at its end, and shorter than a window, is not looked at.

    Raises:
        InvalidInputError: it cannot be read, or is not what the model takes.
    """
    try:
        return [read_window(path, parameters)]
    except InvalidInputError:
        values = _recording(path, parameters)
        if values is None:
            raise
    length = parameters.input_features_count
    pieces = (values[i : i + length] for i in range(0, values.size - length + 1, length))
    with naming(path):
        return [fit_window(piece, parameters) for piece in pieces]


def read_freely(path: Path, parameters: ModelParameters) -> WindowInput:
    """What a file holds, of any length: an image for a model that takes some, else tensors."""
    from msgspec.structs import replace

    return read_window(path, replace(parameters, input_features_count=0))


def _recording(path: Path, parameters: ModelParameters) -> npt.NDArray[Any] | None:
    """All values of a file that is longer than a window; ``None`` if it is not that."""
    with suppress(InvalidInputError, OSError):
        values = _all_values(path, parameters)
        length, axes = parameters.input_features_count, parameters.axis_count
        fits = values.ndim == 1 or (values.ndim == 2 and values.shape[1] in (axes, length))
        if fits and values.size > length:
            return values.reshape(-1)
    return None


def _all_values(path: Path, parameters: ModelParameters) -> npt.NDArray[Any]:
    import numpy as np

    if path.suffix.lower() == ".json":
        from ei_runner_core.files.documents import parse_document
        from ei_runner_core.files.numbers import decode_text
        from ei_runner_core.files.regular import read_regular

        return parse_document(decode_text(read_regular(path, MAX_TEXT_BYTES)))
    window = read_freely(path, parameters)
    if isinstance(window, TensorWindow):
        return np.asarray(_only_array(window.tensors))
    raise InvalidInputError("it is an image")


def _only_array(tensors: Any) -> Any:
    """The array of a file that holds one, by whatever name."""
    if not hasattr(tensors, "values"):
        return tensors
    if len(tensors) != 1:
        raise InvalidInputError(f"it holds {len(tensors)} arrays, expected one")
    return next(iter(tensors.values()))


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Say of what file it is that something is wrong with it."""
    try:
        yield
    except InvalidInputError as error:
        raise InvalidInputError(f"{path}: {error}") from error
