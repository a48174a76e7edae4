"""Reading files that may be something else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ei_runner_core import InvalidInputError
from ei_runner_core.files.regular import read_regular


def test_a_regular_file_is_read_up_to_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(content := os.urandom(3 << 20))
    assert read_regular(path, 1 << 30) == content
    assert read_regular(path, 2_000_000) == content[:2_000_000]


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="it is a folder; name one of the files in it"):
        read_regular(tmp_path, 9)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_that_takes_the_place_of_a_file_is_refused_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    path.touch()
    stat = Path.stat

    def then_swap(self: Path, **settings: bool) -> os.stat_result:
        found = stat(self, **settings)
        path.unlink()
        os.mkfifo(path)
        return found

    monkeypatch.setattr(Path, "stat", then_swap)
    with pytest.raises(InvalidInputError, match="it is a named pipe, not a regular file"):
        read_regular(path, 9)


def test_a_log_without_an_end_is_refused() -> None:
    path = Path("/proc/kmsg")
    if not os.access(path, os.R_OK):
        pytest.skip("the log of the kernel is not there or not readable")
    with pytest.raises((InvalidInputError, PermissionError)):
        read_regular(path, 1 << 28)
