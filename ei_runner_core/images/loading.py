"""From what users have (paths, bytes, Pillow images, arrays) to RGB arrays."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .._optional import need
from ..errors import EdgeImpulseError, InvalidInputError
from .geometry import MAX_PIXELS

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["check_rgb", "load_image", "pillow"]

Pixels = npt.NDArray[np.uint8]
# Only formats that Pillow decodes itself: for some others it starts programs, such as Ghostscript.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
_SIXTEEN_BIT_FORMATS = ("PNG", "PPM")  # whose pixels of Pillow's mode for 32 bits have only 16
# Their brightest value is not known, so that nothing tells which of them is white.
_NOT_READ = {"I": "32-bit integers", "F": "floats"}


def load_image(image: Any) -> Pixels:
    """Turn what a user has into an RGB array.

    Args:
        image: a path, the bytes of an image file, a Pillow image, or an array of uint8 with the
            shape (height, width), (height, width, 1) or (height, width, 3) in RGB order. Files
            are turned upright by their EXIF orientation, as viewers show them.

    Returns:
        uint8, shape (height, width, 3).

    Raises:
        InvalidInputError: the file cannot be read, or the array has another dtype or shape.
    """
    if isinstance(image, np.ndarray):
        return _from_array(np.asarray(image))
    if isinstance(image, (str, os.PathLike)):
        return _from_file(_regular_file(image), f"the image {os.fspath(image)!r}")
    if isinstance(image, (bytes, bytearray, memoryview)):
        import io

        return _from_file(io.BytesIO(bytes(image)), "the image")
    if callable(getattr(image, "convert", None)) and hasattr(image, "mode"):  # a Pillow image
        name = f"the Pillow image of mode {image.mode!r}"
        return _decode(lambda: _to_rgb(image, name), name)
    raise InvalidInputError(
        f"cannot read an image from {type(image).__name__}; pass a path, the bytes of a file, a "
        "Pillow image or a uint8 array of shape (height, width, 3)"
    )


def check_rgb(array: Any, dimensions: tuple[int, ...] = (3,)) -> None:
    """Raise InvalidInputError unless an array holds an image, or as many as so many axes allow."""
    if not isinstance(array, np.ndarray):
        raise InvalidInputError(
            f"an image is an array of uint8, got {type(array).__name__}; read it with load_image"
        )
    if array.dtype != np.uint8 or array.ndim not in dimensions or array.shape[-1] != 3:
        batch = " or (n, height, width, 3)" if 4 in dimensions else ""
        raise InvalidInputError(
            f"the image array has the dtype {array.dtype} and the shape {array.shape}, expected "
            f"uint8 and (height, width, 3){batch} in RGB order"
        )


def _from_array(array: npt.NDArray[Any]) -> Pixels:
    if array.dtype != np.uint8:
        raise InvalidInputError(
            f"the image array has the dtype {array.dtype}, expected uint8 with values 0 to 255"
        )
    if array.ndim == 2:
        array = array[:, :, np.newaxis]
    if array.ndim != 3 or array.shape[2] not in (1, 3):
        hint = "; drop the alpha channel: image[:, :, :3]" if array.shape[2:] == (4,) else ""
        raise InvalidInputError(
            f"the image array has the shape {array.shape}, expected (height, width) or "
            f"(height, width, 3) in RGB order{hint}"
        )
    if not array.size:
        raise InvalidInputError(f"the image array of shape {array.shape} is empty")
    if array.shape[2] == 1:
        array = np.repeat(array, 3, axis=2)
    return np.ascontiguousarray(array)


def _regular_file(path: str | os.PathLike[str]) -> str | os.PathLike[str]:
    """Reading a pipe or a device might never end."""
    try:
        if stat.S_ISREG(Path(path).stat().st_mode):
            return path
        problem = "it is not a regular file"
    except (OSError, ValueError) as error:
        problem = str(error)
    raise InvalidInputError(f"cannot read the image {os.fspath(path)!r}: {problem}")


def _from_file(source: Any, name: str) -> Pixels:
    pil = pillow()

    def read() -> Pixels:
        with pil.open(source, formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise InvalidInputError(
                    f"{name} has {image.width}x{image.height} pixels, at most {MAX_PIXELS} are "
                    "read; make it smaller"
                )
            return _to_rgb(image, name)

    return _decode(read, name)


def _decode(read: Callable[[], Pixels], name: str) -> Pixels:
    """Pillow reports damaged images with many kinds of errors, depending on their format."""
    try:
        pixels = read()
    except EdgeImpulseError:
        raise
    except Exception as error:
        from PIL import UnidentifiedImageError

        # Of a stream, Pillow names nothing but its place in memory.
        is_none = isinstance(error, UnidentifiedImageError)
        problem = "it is damaged, or no picture" if is_none else error
        raise InvalidInputError(
            f"cannot read {name}: {problem}; expected one of {', '.join(FORMATS)}"
        ) from error
    if not pixels.size:
        raise InvalidInputError(f"{name} is empty: it has no pixels")
    return pixels


def _to_rgb(image: Image, name: str) -> Pixels:
    from PIL import ImageOps

    upright = ImageOps.exif_transpose(image)
    if _is_16_bit(image):  # Pillow would clip 16-bit grey at 255 instead of scaling
        return _from_array((np.asarray(upright) >> 8).astype(np.uint8))
    if image.mode in _NOT_READ:
        raise InvalidInputError(
            f"{name} holds {_NOT_READ[image.mode]}, which are not read; convert it to 8 bits"
        )
    return np.asarray(upright.convert("RGB"))


def _is_16_bit(image: Image) -> bool:
    deep = image.mode == "I" and image.format in _SIXTEEN_BIT_FORMATS
    return deep or image.mode.startswith("I;16")


def pillow() -> Any:
    """The module ``PIL.Image``.

    Raises:
        BackendUnavailableError: Pillow is not installed.
    """
    return need("PIL.Image", "reading and resizing images", "images")
