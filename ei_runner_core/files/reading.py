"""From the content of a file to a window that suits a model."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InvalidInputError
from .arrays import read_npy, read_npz
from .documents import parse_document, parse_tensors
from .formats import detect_format
from .inputs import FeatureWindow, ImageWindow, TensorWindow, WindowInput
from .numbers import decode_text, parse_features, parse_table
from .regular import read_regular
from .sound import Sound, read_wav

if TYPE_CHECKING:
    import numpy.typing as npt

    from ..parameters import ModelParameters

__all__ = ["MAX_BYTES", "MAX_TEXT_BYTES", "fit_window", "read_window"]

MAX_BYTES = 256 * 1024 * 1024
"""How large a file may be."""
MAX_TEXT_BYTES = 32 * 1024 * 1024
"""How large a file of numbers in text may be: text takes many times its size while it is read."""


def read_window(
    source: str | os.PathLike[str] | bytes, parameters: ModelParameters, name: str = ""
) -> WindowInput:
    """Read the one window that a file holds.

    What the file is shows in its first bytes, else in its suffix:

    * PNG, JPEG, BMP, GIF, WEBP, TIFF, PPM: a picture, for models that look at images,
    * ``.npy``: a uint8 array of shape (height, width) or (height, width, 3) is a picture for
      models that look at images; any other numbers are the raw values,
    * ``.npz``: the same if it holds one array; for freeform models tensors by name,
    * ``.csv``: rows are time steps, columns axes, or all values in one row or column; an optional
      header; a first column ``timestamp`` or ``time`` is left out,
    * ``.txt``: numbers as Studio's "copy features" gives them,
    * ``.json``: a list, ``{"features": [...]}``, the data acquisition format or a ``classify``
      request; for freeform models a list or a mapping from names to lists,
    * ``.wav``: raw samples from -32768 to 32767; the sample rate and the number of channels must
      be those of the model.

    Args:
        source: a path, or the content of a file.
        parameters: what the model takes.
        name: how error messages call the source, and where its suffix is taken from; the path if
            it is left empty.

    Returns:
        A freeform model gets a :class:`TensorWindow`, others a :class:`FeatureWindow` or an
        :class:`ImageWindow`.

    Raises:
        InvalidInputError: it cannot be read, is no regular file (but a pipe, a device or a
            folder), is not what the model takes, or holds NaN or
            infinity; the message starts with the name.
        BackendUnavailableError: it is a picture and Pillow is not installed.
    """
    name = name or ("the input" if isinstance(source, bytes) else os.fspath(source))
    try:
        content = source if isinstance(source, bytes) else _read(Path(source))
        return _window(content, detect_format(content, name), parameters)
    except InvalidInputError as error:
        raise InvalidInputError(f"{name}: {error}") from error


def fit_window(values: npt.NDArray[Any], parameters: ModelParameters) -> WindowInput:
    """Numbers of any shape as a window.

    Args:
        values: real numbers, flat or (samples, axes).
        parameters: what the model takes.

    Raises:
        InvalidInputError: wrong dtype, number or shape of the values, NaN or infinity.
    """
    from ..windows import WindowCheck

    if _is_freeform(parameters):
        return TensorWindow(values)
    flat = values.ravel() if parameters.axis_count == 1 else values.squeeze()
    check = WindowCheck(parameters.input_features_count, parameters.axis_count, "values")
    return FeatureWindow(check(flat))


def _read(path: Path) -> bytes:
    try:
        return read_regular(path, MAX_BYTES + 1)
    except InvalidInputError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidInputError(f"cannot be read: {reason}; check the path") from error


def _window(content: bytes, kind: str, parameters: ModelParameters) -> WindowInput:
    _check_size(content, kind)
    if kind == "image":
        return _picture(content, parameters)
    if kind == "npz":
        return _archive(read_npz(content, MAX_BYTES), parameters)
    if kind == "npy":
        return _array(read_npy(content), parameters)
    if kind == "wav":
        return fit_window(_samples(read_wav(content), parameters), parameters)
    text = decode_text(content)
    if kind == "json":
        return _document(text, parameters)
    return fit_window(parse_table(text) if kind == "table" else parse_features(text), parameters)


def _check_size(content: bytes, kind: str) -> None:
    if not content.strip():
        raise InvalidInputError("it is empty; expected one window of the model's input")
    limit = MAX_TEXT_BYTES if kind in ("table", "numbers", "json") else MAX_BYTES
    if len(content) > limit:
        raise InvalidInputError(
            f"it is larger than {limit >> 20} MiB, too large for one window; pass one window a file"
        )


def _picture(content: bytes, parameters: ModelParameters) -> WindowInput:
    from ..images import load_image

    if not parameters.is_image:
        takes = (
            "tensors: pass a .npy, .npz, .csv or .json file"
            if _is_freeform(parameters)
            else f"{parameters.input_features_count} raw values: pass a .csv, .json, .npy, .txt or "
            ".wav file"
        )
        raise InvalidInputError(f"it is a picture, but the model takes {takes}")
    return ImageWindow(load_image(content))


def _archive(arrays: Mapping[str, npt.NDArray[Any]], parameters: ModelParameters) -> WindowInput:
    if _is_freeform(parameters):
        return TensorWindow(arrays)
    if len(arrays) != 1:
        names = ", ".join(list(arrays)[:6]) or "none"
        raise InvalidInputError(
            f"it holds {len(arrays)} arrays ({names}), the model takes one; save one with "
            "numpy.save(path, array)"
        )
    return _array(next(iter(arrays.values())), parameters)


def _array(array: npt.NDArray[Any], parameters: ModelParameters) -> WindowInput:
    from ..images import load_image

    grey_or_rgb = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3, 4))
    if parameters.is_image and array.dtype == "uint8" and grey_or_rgb:
        return ImageWindow(load_image(array))
    return fit_window(array, parameters)


def _document(text: str, parameters: ModelParameters) -> WindowInput:
    if _is_freeform(parameters):
        return TensorWindow(parse_tensors(text))
    return fit_window(parse_document(text), parameters)


def _samples(sound: Sound, parameters: ModelParameters) -> npt.NDArray[Any]:
    channels = sound.samples.shape[1]
    if parameters.is_image:
        raise InvalidInputError("it is sound, but the model takes images: pass a PNG or JPEG file")
    if not _is_freeform(parameters) and channels != parameters.axis_count:
        raise InvalidInputError(
            f"it has {channels} channels, the model takes {parameters.axis_count}; convert it, "
            f"for example with: sox IN.wav -c {parameters.axis_count} OUT.wav"
        )
    wanted = parameters.frequency
    if wanted > 0 and not math.isclose(sound.rate, wanted, rel_tol=1e-3):
        raise InvalidInputError(
            f"its sample rate is {sound.rate} Hz, the model was trained with {wanted:g} Hz; "
            f"convert it, for example with: sox IN.wav -r {wanted:g} OUT.wav"
        )
    return sound.samples[:, 0] if channels == 1 else sound.samples


def _is_freeform(parameters: ModelParameters) -> bool:
    """Whether the model takes tensors of its own instead of a window."""
    return parameters.input_features_count == 0
