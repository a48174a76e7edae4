"""Lines that break, and what is sent in place of a model."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import pytest
from studio_downloads import DOWNLOAD, RUNNER, files_in, program
from studio_exports import LIBRARY, PROGRAM, bomb, linked, zipped

from ei_runner_core import (
    DeadlineError,
    ModelFormatError,
    StudioError,
)
from ei_runner_core._http import Secret
from ei_runner_core.locate import locate
from ei_runner_core.studio import download
from ei_runner_core.studio.api import Studio
from ei_runner_core.testing.studio import (
    Fault,
    LocalProject,
    LocalStudio,
)

# Lines that break


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="status", status=429, retry_after=0, times=2),
        Fault(kind="status", status=503, retry_after=0, times=2),
        Fault(kind="status", status=500, path="impulses|targets|status|history", times=3),
        Fault(kind="cut_before", times=2),
        Fault(kind="cut_after", path="impulses|status", times=2),
        Fault(kind="cut_body", path="impulses", size=5, times=2),
    ],
    ids=lambda fault: f"{fault.kind} {fault.path}",
)
def test_passing_troubles_are_got_over(
    studio: LocalStudio, project: LocalProject, fault: Fault
) -> None:
    studio.faults.add(fault)
    assert program().path.read_bytes() == PROGRAM
    assert len(project.jobs) == 1


@pytest.mark.parametrize("size", [0, 100, 16384, 100_000, len(PROGRAM) - 1])
def test_a_cut_download_continues_where_it_broke(
    studio: LocalStudio, project: LocalProject, size: int
) -> None:
    studio.faults.add(Fault(kind="cut_body", path=DOWNLOAD, size=size, times=3))
    assert program().path.read_bytes() == PROGRAM
    goes = [r for r in studio.requests if r.path.endswith(DOWNLOAD)]
    assert len(goes) >= (4 if size < 100_000 else 2)
    ranges = [r.headers.get("range") for r in goes[1:]]
    if size >= 16384:
        assert all(asked and asked != "bytes=0-" for asked in ranges)
        assert all(r.headers["if-range"].startswith('"') for r in goes[1:])


def test_a_cut_download_begins_anew_where_parts_are_not_served(
    studio: LocalStudio, project: LocalProject
) -> None:
    project.serves_ranges = False
    studio.faults.add(Fault(kind="cut_body", path=DOWNLOAD, size=100_000, times=2))
    assert program().path.read_bytes() == PROGRAM


def test_a_line_that_always_breaks_is_one_error_and_continues_next_time(
    studio: LocalStudio, project: LocalProject, cache: Path
) -> None:
    project.serves_ranges = False
    studio.faults.add(Fault(kind="cut_body", path=DOWNLOAD, size=100_000))
    with pytest.raises(StudioError, match="was cut 6 times"):
        program()
    assert files_in(cache) == ["download.json", "download.part"]
    studio.faults.clear()
    project.serves_ranges = True
    assert program().path.read_bytes() == PROGRAM
    assert re.fullmatch(r"bytes=\d{5,6}-", studio.requests[-1].headers["range"])
    assert files_in(cache) == ["manifest.json", "model.eim"]


def test_a_part_of_another_file_is_not_continued(
    studio: LocalStudio, project: LocalProject, cache: Path
) -> None:
    studio.faults.add(Fault(kind="cut_body", path=DOWNLOAD, size=50_000, times=1))
    studio.faults.add(Fault(kind="status", status=404, path=DOWNLOAD, times=2))
    with pytest.raises(StudioError):
        program()
    assert "download.part" in files_in(cache)
    other = b"\x7fELF" + PROGRAM[:3:-1]
    project.deployments[:] = []
    project.add_deployment(RUNNER, other, model_type="float32", version=1)
    assert program().path.read_bytes() == other


def test_a_silent_download_ends_at_the_deadline(
    studio: LocalStudio, project: LocalProject, cache: Path
) -> None:
    studio.faults.add(Fault(kind="never", path=DOWNLOAD))
    with pytest.raises(DeadlineError):
        program(timeout=0.6)
    assert not list(cache.rglob("model.eim"))


def test_a_download_that_trickles_ends_at_the_deadline(
    studio: LocalStudio, project: LocalProject
) -> None:
    studio.faults.add(Fault(kind="slow", path=DOWNLOAD, size=100, seconds=0.05))
    with pytest.raises(DeadlineError, match="the next one continues at"):
        program(timeout=0.6)


# What is sent


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (LIBRARY[: len(LIBRARY) // 2], "is not a readable zip"),
        (LIBRARY[:200] + bytes(200) + LIBRARY[400:], "cannot"),
        (bomb(), "zip bomb"),
        (zipped({"../evil.h": b"x"}), "leads out of the archive"),
        (zipped({"/etc/evil.h": b"x"}), "leads out of the archive"),
        (linked(), "symbolic link"),
        (zipped({"readme.txt": b"x"}), "is no C\\+\\+ library"),
        (b"", "it is empty"),
        (b"<html>", "is no zip"),
    ],
    ids=["cut", "flipped", "bomb", "up", "absolute", "link", "other", "empty", "page"],
)
def test_a_bad_zip_is_one_error_and_leaves_nothing(
    project: LocalProject, content: bytes, message: str, cache: Path, tmp_path: Path
) -> None:
    project.builds["zip"] = content
    before = files_in(tmp_path)
    with pytest.raises(ModelFormatError, match=message) as caught:
        download(form="library")
    assert "\n" not in str(caught.value)
    assert files_in(tmp_path) == before
    project.add_deployment("zip", LIBRARY, model_type="float32")
    assert locate(download(form="library").path).kind == "cpp-export"


@pytest.mark.parametrize("content", [b"", b"<!DOCTYPE html>", b'{"success": false}', b"\0" * 99])
def test_what_is_no_program_is_never_kept_as_one(
    project: LocalProject, content: bytes, cache: Path
) -> None:
    project.builds[RUNNER] = content
    with pytest.raises(ModelFormatError, match="is no program"):
        program()
    assert not files_in(cache)


@pytest.mark.parametrize(
    ("kind", "message"),
    [("not_json", "a page .text/html"), ("refuse_json", "an error: not today")],
)
def test_a_page_in_place_of_a_file_is_told(
    studio: LocalStudio, project: LocalProject, kind: str, message: str, cache: Path
) -> None:
    studio.faults.add(Fault(kind=kind, path=DOWNLOAD, reason="not today"))  # type: ignore[arg-type]
    with pytest.raises(StudioError, match=message):
        program()
    assert not files_in(cache)


@pytest.mark.parametrize("path", ["impulses", "targets", "model-variants", "deployment", "status"])
@pytest.mark.parametrize("kind", ["refuse_json", "not_json", "corrupt"])
def test_an_answer_that_is_none_is_one_error(
    studio: LocalStudio, project: LocalProject, path: str, kind: str, cache: Path
) -> None:
    studio.faults.add(Fault(kind=kind, path=path, reason="not today"))  # type: ignore[arg-type]
    with pytest.raises(StudioError) as caught:
        program()
    assert "\n" not in str(caught.value)
    assert "not today" in str(caught.value) or kind != "refuse_json"
    assert not files_in(cache)


def test_a_reason_in_place_of_a_file_does_not_show_the_key(
    studio: LocalStudio, project: LocalProject
) -> None:
    studio.faults.add(Fault(kind="refuse_json", path=DOWNLOAD, reason=f"no {project.api_key}"))
    with pytest.raises(StudioError, match=r"no file but an error: no \*\*\*") as caught:
        program()
    assert project.api_key not in str(caught.value)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="status", status=410, path=f"history/1{DOWNLOAD}"),
        Fault(kind="refuse_json", path=f"history/1{DOWNLOAD}", reason="build 1 was deleted"),
    ],
    ids=["410", "success false"],
)
def test_a_version_that_is_asked_for_is_never_replaced_by_another(
    studio: LocalStudio, project: LocalProject, cache: Path, fault: Fault
) -> None:
    project.add_deployment(RUNNER, PROGRAM, model_type="float32", version=1)
    project.add_deployment(RUNNER, PROGRAM + b"newer", model_type="float32", version=2)
    studio.faults.add(fault)
    with pytest.raises(StudioError):
        program(version=1)
    assert not list(cache.rglob("model.eim"))


def test_the_newest_build_of_another_kind_is_not_taken(
    studio: LocalStudio, project: LocalProject, cache: Path
) -> None:
    studio.faults.add(Fault(kind="status", status=404, path="deployment/history$"))
    api = Studio(studio.url + "/v1", Secret(project.api_key), deadline=time.monotonic() + 30)
    project.add_deployment("zip", b"PK", model_type="int8", version=12)
    with api:
        kind = ("tflite", "float32")
        assert api._version_in_history(project.id, 1, RUNNER, kind) is None
        assert api._version_in_history(project.id, 1, "zip", ("tflite", "int8")) == 12


def test_a_program_for_another_machine_is_refused(
    project: LocalProject, cache: Path, tmp_path: Path
) -> None:
    arm = bytearray(Path(sys.executable).resolve().read_bytes()[:4096])
    if arm[:4] != b"\x7fELF":
        pytest.skip("not on Linux")
    arm[18:20] = (183).to_bytes(2, "little") if arm[18] != 183 else (62).to_bytes(2, "little")
    project.add_deployment(RUNNER, bytes(arm), model_type="float32", version=1)
    target = RUNNER if arm[18] == 183 else "runner-linux-aarch64"
    if target != RUNNER:
        project.add_deployment(target, bytes(arm), model_type="float32", version=2)
    with pytest.raises(ModelFormatError, match=f"it is a program for .*, not for {target}"):
        download(form="eim", target=target)
    assert not list(cache.rglob("model.eim"))
