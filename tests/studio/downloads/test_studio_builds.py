"""Build jobs are watched, and end when nobody waits for them any more."""

from __future__ import annotations

from pathlib import Path

import pytest
from studio_downloads import BUILD, RUNNER, files_in, program
from studio_exports import PROGRAM

from ei_runner_core import (
    DeadlineError,
    StudioError,
)
from ei_runner_core.studio import Progress, builds
from ei_runner_core.testing.studio import (
    Fault,
    LocalBuild,
    LocalProject,
    LocalStudio,
)


def test_a_failed_job_shows_the_end_of_its_log(project: LocalProject, cache: Path) -> None:
    lines = [f"line {i}" for i in range(30)]
    project.builds[RUNNER] = LocalBuild(log=lines, fails=True)
    seen: list[Progress] = []
    with pytest.raises(StudioError, match=r"build job \d+ .* failed; .*line 28 \| line 29$"):
        program(on_progress=seen.append)
    assert [s.message for s in seen if s.stage == "log"] == lines
    assert not files_in(cache)


def test_a_slow_job_is_waited_for_and_its_log_shown_once(project: LocalProject) -> None:
    project.builds[RUNNER] = LocalBuild(PROGRAM, log=["a", "b", "c", "d"], seconds=0.9)
    seen: list[Progress] = []
    assert program(on_progress=seen.append).version == 1
    assert [s.message for s in seen if s.stage == "log"] == ["a", "b", "c", "d"]


def test_a_job_that_takes_too_long_is_cancelled(project: LocalProject, cache: Path) -> None:
    project.builds[RUNNER] = LocalBuild(PROGRAM, seconds=3600)
    with pytest.raises(DeadlineError, match="was cancelled: .* allow more time"):
        program(timeout=0.4)
    assert [job.is_canceled for job in project.jobs.values()] == [True]
    assert not files_in(cache)


def test_an_interrupted_wait_cancels_the_job(project: LocalProject) -> None:
    project.builds[RUNNER] = LocalBuild(PROGRAM, polls=1000, log=["x"])

    def interrupt(step: Progress) -> None:
        if step.stage == "log":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        program(on_progress=interrupt)
    assert [job.is_canceled for job in project.jobs.values()] == [True]


def test_a_build_of_unknown_outcome_is_not_started_twice(
    studio: LocalStudio, project: LocalProject
) -> None:
    studio.faults.add(Fault(kind="cut_after", path=BUILD, times=1))
    with pytest.raises(StudioError, match="nobody knows whether the build was started"):
        program()
    assert len(project.jobs) == 1


def test_a_log_that_never_comes_keeps_no_build_from_being_done(
    studio: LocalStudio, project: LocalProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builds, "_SECONDS_FOR_LOG", 0.2)
    project.builds[RUNNER] = LocalBuild(PROGRAM, log=["a"])
    studio.faults.add(Fault(kind="never", path="stdout"))
    assert program().version == 1


@pytest.mark.parametrize("fails", [False, True])
def test_a_key_in_the_log_is_not_shown(project: LocalProject, fails: bool) -> None:
    project.builds[RUNNER] = LocalBuild(PROGRAM, log=[f"using {project.api_key}"], fails=fails)
    seen: list[Progress] = []
    if fails:
        with pytest.raises(StudioError) as caught:
            program(on_progress=seen.append)
        assert project.api_key not in str(caught.value)
    else:
        program(on_progress=seen.append)
    assert [s.message for s in seen if s.stage == "log"] == ["using ***"]
