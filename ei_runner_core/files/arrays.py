"""Arrays in NumPy's own files."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

from ..errors import InvalidInputError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["read_npy", "read_npz"]


def read_npy(content: bytes) -> npt.NDArray[Any]:
    """The array of an ``.npy`` file; pickled objects are refused.

    Raises:
        InvalidInputError: it is damaged, truncated or holds objects.
    """
    import numpy as np

    if not content.startswith(b"\x93NUMPY"):
        raise InvalidInputError("it is not an .npy file; write it with numpy.save(path, array)")
    try:
        array: npt.NDArray[Any] = np.load(io.BytesIO(content), allow_pickle=False)
    except Exception as error:  # a damaged header is parsed as Python: any error may come of it
        raise InvalidInputError(
            f"it is not a readable .npy file ({error}); write it with numpy.save(path, array)"
        ) from error
    return array


def read_npz(content: bytes, limit: int) -> dict[str, npt.NDArray[Any]]:
    """The arrays of an ``.npz`` file by name.

    Args:
        content: the file.
        limit: how many bytes its arrays may have together.

    Raises:
        InvalidInputError: it is damaged, holds something else, or unpacks to more than ``limit``.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if (size := sum(member.file_size for member in members)) > limit:
                raise InvalidInputError(
                    f"it unpacks to {size} bytes, at most {limit} are read; write fewer arrays"
                )
            return {_key(member): read_npy(_unpack(archive, member)) for member in members}
    except InvalidInputError:
        raise
    except Exception as error:  # zipfile lets out whatever a damaged field leads to
        raise InvalidInputError(
            f"it is not a readable .npz file ({error}); write it with numpy.savez(path, name=array)"
        ) from error


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    if not member.filename.endswith(".npy"):
        raise InvalidInputError(f"its member {member.filename!r} is not an array: not an .npz file")
    if member.flag_bits & 0x1:
        raise InvalidInputError("it is encrypted; write it with numpy.savez(path, name=array)")
    return archive.read(member)


def _key(member: zipfile.ZipInfo) -> str:
    return member.filename.removesuffix(".npy")
