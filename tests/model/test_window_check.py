"""What the check of a window hands on: the very array where that is good as it is."""

from __future__ import annotations

import numpy as np
import pytest

from ei_runner_core.authoring import WindowCheck

WINDOW = np.arange(6, dtype=np.float32)
READ_ONLY = np.arange(6, dtype=np.float32)
READ_ONLY.flags.writeable = False


@pytest.mark.parametrize("window", [WINDOW, READ_ONLY, np.arange(12, dtype=np.float32)[6:]])
def test_a_contiguous_float32_array_is_handed_on_itself(window):
    assert WindowCheck(6)(window) is window


def test_an_equal_dtype_that_is_another_object_is_as_good():
    window = np.zeros(6, np.dtype(np.float32, copy=True))
    assert window.dtype is not WINDOW.dtype
    assert WindowCheck(6)(window) is window


def test_a_single_value_is_not_copied():
    window = np.arange(2, dtype=np.float32)[::2]
    assert np.shares_memory(WindowCheck(1)(window), window)


@pytest.mark.parametrize(
    "window",
    [np.repeat(WINDOW, 2)[::2], WINDOW.astype(">f4"), WINDOW[::-1], WINDOW[:1]],
    ids=["strided", "swapped", "backwards", "repeated"],
)
def test_what_lies_otherwise_is_handed_on_contiguous(window):
    if window.size == 1:
        window = np.broadcast_to(window, 6)
    checked = WindowCheck(6)(window)
    assert checked.flags.c_contiguous
    assert checked.dtype is np.dtype(np.float32)
    assert checked.tolist() == window.tolist()
