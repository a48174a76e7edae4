"""The journal of an upload: whatever kills the process, it tells what was done and what not."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_core import IngestionError, LabeledBox, Sample
from ei_runner_core.ingestion.identity import identity_of
from ei_runner_core.ingestion.journal import Journal

PLACE = "https://ingestion.example.com project 1"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "upload.journal"


def test_what_arrived_is_known_in_the_next_run(path: Path) -> None:
    with Journal(path, PLACE) as journal:
        assert not journal.begin("a")
        assert not journal.begin("b")
        journal.finish("a")
    with Journal(path, PLACE) as journal:
        assert (journal.is_done("a"), journal.is_done("b")) == (True, False)
        assert (journal.begin("b"), journal.begin("c")) == (True, False)


def test_it_is_private(path: Path) -> None:
    with Journal(path, PLACE):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@given(cut=st.integers(min_value=0))
def test_a_kill_within_a_line_loses_that_line_alone(tmp_path_factory, cut: int) -> None:
    path = tmp_path_factory.mktemp("cut") / "journal"
    with Journal(path, PLACE) as journal:
        for key in "abc":
            journal.begin(key)
            journal.finish(key)
    content = path.read_bytes()
    path.write_bytes(content[: cut % (len(content) + 1)])
    whole = path.read_bytes().splitlines(keepends=True)
    expected = [key for key in "abc" if f'{{"key":"{key}","done":true}}\n'.encode() in whole]
    with Journal(path, PLACE) as journal:
        assert [key for key in "abc" if journal.is_done(key)] == expected
        journal.begin("d")
        journal.finish("d")
    with Journal(path, PLACE) as journal:
        assert journal.is_done("d")


def test_a_journal_of_another_place_is_refused(path: Path) -> None:
    Journal(path, PLACE).close()
    before = path.read_bytes()
    with pytest.raises(IngestionError, match=r"project 1, this one goes to there"):
        Journal(path, "there")
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b'{"journal":99,"place":""}\n', b"\xff\xfe\n"])
def test_a_file_that_is_no_journal_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(content)
    with pytest.raises(IngestionError, match="is no journal of an upload"):
        Journal(path, PLACE)
    assert path.read_bytes() == content


def test_a_file_without_a_whole_line_is_left_alone_too(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_bytes(b"remember the milk")
    with pytest.raises(IngestionError, match="is no journal of an upload"):
        Journal(path, PLACE)
    assert path.read_bytes() == b"remember the milk"


def test_two_processes_cannot_share_it(path: Path) -> None:
    with Journal(path, PLACE):
        code = (
            "import sys; from pathlib import Path; "
            "from ei_runner_core.ingestion.journal import Journal; "
            f"Journal(Path({str(path)!r}), {PLACE!r})"
        )
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        second = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            env=environment,
            timeout=60,
        )
    assert "another process is uploading with the journal" in second.stderr
    Journal(path, PLACE).close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_clear_error(path: Path) -> None:
    journal = Journal(path, PLACE)
    os.dup2(os.open("/dev/full", os.O_WRONLY), journal._file.fileno())
    with pytest.raises(IngestionError, match="journal .*: No space left on device"):
        journal.begin("a")
    journal.close()


def test_a_place_that_cannot_be_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(IngestionError, match="cannot write the journal"):
        Journal(tmp_path / "file" / "journal", PLACE)


def test_a_journal_that_is_done_with_leaves_nothing(path: Path) -> None:
    with Journal(path, PLACE) as journal:
        journal.remove()
    assert list(path.parent.iterdir()) == []


def test_what_is_said_about_a_sample_is_part_of_its_identity(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"x\n1\n")
    samples = [
        Sample("a.csv", path=file),
        Sample("b.csv", path=file),
        Sample("a.csv", path=file, label="up"),
        Sample("a.csv", path=file, category="testing"),
        Sample("a.csv", path=file, metadata={"k": "v"}),
        Sample("a.csv", path=file, bounding_boxes=()),
        Sample("a.csv", path=file, bounding_boxes=(LabeledBox("x", 0, 0, 1, 1),)),
        Sample("a.csv", b"x\n1\n"),
        Sample("a.csv", b"x\n2\n"),
    ]
    assert len({identity_of(sample) for sample in samples}) == len(samples)


def test_the_order_of_metadata_is_not(tmp_path: Path) -> None:
    one = Sample("a", b"", metadata={"a": "1", "b": "2"})
    other = Sample("a", b"", metadata={"b": "2", "a": "1"})
    assert identity_of(one) == identity_of(other)


def test_a_file_that_was_changed_is_another_sample(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"x\n1\n")
    before = identity_of(Sample("a.csv", path=file))
    file.write_bytes(b"x\n1\n2\n")
    assert identity_of(Sample("a.csv", path=file)) != before
