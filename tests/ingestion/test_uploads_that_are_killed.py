"""Requests fail and the uploading process is killed: all samples arrive, each once.

``EI_RUNNER_LONG=1 pytest -s`` does it with 10,000 files, measures time and memory, and prints them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from processes import until

from ei_runner_core.testing.studio import Fault, LocalProject, LocalStudio

PROGRAM = Path(__file__).parents[1] / "support" / "upload_program.py"
IS_LONG = bool(os.environ.get("EI_RUNNER_LONG"))
SHARE_THAT_FAILS = 0.2
KINDS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 429, "retry_after": 0},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "cut_before", "size": 100},
    {"kind": "cut_after"},
)


def fail_some(studio: LocalStudio) -> None:
    """Let a fifth of all requests fail, in all ways alike."""
    share = 1 - (1 - SHARE_THAT_FAILS) ** (1 / len(KINDS))
    for seed, kind in enumerate(KINDS):
        studio.faults.add(Fault(**kind, share=share, seed=seed))


def files(folder: Path, count: int) -> Path:
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:05}.csv").write_text(f"timestamp,x\n0,{number}\n10,{number + 1}\n")
    return folder


class Uploading:
    """A process that uploads a folder, however often it is started."""

    def __init__(self, studio: LocalStudio, project: LocalProject, folder: Path) -> None:
        paths = os.pathsep.join(filter(None, sys.path))
        key = {"EI_API_KEY": project.api_key, "PYTHONPATH": paths}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("EI_")}
        self._environment = kept | studio.environment | key
        self._project = project
        self._command = [sys.executable, str(PROGRAM), str(folder), f"{folder}.journal"]

    @contextmanager
    def started(self) -> Iterator[subprocess.Popen[str]]:
        with subprocess.Popen(
            self._command,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def until_killed(self, count: int) -> None:
        """Run until so many samples have arrived."""
        with self.started() as process:
            until(lambda: len(self._project.samples) >= count or process.poll() is not None)
            assert process.poll() is None, process.communicate()

    def to_its_end(self, looks: tuple[int, ...] = ()) -> tuple[dict[str, int], list[float]]:
        """Run to the end.

        Returns:
            What the process says, and how much memory it had (MB) when so many had arrived.
        """
        memory = []
        with self.started() as process:
            for count in looks:
                until(lambda c=count: len(self._project.samples) >= c)  # type: ignore[misc]
                memory.append(resident(process.pid))
            out, err = process.communicate(timeout=300)
        assert (process.returncode, err) == (0, "")
        return json.loads(out), memory


def resident(pid: int) -> float:
    """The memory of a process in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def kill_twice(uploading: Uploading, count: int) -> dict[str, int]:
    uploading.until_killed(count // 3)
    uploading.until_killed(2 * count // 3)
    return uploading.to_its_end()[0]


def assert_each_is_there_once(project: LocalProject, count: int) -> None:
    arrived = Counter(sample.filename for sample in project.samples)
    assert len(arrived) == count
    assert set(arrived.values()) == {1}


def test_no_sample_is_lost_or_doubled(tmp_path: Path) -> None:
    count = 600
    with LocalStudio() as studio:
        project = studio.add_project()
        fail_some(studio)
        told = kill_twice(Uploading(studio, project, files(tmp_path / "files", count)), count)
        assert_each_is_there_once(project, count)
        failed = sum(request.fault is not None for request in studio.requests)
        assert 0.1 < failed / len(studio.requests) < 0.3
    assert told["failed"] == told["duplicates"] == 0
    assert sum(told.values()) == count
    assert told["skipped"] >= 2 * count // 3 - 100
    assert not (tmp_path / "files.journal").exists()


@pytest.mark.skipif(not IS_LONG, reason="takes a minute: set EI_RUNNER_LONG=1")
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads memory from /proc")
def test_it_costs_little_more_than_the_failures_themselves(tmp_path: Path) -> None:
    count = 10_000
    folder = files(tmp_path / "files", count)
    with LocalStudio() as studio:
        project = studio.add_project()
        looks = tuple(range(count // 5, count, count // 5))
        started = time.monotonic()
        _, memory = Uploading(studio, project, folder).to_its_end(looks)
        undisturbed = time.monotonic() - started
        assert_each_is_there_once(project, count)
    with LocalStudio() as studio:
        project = studio.add_project()
        fail_some(studio)
        started = time.monotonic()
        kill_twice(Uploading(studio, project, folder), count)
        disturbed = time.monotonic() - started
        assert_each_is_there_once(project, count)
    ratio = disturbed / (undisturbed / (1 - SHARE_THAT_FAILS))
    print(f"\n{count} files: {undisturbed:.1f} s, {count / undisturbed:.0f} a second")
    print(f"a fifth fails, killed twice: {disturbed:.1f} s, {ratio:.2f} T0 / (1 - 0.2)")
    print(f"memory: {', '.join(f'{megabytes:.1f}' for megabytes in memory)} MB")
    assert ratio <= 1.5
    assert max(memory) - memory[0] <= 4
