"""The window that both processes see: memory without a name, so that nothing can be left behind."""

from __future__ import annotations

import mmap
import os
import tempfile
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from ei_runner_core import ModelParameters

__all__ = ["anonymous_file", "map_window", "reserve_window"]

_ITEM = np.dtype(np.float32).itemsize


def anonymous_file() -> BinaryIO:
    """An empty file without a name, in memory where the system has that."""
    if hasattr(os, "memfd_create"):
        return open(os.memfd_create("ei-runner-window"), "r+b", buffering=0)  # noqa: PTH123 - a fd
    return tempfile.TemporaryFile(buffering=0)


def reserve_window(fd: int, parameters: ModelParameters) -> None:
    """Give the file the size of the longest window or slice.

    Raises:
        OSError: there is no room; without this a later write would be a crash.
    """
    size = _length(parameters) * _ITEM
    os.ftruncate(fd, size)
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(fd, 0, size)


def map_window(fd: int, parameters: ModelParameters) -> npt.NDArray[np.float32]:
    """The reserved file as an array: float32, shape (values of the longest window or slice,).

    It stays mapped as long as the array lives, also when the descriptor is closed.
    """
    return np.frombuffer(mmap.mmap(fd, _length(parameters) * _ITEM), np.float32)


def _length(parameters: ModelParameters) -> int:
    slice_length = parameters.slice_size * parameters.axis_count
    return max(parameters.input_features_count, slice_length, 1)  # nothing cannot be mapped
