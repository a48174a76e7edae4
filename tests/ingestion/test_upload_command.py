"""`ei-runner upload`: what is typed arrives, each file has its verdict, nothing is sent twice."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import until
from upload_commands import Uploads, write_files

from ei_runner_core.testing.studio import Fault, LocalStudio


@pytest.fixture
def uploads(tmp_path: Path) -> Iterator[Uploads]:
    with LocalStudio() as studio:
        yield Uploads(studio, tmp_path)


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_files_and_folders_arrive_with_what_is_said_about_them(uploads: Uploads) -> None:
    write_files(uploads.folder / "data" / "testing" / "idle", 2)
    write_files(uploads.folder / "data" / "training" / "wave", 2, start=10)
    (uploads.folder / "up.1.csv").write_text("x\n1\n")
    answer = uploads.run("upload", "data", "up.1.csv", "--metadata", "site=Köln")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.startswith("5 uploaded in ")
    found = {s.filename: (s.category, s.label, dict(s.metadata)) for s in uploads.samples}
    site = {"site": "Köln"}
    assert found["0000.csv"] == ("testing", "idle", site)
    assert found["0010.csv"] == ("training", "wave", site)
    assert found["up.1.csv"] == ("training", "up", site)
    assert uploads.state == []


def test_a_project_that_is_named_is_that_of_the_key(uploads: Uploads) -> None:
    path = write_files(uploads.folder, 1) / "0000.csv"
    wanted, other = uploads.project.id, uploads.project.id + 1

    refused = uploads.run("upload", path, "-p", other)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert f"the API key does not open project {other}, but {wanted} (" in refused.stderr
    assert uploads.samples == []

    assert uploads.run("upload", path, "-p", other, "--dry-run").returncode == 0
    assert uploads.run("upload", path, "--project", wanted).returncode == 0
    assert len(uploads.samples) == 1


@pytest.mark.parametrize(
    ("options", "label", "labels"),
    [
        (("--label", "größe 1"), "größe 1", None),
        (("--unlabeled",), None, None),
        (("--labels", "cat", "--labels", "dog"), "0000", ("cat", "dog")),
        (("--labels", "a=1", "--labels", "b=2=3"), "0000", {"a": "1", "b": "2=3"}),
    ],
)
def test_labels_of_all_kinds(uploads: Uploads, options, label, labels) -> None:
    path = write_files(uploads.folder, 1) / "0000.csv"
    answer = uploads.run("upload", path, "--category", "anomaly", *options)
    assert answer.returncode == 0, answer.stderr
    [sample] = uploads.samples
    found = tuple(sample.labels) if isinstance(sample.labels, list) else sample.labels
    assert (sample.category, sample.label, found) == ("anomaly", label, labels)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Missing argument 'PATH...'"),
        (("nowhere",), "'nowhere' does not exist"),
        (("data", "--label", "a", "--unlabeled"), "give one of --label, --labels and --unlabeled"),
        (("data", "--labels", "a", "--labels", "b=1"), "give all --labels as KEY=VALUE, or none"),
        (("data", "--metadata", "site"), "--metadata 'site' is not KEY=VALUE"),
        (("data", "--metadata", "a=1", "--metadata", "a=2"), "--metadata gives 'a' twice"),
        (("data", "--category", "practice"), "'practice' is not one of 'training', 'testing'"),
        (("data", "--dataset-format", "cocoa"), "there is no data set format 'cocoa'"),
        (("plain", "--dataset-format", "coco"), "plain is no coco data set: there is no JSON file"),
        (("plain", "--dataset-format", "yolo"), "there is no text file with boxes for an image"),
        (("plain", "--dataset-format", "voc"), "there is no XML file with an <annotation>"),
        (("plain", "--dataset-format", "bounding-boxes"), "there is no bounding_boxes.labels in"),
        (("plain", "--dataset-format", "plain-csv"), "there is no CSV file with the columns"),
        (("plain", "--dataset-format", "openmv"), "there is no folder with a name such as LABEL"),
        (("plain", "--dataset-format", "info-labels"), "there is no info.labels in plain"),
        (("data", "--to", "moon"), "there is no uploader 'moon'; expected one of: edge-impulse"),
        (("data", "-o", "depth=3"), "edge-impulse has no option 'depth'"),
        (("data", "-o", "api_key=ei_1"), "can be seen in the list of processes"),
        (("data/0000.csv", "data/info.labels"), "data/info.labels lists files beside it"),
        (("data", "--concurrency", "0"), "0 is not in the range 1<=x<=256"),
        (("empty",), "holds no samples"),
    ],
)
def test_wrong_usage_is_one_line_and_sends_nothing(uploads: Uploads, arguments, message) -> None:
    write_files(uploads.folder / "data", 1)
    (uploads.folder / "data" / "info.labels").write_text('{"version": 1, "files": []}')
    write_files(uploads.folder / "plain", 3)
    (uploads.folder / "empty").mkdir()
    answer = uploads.run("upload", *arguments)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert message in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert "ei_1" not in answer.stderr
    assert uploads.studio.requests == []


def test_json_has_a_line_for_each_sample_and_the_sum(uploads: Uploads) -> None:
    folder = write_files(uploads.folder / "data", 2)
    (folder / "2.csv").write_bytes((folder / "0000.csv").read_bytes())
    (folder / "notes.md").touch()
    *found, last = lines(uploads.run("upload", "data", "--json", "--concurrency", "1").stdout)
    assert [(v["file"], v["ok"], v["duplicate"]) for v in found] == [
        ("data/0000.csv", True, False),
        ("data/0001.csv", True, False),
        ("data/2.csv", False, True),
    ]
    assert [v["sample_id"] for v in found[:2]] == [s.id for s in uploads.samples]
    assert last["summary"].pop("seconds") > 0
    assert last["summary"] == {
        "uploaded": 2,
        "duplicates": 1,
        "skipped": 0,
        "failed": 0,
        "total": 3,
        "left_out": 1,
        "place": last["summary"]["place"],
        "dry_run": False,
    }
    assert last["summary"]["place"].startswith(uploads.studio.url)


def test_verdicts_tell_category_label_and_boxes(uploads: Uploads) -> None:
    folder = write_files(uploads.folder / "data" / "testing", 1)
    box = {"label": "car", "x": 0, "y": 0, "width": 2, "height": 3}
    document = {"version": 1, "type": "bounding-box-labels", "boundingBoxes": {"0000.csv": [box]}}
    (folder / "bounding_boxes.labels").write_text(json.dumps(document))
    for options, label in [
        ((), None),
        (("--unlabeled",), False),
        (("--labels", "a=1"), {"a": "1"}),
        (("--labels", "a", "--labels", "b"), ["a", "b"]),
    ]:
        answer = uploads.run("upload", "data", "--json", "--dry-run", *options)
        first, last = lines(answer.stdout)
        assert (first["category"], first["label"], first["boxes"]) == ("testing", label, 1)
        assert last["summary"]["formats"] == {"data": "bounding-boxes"}


def test_a_dry_run_tells_what_would_happen(uploads: Uploads) -> None:
    for number in range(12):
        write_files(uploads.folder / "data" / f"label{number:02}", 1, start=number)
    write_files(uploads.folder / "data" / "label11", 1, start=20)
    kind, counted, total = uploads.run("upload", "data", "--dry-run").stdout.splitlines()
    assert kind == "data: read as folders"
    assert counted.startswith("training: 13 (label11 2, label00 1, ")
    assert counted.endswith("label08 1, and 2 more)")
    assert total.startswith("13 would be uploaded in ")


def test_one_file_that_is_left_out_is_one_file(uploads: Uploads) -> None:
    (write_files(uploads.folder / "data", 1) / "notes.md").touch()
    answer = uploads.run("upload", "data", "--dry-run")
    assert "1 would be uploaded, 1 file left out in " in answer.stdout


def test_a_dry_run_needs_no_key(uploads: Uploads) -> None:
    write_files(uploads.folder / "data", 2)
    answer = uploads.run("upload", "data", "--dry-run", EI_API_KEY="")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.endswith(f", to {uploads.studio.url} (without an API key) (dry run)\n")
    wrong = uploads.run("upload", "data", "--dry-run", EI_API_KEY="nonsense")
    assert wrong.returncode == 2


def test_options_of_uploaders_stay_texts(uploads: Uploads) -> None:
    write_files(uploads.folder / "data", 2)
    answer = uploads.run("upload", "data", "--to", "local-folder", "-o", "path=1")
    assert answer.returncode == 0, answer.stderr
    assert (uploads.folder / "1" / "info.labels").exists()


def test_a_failure_is_a_line_and_an_exit_code(uploads: Uploads) -> None:
    folder = write_files(uploads.folder / "data", 3)
    (folder / "damaged.json").write_text("{")
    answer = uploads.run("upload", "data")
    assert answer.returncode == 1
    assert answer.stderr.startswith("ei-runner: error: data/damaged.json: ")
    assert answer.stderr.count("\n") == 1
    assert answer.stdout.startswith("3 uploaded, 1 failed in ")
    assert len(uploads.samples) == 3
    assert [path.suffix for path in uploads.state] == [".journal"]  # and no lock


def test_what_fails_for_a_while_is_no_failure(uploads: Uploads) -> None:
    write_files(uploads.folder / "data", 4)
    uploads.studio.faults.add(Fault(kind="refuse_json", times=1, skip=2))
    answer = uploads.run("upload", "data", "--concurrency", "1")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert len(uploads.samples) == 4


def test_a_wrong_key_is_one_line(uploads: Uploads) -> None:
    write_files(uploads.folder / "data", 50)
    answer = uploads.run("upload", "data", EI_API_KEY="ei_wrong")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "401 Unauthorized: Invalid API key; check the API key" in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert len(uploads.studio.requests) <= 40


def test_an_error_that_ends_it_is_json_too(uploads: Uploads) -> None:
    write_files(uploads.folder / "data", 2)
    answer = uploads.run("upload", "data", "--json", EI_API_KEY="ei_wrong")
    [line] = lines(answer.stdout)
    assert answer.returncode == 1
    assert line["error"]["type"] == "IngestionError"
    assert line["error"]["message"] in answer.stderr


def test_a_dry_run_looks_at_everything_and_sends_nothing(uploads: Uploads) -> None:
    folder = write_files(uploads.folder / "data", 3)
    with (folder / "large.csv").open("wb") as large:
        large.truncate(100 << 20)
    answer = uploads.run("upload", "data", "--dry-run")
    assert answer.returncode == 1
    assert "'large.csv' has 104857600 bytes" in answer.stderr
    *seen, total = answer.stdout.splitlines()
    assert seen == ["data: read as folders", "training: 3 (label of the file name 3)"]
    assert total.startswith("3 would be uploaded, 1 failed in ")
    assert f", to {uploads.studio.url} (the project of the key" in total
    assert uploads.studio.requests == []
    assert uploads.state == []


def test_what_is_there_is_sent_again_only_if_that_is_wanted(uploads: Uploads) -> None:
    write_files(uploads.folder / "data", 2)
    uploads.run("upload", "data")
    assert uploads.run("upload", "data").stdout.startswith("0 uploaded, 2 there already in")
    assert uploads.run("upload", "data", "--allow-duplicates").returncode == 0
    assert len(uploads.samples) == 4


def test_a_folder_takes_what_a_project_takes(uploads: Uploads) -> None:
    write_files(uploads.folder / "data" / "training" / "wave", 2)
    answer = uploads.run("upload", "data", "--to", "local-folder", "-o", "path=kept")
    assert answer.returncode == 0, answer.stderr
    assert uploads.run("upload", "kept").stdout.startswith("2 uploaded")
    assert [s.label for s in uploads.samples] == ["wave", "wave"]


@pytest.mark.parametrize("names", [("data/*",), ("data/0000.csv", "data/bounding_boxes.labels")])
def test_boxes_beside_files_are_read_with_them(uploads: Uploads, names) -> None:
    folder = write_files(uploads.folder / "data", 1)
    box = {"label": "car", "x": 0, "y": 0, "width": 2, "height": 3}
    document = {"version": 1, "type": "bounding-box-labels", "boundingBoxes": {"0000.csv": [box]}}
    (folder / "bounding_boxes.labels").write_text(json.dumps(document))
    paths = sorted(path for name in names for path in uploads.folder.glob(name))
    assert uploads.run("upload", *paths).returncode == 0
    [sample] = uploads.samples
    assert [dict(found) for found in sample.bounding_boxes or ()] == [box]


def test_boxes_that_are_named_are_not_dropped_for_a_folder_beside_them(uploads: Uploads) -> None:
    write_files(uploads.folder / "top" / "data", 1)
    write_files(uploads.folder / "top", 1, start=5)
    document = {"version": 1, "type": "bounding-box-labels", "boundingBoxes": {"0005.csv": []}}
    (uploads.folder / "top" / "bounding_boxes.labels").write_text(json.dumps(document))
    answer = uploads.run("upload", "top/data", "top/bounding_boxes.labels")
    assert answer.returncode == 0, answer.stderr
    assert {s.filename: s.bounding_boxes for s in uploads.samples}["0005.csv"] == ()


def start_and_stop(uploads: Uploads, number: signal.Signals) -> subprocess.CompletedProcess[bytes]:
    """Stop an upload while the answers to some requests do not come."""
    count = len(uploads.samples)
    uploads.studio.faults.add(Fault(kind="never", skip=10))
    with uploads.start("upload", "data") as process:
        until(lambda: sum(r.fault is not None for r in uploads.studio.requests) >= 20)
        assert len(uploads.samples) - count == 10
        started = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert time.monotonic() - started < 5
    uploads.studio.faults.clear()
    uploads.studio.requests.clear()
    return subprocess.CompletedProcess((), process.returncode, out, err)


def test_ctrl_c_ends_soon_and_the_same_command_goes_on(uploads: Uploads) -> None:
    write_files(uploads.folder / "data", 60)
    answer = start_and_stop(uploads, signal.SIGINT)
    assert (answer.returncode, answer.stdout) == (130, b"")
    said = b"ei-runner: stopped: 10 uploaded; the same command goes on where it stopped"
    assert answer.stderr.strip() == said
    again = uploads.run("upload", "data")
    assert again.stdout.startswith("50 uploaded, 10 arrived before (--fresh sends again)")
    assert len(uploads.samples) == len({s.sha256 for s in uploads.samples}) == 60
    assert uploads.state == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_kill_loses_nothing(uploads: Uploads, number: signal.Signals) -> None:
    write_files(uploads.folder / "data", 60)
    answer = start_and_stop(uploads, number)
    assert (answer.returncode, answer.stdout, answer.stderr) == (-number, b"", b"")
    assert uploads.run("upload", "data", "--json").returncode == 0
    assert len(uploads.samples) == 60
    assert len(uploads.studio.requests) == 50


def test_what_has_arrived_can_be_forgotten(uploads: Uploads) -> None:
    write_files(uploads.folder / "data", 60)
    start_and_stop(uploads, signal.SIGKILL)
    uploads.project.samples.clear()
    uploads.project.store._ids.clear()
    assert uploads.run("upload", "data", "--fresh").stdout.startswith("60 uploaded in")
    assert len(uploads.samples) == 60


def test_copies_that_are_wanted_are_not_doubled_by_a_kill(uploads: Uploads) -> None:
    write_files(uploads.folder / "data", 30)
    uploads.studio.faults.add(Fault(kind="cut_after", skip=10))
    answer = uploads.run("upload", "data", "--allow-duplicates", "--concurrency", "4")
    assert answer.returncode == 1
    uploads.studio.faults.clear()
    assert uploads.run("upload", "data", "--allow-duplicates").returncode == 0
    assert len(uploads.samples) == len({s.sha256 for s in uploads.samples}) == 30


def test_a_journal_can_be_named(uploads: Uploads) -> None:
    write_files(uploads.folder / "data", 2)
    (uploads.folder / "note.txt").write_text("mine")
    answer = uploads.run("upload", "data", "--journal", "note.txt", "--fresh")
    assert answer.returncode == 1
    assert "note.txt is no journal of an upload" in answer.stderr
    assert (uploads.folder / "note.txt").read_text() == "mine"
    assert not (uploads.folder / "note.txt.lock").exists()
    assert uploads.run("upload", "data", "--journal", "state/j").returncode == 0


def test_a_reader_of_verdicts_that_goes_away_is_no_error(uploads: Uploads) -> None:
    write_files(uploads.folder / "data", 200)
    with uploads.start("upload", "data", "--json") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        complaints = process.stderr.read()
        assert process.wait(30) == 141
    assert b"Traceback" not in complaints
    assert b"error" not in complaints
    assert uploads.run("upload", "data").returncode == 0
    assert len(uploads.samples) == 200


def test_a_bar_is_drawn_on_a_terminal_and_leaves_nothing(uploads: Uploads) -> None:
    write_files(uploads.folder / "data", 30)
    ours, theirs = pty.openpty()
    with uploads.start("upload", "data", stderr=theirs, variables={"TERM": "xterm"}) as process:
        os.close(theirs)
        drawn = b""
        try:
            while piece := os.read(ours, 4096):
                drawn += piece
        except OSError:  # the terminal is closed
            pass
        os.close(ours)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert b"/30" in drawn
    assert out.startswith(b"30 uploaded in ")


def test_it_needs_no_stdin(uploads: Uploads) -> None:
    write_files(uploads.folder / "data", 1)
    with uploads.start("upload", "data", stdin=subprocess.DEVNULL) as process:
        assert process.wait(60) == 0
        process.communicate()


PLUGIN = """
from ei_runner_core import Receipt, Uploader, UploaderSpec, hookimpl
from ei_runner_core.authoring import read_options


class Acme(Uploader):
    place = "acme"

    def __init__(self, options):
        read_options("acme", options, {"path": str})
        print("opened")

    def upload(self, sample):
        return Receipt(sample.filename, ok=True)

    def close(self):
        pass


@hookimpl
def ei_runner_uploaders():
    return UploaderSpec("acme", "acme_of_tests:Acme", summary="acme")
"""


@pytest.fixture
def acme(uploads: Uploads, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A plugin with an uploader that has one option."""
    place = tmp_path_factory.mktemp("plugin")
    about = place / "acme_of_tests-1.dist-info"
    about.mkdir()
    (place / "acme_of_tests.py").write_text(PLUGIN)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-of-tests\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[ei_runner]\nacme = acme_of_tests\n")
    uploads.environment["PYTHONPATH"] += os.pathsep + str(place)


@pytest.mark.usefixtures("acme")
def test_a_dry_run_to_any_place_opens_nothing(uploads: Uploads) -> None:
    write_files(uploads.folder / "data", 2)
    answer = uploads.run("upload", "data", "--to", "acme", "--dry-run", "--allow-duplicates")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "opened" not in answer.stdout
    assert answer.stdout.splitlines()[-1].endswith(" s, to acme (dry run)")
    assert "opened" in uploads.run("upload", "data", "--to", "acme").stdout


@pytest.mark.usefixtures("acme")
def test_a_place_that_takes_no_duplicates_says_so(uploads: Uploads) -> None:
    write_files(uploads.folder / "data", 2)
    answer = uploads.run("upload", "data", "--to", "acme", "--allow-duplicates")
    assert answer.returncode == 2
    assert "--allow-duplicates does not go with --to acme: acme has no option" in answer.stderr
