"""The built-in uploaders keep the promises of all uploaders, and those of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ei_runner_core import (
    UNLABELED,
    IngestionError,
    InvalidInputError,
    LabeledBox,
    LabelSpan,
    PluginError,
    Sample,
    Uploader,
)
from ei_runner_core.ingestion import upload_all
from ei_runner_core.ingestion.datasets import read_dataset
from ei_runner_core.testing import UploaderSuite
from ei_runner_core.testing.studio import LocalStudio
from ei_runner_core.testing.studio.samples import StoredSample
from ei_runner_core.testing.uploader_samples import DESCRIBED, PLAIN, differences
from ei_runner_core.uploaders import open_uploader

KEY = "ei_0123456789abcdef"


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalStudio]:
    with LocalStudio() as studio:
        studio.add_project(api_key=KEY)
        for name, value in studio.environment.items():
            monkeypatch.setenv(name, value)
        yield studio


def stored_in(studio: LocalStudio) -> list[StoredSample]:
    [project] = studio.projects.values()
    return project.samples


def as_sample(stored: StoredSample, folder: Path) -> Sample:
    """What the project holds, in our own terms."""
    folder.mkdir(exist_ok=True)
    for name, content in stored.attachments.items():
        (folder / name).write_bytes(content)
    spans = stored.structured_labels
    return Sample(
        stored.filename,
        stored.content,
        label=UNLABELED if stored.label is None else stored.labels or stored.label,
        category=stored.category,
        metadata=stored.metadata,
        bounding_boxes=None
        if stored.bounding_boxes is None
        else tuple(LabeledBox(**box) for box in stored.bounding_boxes),
        structured_labels=tuple(
            LabelSpan(s["startIndex"], s["endIndex"], s["label"], s.get("labelMap") or {})
            for s in spans
        ),
        attachments=tuple(folder / name for name in stored.attachments),
    )


class TestEdgeImpulse(UploaderSuite):
    uploader = "edge-impulse"

    @pytest.fixture(autouse=True)
    def _local(self, studio: LocalStudio, tmp_path_factory: pytest.TempPathFactory) -> None:
        self.studio, self.folder = studio, tmp_path_factory.mktemp("arrived")

    def settings(self, folder: Path) -> dict[str, Any]:
        return {"api_key": KEY}

    def stored(self, settings: Any, sample: Sample) -> Sample | None:
        found = [s for s in stored_in(self.studio) if s.filename == sample.filename]
        return as_sample(found[0], self.folder) if found else None


class TestLocalFolder(UploaderSuite):
    uploader = "local-folder"

    def settings(self, folder: Path) -> dict[str, Any]:
        return {"path": str(folder)}

    def stored(self, settings: Any, sample: Sample) -> Sample | None:
        if not Path(settings["path"], sample.category).exists():
            return None
        found = read_dataset(Path(settings["path"]))
        return next((s for s in found if s.filename == sample.filename), None)


@pytest.mark.parametrize("kind", ["edge-impulse", "local-folder"])
def test_a_dry_run_sends_nothing_and_finds_what_cannot_be_sent(
    kind: str, studio: LocalStudio, tmp_path: Path
) -> None:
    place = {"path": tmp_path / "there"} if kind == "local-folder" else {"api_key": KEY}
    uploader = open_uploader(kind, {**place, "dry_run": True})
    receipt = uploader.upload(Sample("a.csv", b"x\n1\n"))
    assert receipt.ok
    assert "dry run" in receipt.message
    with pytest.raises(InvalidInputError, match="category"):
        uploader.upload(Sample("a.csv", b"x\n1\n", category="practice"))
    uploader.close()
    assert studio.requests == []
    assert not (tmp_path / "there").exists()


@pytest.mark.parametrize("kind", ["edge-impulse", "local-folder"])
def test_duplicates_are_refused_unless_they_are_wanted(
    kind: str, studio: LocalStudio, tmp_path: Path
) -> None:
    place = {"path": tmp_path} if kind == "local-folder" else {"api_key": KEY}
    one, twin = Sample("a.csv", b"x\n1\n"), Sample("b.csv", b"x\n1\n", label="up")

    def receipts(**options: Any) -> list[tuple[bool, bool]]:
        uploader = open_uploader(kind, {**place, **options})
        found = [uploader.upload(one), uploader.upload(twin), uploader.upload_again(twin)]
        uploader.close()
        return [(receipt.ok, receipt.is_duplicate) for receipt in found]

    assert receipts() == [(True, False), (False, True), (False, True)]
    assert receipts(allow_duplicates="yes") == [(True, False), (True, False), (False, True)]
    assert receipts(allow_duplicates=0) == [(False, True), (False, True), (False, True)]


def test_what_a_folder_keeps_can_be_uploaded_as_it_was(studio: LocalStudio, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("windy")
    sent = [*PLAIN.values(), *DESCRIBED.values()]
    sent += [Sample("att.csv", b"x\n77\n", label="up", attachments=(note,))]
    folder = open_uploader("local-folder", {"path": tmp_path / "kept"})
    assert all(folder.upload(sample).ok for sample in sent)
    folder.close()
    read = list(read_dataset(tmp_path / "kept"))
    assert [differences(*pair) for pair in zip(sent, read, strict=True)] == [{}] * len(sent)
    assert [one.label for one in read[:1]] == [None]
    project = open_uploader("edge-impulse", {"api_key": KEY})
    taken = [sample for sample in read if project.upload(sample).ok]
    project.close()
    arrived = [as_sample(stored, tmp_path / "arrived") for stored in stored_in(studio)]
    assert [differences(*pair) for pair in zip(taken, arrived, strict=True)] == [{}] * len(arrived)
    assert len(taken) >= len(sent) - 1  # Studio takes no empty file


def test_samples_of_one_name_have_files_of_their_own(tmp_path: Path) -> None:
    folder = open_uploader("local-folder", {"path": tmp_path})
    samples = [Sample("a.csv", f"x\n{i}\n".encode(), label=f"l{i}") for i in range(5)]
    assert all(folder.upload(sample).ok for sample in samples)
    folder.close()
    read = list(read_dataset(tmp_path))
    assert [(s.filename, s.label, s.read()) for s in read] == [
        (s.filename, s.label, s.content) for s in samples
    ]


def test_a_file_that_a_killed_process_left_is_no_sample(tmp_path: Path) -> None:
    """It was killed between the file and its entry in info.labels."""
    sample = Sample("a.csv", b"x\n1\n", label="up")
    open_uploader("local-folder", {"path": tmp_path}).close()
    (tmp_path / "training").mkdir()
    (tmp_path / "training" / "a.csv").write_bytes(b"x\n1\n")
    (tmp_path / "training" / ".part").write_bytes(b"x\n")
    folder = open_uploader("local-folder", {"path": tmp_path})
    assert folder.upload(sample).ok
    folder.close()
    [read] = read_dataset(tmp_path)
    assert differences(sample, read) == {}
    assert [p.name for p in (tmp_path / "training").iterdir()] == ["a.csv"]


def test_the_journal_of_a_dry_run_is_not_taken_for_one_of_uploads(tmp_path: Path) -> None:
    gone = Sample("gone.csv", path=tmp_path / "gone.csv")
    samples = [Sample("a.csv", b"x\n1\n"), gone]
    journal, options = tmp_path / "journal", {"path": tmp_path / "kept"}
    dry = open_uploader("local-folder", {**options, "dry_run": True})
    assert upload_all(dry, samples, journal=journal).failed == 1
    real = open_uploader("local-folder", options)
    with pytest.raises(IngestionError, match=r"\(dry run\), this one goes to"):
        upload_all(real, samples, journal=journal)
    dry.close()
    real.close()


def test_two_cannot_write_to_one_folder(tmp_path: Path) -> None:
    first = open_uploader("local-folder", {"path": tmp_path})
    with pytest.raises(IngestionError, match="another process writes to"):
        open_uploader("local-folder", {"path": tmp_path})
    first.close()
    open_uploader("local-folder", {"path": tmp_path}).close()


@pytest.mark.parametrize("options", [{}, {"dry_run": True}])
def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, options: Any) -> None:
    (tmp_path / "training").mkdir()
    with pytest.raises(IngestionError, match="holds training but no info.labels"):
        open_uploader("local-folder", {"path": tmp_path, **options})
    assert {path.name for path in tmp_path.iterdir()} <= {"training", ".ei-runner.lock"}


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(IngestionError, match="cannot use the folder"):
        open_uploader("local-folder", {"path": tmp_path / "file" / "folder"})


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("local-folder", {}, "needs the option path"),
        ("local-folder", {"path": 5}, "path"),
        ("local-folder", {"path": ".", "dry_run": "perhaps"}, "true or false"),
        ("edge-impulse", {"api_key": b"ei_0123"}, "the option api_key is a bytes, expected a text"),
        ("edge-impulse", {"api_key_file": ""}, "a path"),
        ("edge-impulse", {"project": "mine"}, "the option project is 'mine', expected the id of a"),
        ("local-folder", {"path": ".", "project": 5}, "no option 'project'"),
        ("edge_impulse", {}, "there is no uploader 'edge_impulse'; expected one of: edge-impulse"),
    ],
)
def test_wrong_options_are_one_clear_error(
    kind: str, options: Any, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidInputError, match=message) as caught:
        open_uploader(kind, options)
    assert "0123" not in str(caught.value)


def test_a_plugin_that_makes_something_else_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ei_runner_core.plugins.load_target", lambda spec: lambda options: 3)
    with pytest.raises(PluginError, match="its target made 3, expected an Uploader"):
        open_uploader("local-folder", {"path": "."})


def test_an_uploader_that_knows_no_better_sends_again() -> None:
    class Plain(Uploader):
        def upload(self, sample: Sample) -> Any:
            return sample

        def close(self) -> None:
            pass

    sample = Sample("a", b"")
    assert Plain().upload_again(sample) is sample
