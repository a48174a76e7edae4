"""Several processes, and those that end in the middle."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import until
from studio_downloads import BUILD, DOWNLOAD, RUNNER, count, files_in, program
from studio_exports import PROGRAM

from ei_runner_core import (
    DeadlineError,
)
from ei_runner_core.testing.studio import (
    Fault,
    LocalBuild,
    LocalProject,
    LocalStudio,
)

Start = Callable[..., "subprocess.Popen[str]"]


def test_two_processes_share_one_build_and_one_download(
    studio: LocalStudio, project: LocalProject, start: Start
) -> None:
    project.builds[RUNNER] = LocalBuild(PROGRAM, seconds=0.5)
    arguments = ["download", "--form", "eim", "--target", RUNNER, "--json"]
    answers = [p.communicate(timeout=60) for p in [start(arguments), start(arguments)]]
    models = [json.loads(out) for out, _ in answers]
    assert models[0]["path"] == models[1]["path"]
    assert sorted(model["cached"] for model in models) == [False, True]
    assert (count(studio, BUILD), count(studio, DOWNLOAD)) == (1, 1)


def test_a_download_waits_for_another_one_no_longer_than_it_may(
    project: LocalProject, cache: Path
) -> None:
    import filelock

    program()
    (lock,) = (cache / ".locks").iterdir()
    shutil.rmtree(next(cache.glob("127*")))
    with filelock.FileLock(lock), pytest.raises(DeadlineError, match="another process"):
        program(timeout=0.3)


def test_a_killed_download_continues(
    studio: LocalStudio, project: LocalProject, start: Start, cache: Path
) -> None:
    studio.faults.add(Fault(kind="slow", path=DOWNLOAD, size=20_000, seconds=0.1, times=1))
    process = start(["download", "--form", "eim", "--target", RUNNER])
    parts = lambda: [p for p in cache.rglob("download.part") if p.stat().st_size > 30_000]  # noqa: E731
    until(parts)
    process.kill()
    process.communicate()
    assert not list(cache.rglob("model.eim"))
    assert program().path.read_bytes() == PROGRAM
    assert "range" in studio.requests[-1].headers
    assert files_in(cache) == ["manifest.json", "model.eim"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_cancels_the_build_and_ends_quietly(
    studio: LocalStudio,
    project: LocalProject,
    start: Start,
    cache: Path,
    number: signal.Signals,
    code: int,
) -> None:
    project.builds[RUNNER] = LocalBuild(PROGRAM, seconds=3600)
    process = start(
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from ei_runner_core.cli import main\n"
        f"sys.exit(main(['download', '--form', 'eim', '--target', '{RUNNER}']))"
    )
    until(lambda: count(studio, "/stdout"))
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (code, "")
    assert "Traceback" not in err
    assert [job.is_canceled for job in project.jobs.values()] == [True]
    assert not files_in(cache)


def test_a_full_disk_is_one_error_that_names_the_cache(
    project: LocalProject, start: Start, cache: Path
) -> None:
    process = start(
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "from ei_runner_core.cli import main\n"
        f"sys.exit(main(['download', '--form', 'eim', '--target', '{RUNNER}']))"
    )
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert f"cannot write to the cache {cache}: File too large" in err
    assert "EI_RUNNER_CACHE" in err
    assert not files_in(cache)
