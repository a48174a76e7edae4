"""Models that are kept need no network."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest
from studio_downloads import BUILD, RUNNER, count, program
from studio_exports import PROGRAM

from ei_runner_core import (
    InvalidInputError,
    ModelNotFoundError,
    StudioError,
)
from ei_runner_core.studio import download, downloading
from ei_runner_core.testing.studio import (
    Fault,
    LocalImpulse,
    LocalProject,
    LocalStudio,
)


def test_what_is_kept_runs_offline(
    studio: LocalStudio, project: LocalProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = program()
    studio.close()
    assert program(offline=True).path == kept.path
    monkeypatch.delenv("EI_API_KEY")
    monkeypatch.setenv("EI_RUNNER_OFFLINE", "1")
    assert program().path == kept.path
    monkeypatch.delenv("EI_PROJECT_ID")
    assert program().path == kept.path


def test_offline_takes_the_newest_that_fits(project: LocalProject) -> None:
    project.impulses.append(LocalImpulse(id=2, name="second"))
    for choices in ({}, {"refresh": True}, {"variant": "int8"}, {"impulse": 2}):
        program(**choices)
    versions = [
        program(offline=True, **choices).version
        for choices in ({}, {"variant": "float32"}, {"impulse": "second"}, {"version": 1})
    ]
    assert versions == [3, 2, 4, 1]


def test_offline_with_nothing_kept_is_one_clear_error(
    studio: LocalStudio, project: LocalProject
) -> None:
    with pytest.raises(ModelNotFoundError, match="offline .* forbids to ask Studio"):
        program(offline=True)
    assert not studio.requests


@pytest.mark.parametrize("kind", ["closed", "out of order", "silent"])
def test_a_kept_model_is_used_with_a_warning_while_studio_is_away(
    studio: LocalStudio,
    project: LocalProject,
    kind: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = program()
    monkeypatch.setattr(downloading, "_SECONDS_TO_PROBE", 0.3)
    if kind == "closed":
        studio.close()
    else:
        studio.faults.add(Fault(kind="status" if kind == "out of order" else "never"))
    assert program().path == kept.path
    assert caplog.text.count("Studio cannot be reached") == 1
    assert "using version 1" in caplog.text


def test_an_outage_without_a_kept_model_is_one_clear_error(
    studio: LocalStudio, project: LocalProject
) -> None:
    studio.close()
    with pytest.raises(StudioError, match="no connection: Connection refused"):
        program()


def test_a_pinned_version_needs_no_network(
    studio: LocalStudio, project: LocalProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.add_deployment(RUNNER, PROGRAM, version=3)
    project.add_deployment(RUNNER, b"\x7fELFnewer", version=4)
    assert program(version=3).version == 3
    monkeypatch.delenv("EI_API_KEY")
    asked = len(studio.requests)
    pinned = program(version=3)
    assert (pinned.version, pinned.was_cached) == (3, True)
    assert len(studio.requests) == asked
    assert count(studio, BUILD) == 0


def test_a_pinned_version_must_be_what_is_asked_for(project: LocalProject) -> None:
    project.add_deployment(RUNNER, PROGRAM, version=3)
    with pytest.raises(InvalidInputError, match="the variant 'int8', not 'float32'"):
        program(version=3, variant="float32")
    with pytest.raises(InvalidInputError, match="was built for 'runner-linux-x86_64'"):
        download(form="library", version=3)


def test_a_damaged_entry_is_downloaded_again(studio: LocalStudio, project: LocalProject) -> None:
    path = program().path
    path.write_bytes(PROGRAM[:1000])
    assert not program().was_cached
    assert path.read_bytes() == PROGRAM
    (path.parent / "manifest.json").write_text("{")
    assert program().path.read_bytes() == PROGRAM


def test_what_is_kept_is_found_without_the_libraries_of_the_network(
    project: LocalProject, start: Callable[..., subprocess.Popen[str]]
) -> None:
    program()
    process = start(
        "import sys; from ei_runner_core.studio import download\n"
        f"download(form='eim', target='{RUNNER}', version=1)\n"
        "print({'requests', 'urllib3', 'rich', 'numpy', 'filelock'} & set(sys.modules))"
    )
    assert process.communicate(timeout=60) == ("set()\n", "")


def test_offline_the_project_of_the_login_is_meant(
    studio: LocalStudio, project: LocalProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ei_runner_core._http import Hosts, Secret
    from ei_runner_core.credentials import Login, remember_login

    other = studio.add_project()
    other.builds[RUNNER] = PROGRAM
    program(project=other.id, api_key=other.api_key)
    program()
    monkeypatch.delenv("EI_PROJECT_ID")
    monkeypatch.delenv("EI_API_KEY")
    with pytest.raises(ModelNotFoundError, match="models of 2 projects .10001, 10002."):
        program(offline=True)
    remember_login(Hosts.find().studio, Login(Secret(other.api_key), other.id))
    assert program(offline=True).project_id == other.id


def test_a_short_outage_is_no_reason_to_use_an_old_model(
    studio: LocalStudio, project: LocalProject, caplog: pytest.LogCaptureFixture
) -> None:
    program()
    project.add_deployment(RUNNER, PROGRAM, model_type="float32")
    studio.faults.add(Fault(kind="status", status=503, retry_after=0, times=3))
    assert program().version == 2
    assert not [r for r in caplog.records if r.levelname == "WARNING"]
