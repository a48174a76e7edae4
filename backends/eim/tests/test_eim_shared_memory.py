"""Shared memory is an error where it does not work, and never a crash."""

from __future__ import annotations

import errno
import gc
import os
import warnings

import numpy as np
import pytest

from ei_runner_eim.shared_memory import Segment, is_segment_name, unlink

_posixshmem = pytest.importorskip("_posixshmem")


@pytest.fixture
def segment():
    segment = Segment.create(4)
    yield segment
    segment.close()
    segment.unlink()


def test_both_sides_see_the_same_values(segment):
    other = Segment.attach(segment.name, 4)
    segment.array[:] = [1, 2, 3, 4]
    np.testing.assert_array_equal(other.array, [1, 2, 3, 4])
    other.array[0] = 5
    assert segment.array[0] == 5
    other.close()
    other.close()


def test_a_view_outlives_the_segment(segment):
    other = Segment.attach(segment.name, 4)
    segment.array[:] = 7
    view = other.array
    other.close()
    np.testing.assert_array_equal(view, [7, 7, 7, 7])


def test_a_segment_is_its_owners_alone_and_goes_with_its_name(segment):
    fd = _posixshmem.shm_open(segment.name, os.O_RDWR, mode=0)
    assert os.fstat(fd).st_mode & 0o777 == 0o600
    os.close(fd)
    unlink(segment.name)
    unlink(segment.name)
    with pytest.raises(FileNotFoundError):
        Segment.attach(segment.name, 4)


@pytest.mark.parametrize("name", ["", "shm", "/", "/a/b", "/../etc", "/a\0b", "/" + "a" * 300])
def test_what_is_no_name_of_a_segment_is_refused(name):
    assert not is_segment_name(name)
    with pytest.raises(ValueError, match="is no name"):
        Segment.attach(name, 4)


@pytest.mark.parametrize("elements", [5, 0, -1])
def test_a_segment_of_another_size_is_refused(segment, elements):
    with pytest.raises(ValueError, match="has 16 bytes"):
        Segment.attach(segment.name, elements)


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="this system cannot reserve memory")
def test_too_little_room_is_an_error_before_anything_is_written(segment):
    """Writing to a page that cannot be had would end the whole process."""
    fd = _posixshmem.shm_open(segment.name, os.O_RDWR, mode=0)
    os.ftruncate(fd, 1 << 50)
    os.close(fd)
    with pytest.raises(OSError, match=r"\[Errno \d+\]") as caught:
        Segment.attach(segment.name, 1 << 48)
    assert caught.value.errno in (errno.ENOSPC, errno.EFBIG, errno.ENOMEM)


def test_nothing_warns_when_a_segment_is_forgotten(segment):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Segment.attach(segment.name, 4)
        gc.collect()
