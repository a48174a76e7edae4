"""`ei-runner collect`: a stream of readings arrives as signed samples, none of it in silence."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import until
from upload_commands import KEY, Uploads

from ei_runner_core.testing.studio import Fault, LocalStudio

WALK = "timestamp,accX,accY\n" + "".join(f"{20 * i},{i},{-i}\n" for i in range(6))


@pytest.fixture
def uploads(tmp_path: Path) -> Iterator[Uploads]:
    with LocalStudio() as studio:
        yield Uploads(studio, tmp_path)


def payloads(uploads: Uploads) -> list[dict[str, Any]]:
    samples = sorted(uploads.samples, key=lambda sample: sample.filename)
    return [json.loads(sample.content)["payload"] for sample in samples]


def test_a_stream_is_cut_signed_and_uploaded(uploads: Uploads) -> None:
    answer = uploads.run(
        "collect", "--readings", "3", "--name", "walk", "--label", "größe", "--device", "ab:cd",
        "--axes", "accY:m/s2,accX", "--metadata", "who=ann", stdin=WALK,
        EI_HMAC_KEY=uploads.project.hmac_key,
    )  # fmt: skip
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.startswith("2 uploaded in ")
    assert sorted(s.filename for s in uploads.samples) == ["walk.00001.json", "walk.00002.json"]
    for sample in uploads.samples:
        assert sample.has_valid_signature
        assert (sample.label, sample.category) == ("größe", "training")
        assert dict(sample.metadata) == {"who": "ann"}
    first, second = payloads(uploads)
    assert first["values"] == [[0, 0], [-1, 1], [-2, 2]]
    assert second["values"] == [[-3, 3], [-4, 4], [-5, 5]]
    assert first["interval_ms"] == 20
    assert first["device_name"] == "ab:cd"
    units = [{"name": "accY", "units": "m/s2"}, {"name": "accX", "units": "N/A"}]
    assert first["sensors"] == units


def test_it_reads_a_file_and_json_lines_and_sends_cbor(uploads: Uploads) -> None:
    pytest.importorskip("cbor2", reason="CBOR needs the extra cbor")
    lines = "\ufeff" + "".join(json.dumps({"x": i}) + "\n" for i in range(4))
    (uploads.folder / "x.jsonl").write_text(lines, "utf-8")
    options = ("--frequency", "100", "--length", "20", "--cbor", "--json", "--unlabeled")
    answer = uploads.run("collect", "x.jsonl", *options)
    assert answer.returncode == 0, answer.stderr
    *found, last = map(json.loads, answer.stdout.splitlines())
    assert sorted(v["file"] for v in found) == ["sample.00001.cbor", "sample.00002.cbor"]
    assert last["summary"]["uploaded"] == 2
    assert [s.label for s in uploads.samples] == [None, None]


def test_only_as_many_as_wanted(uploads: Uploads) -> None:
    options = ("--interval", "10", "--readings", "2", "--step", "1", "--samples", "3")
    answer = uploads.run("collect", *options, stdin=WALK)
    assert answer.stdout.startswith("3 uploaded")
    assert [p["values"][0][0] for p in payloads(uploads)] == [0, 1, 2]


def test_what_makes_no_whole_sample_is_told(uploads: Uploads) -> None:
    answer = uploads.run("collect", "--readings", "4", stdin=WALK)
    assert answer.returncode == 0
    assert answer.stderr == (
        "ei-runner: the end of the stream, 2 readings, makes no whole sample and is left out\n"
    )


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        ((), WALK, "give --length or --readings"),
        (("--length", "100"), WALK, "--length needs --interval or --frequency"),
        (("--length", "1", "--interval", "2"), WALK, "--length 1 is 0.5 readings"),
        (("--readings", "2", "--interval", "1", "--frequency", "1"), WALK, "not both"),
        (("--readings", "2", "--frequency", "0"), WALK, "--frequency 0 is not more than 0"),
        (("--readings", "2", "--interval", "nan"), WALK, "the interval is nan ms"),
        (("--readings", "2", "--axes", "accZ"), WALK, "no axis 'accZ'; it has timestamp, accX"),
        (("--readings", "2"), "", "the stream ended before the first reading"),
        (("--readings", "9"), WALK, "the stream ended after 6 readings, a sample has 9"),
        (("--readings", "2"), "x\n1\n2\n", "does not tell the time between its readings"),
        (("--readings", "2", "nowhere.csv"), "", "cannot read nowhere.csv: No such file"),
        (("--readings", "2", "."), "", "cannot read .: Is a directory"),
    ],
)
def test_wrong_usage_is_one_line(uploads: Uploads, arguments, stdin, message) -> None:
    answer = uploads.run("collect", *arguments, stdin=stdin)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert message in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert uploads.samples == []


def test_a_bad_line_ends_it_after_what_was_complete(uploads: Uploads) -> None:
    answer = uploads.run("collect", "--readings", "2", stdin=WALK + "120,up,1\n")
    assert answer.returncode == 2
    assert answer.stdout.startswith("3 uploaded in ")
    assert answer.stderr.splitlines() == [
        "ei-runner: 3 uploaded before it failed; what was not complete is lost",
        "ei-runner: error: line 8: accX is 'up', expected a finite number",
    ]
    assert len(uploads.samples) == 3


def test_a_bad_line_is_json_after_the_sum(uploads: Uploads) -> None:
    answer = uploads.run("collect", "--readings", "2", "--json", stdin=WALK + "120,up,1\n")
    *verdicts, total, last = map(json.loads, answer.stdout.splitlines())
    assert [verdict["ok"] for verdict in verdicts] == [True, True, True]
    assert total["summary"]["uploaded"] == 3
    assert last["error"]["type"] == "InvalidInputError"


def test_bad_lines_can_be_left_out_and_are_counted(uploads: Uploads) -> None:
    stream = "Booting sensor...\nReady.\n0,0\n1,\n1,1\nwatchdog\n2,2\n3,3\n"
    options = ("--readings", "2", "--interval", "10", "--axes", "a,b", "--skip-bad-lines")
    answer = uploads.run("collect", *options, stdin=stream)
    assert answer.returncode == 0
    assert answer.stdout.startswith("2 uploaded, 4 lines left out in ")
    assert answer.stderr.splitlines()[2:] == [
        "ei-runner: left out line 4: b is '', expected a finite number",
        "ei-runner: left out line 6 has 1 values, expected 2 (a, b): watchdog",
    ]
    assert [p["values"] for p in payloads(uploads)] == [[[0, 0], [1, 1]], [[2, 2], [3, 3]]]


def test_words_before_json_can_be_left_out(uploads: Uploads) -> None:
    stream = 'Booting sensor...\n{"x": 1}\n{"x": 2}\n{"x"\n'
    options = ("--readings", "2", "--interval", "10", "--json", "--skip-bad-lines")
    answer = uploads.run("collect", *options, stdin=stream)
    assert json.loads(answer.stdout.splitlines()[-1])["summary"]["left_out"] == 2
    assert [p["values"] for p in payloads(uploads)] == [[[1], [2]]]


@pytest.mark.parametrize("line", ["Booting sensor...", "x y", "0.1\tup"])
@pytest.mark.parametrize("axes", [(), ("--axes", "a,b")])
def test_a_first_line_of_words_says_what_is_expected(uploads: Uploads, line, axes) -> None:
    answer = uploads.run("collect", "--readings", "1", "--interval", "1", *axes, stdin=f"{line}\n")
    assert answer.returncode == 2
    assert "separated by commas or semicolons; --skip-bad-lines leaves out" in answer.stderr


def test_there_may_be_no_stdin(uploads: Uploads) -> None:
    command = ("import os, sys; os.close(0); os.execv(sys.executable, sys.argv[1:])",)
    with uploads.start("collect", "--readings", "2") as process:
        arguments = list(map(str, process.args))  # type: ignore[arg-type]
        process.communicate()
    answer = subprocess.run(
        [arguments[0], "-c", *command, *arguments],
        env=uploads.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert answer.returncode == 2
    assert answer.stderr == (
        "ei-runner: error: there is no stdin: name a file, or give it a stream of readings\n"
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_samples_arrive_while_the_stream_goes_on_and_a_signal_ends_it(
    uploads: Uploads, number: signal.Signals, code: int
) -> None:
    with uploads.start("collect", "--readings", "2", "--interval", "1") as process:
        assert process.stdin is not None
        process.stdin.write(b"x\n1\n2\n3\n4\n5\n")
        process.stdin.flush()
        until(lambda: len(uploads.samples) == 2)
        started = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert time.monotonic() - started < 5
    assert process.returncode == code
    assert out.startswith(b"2 uploaded in ")
    assert b"the end of the stream, 1 reading, makes no whole sample" in err


def test_what_is_sent_at_ctrl_c_still_arrives(uploads: Uploads) -> None:
    uploads.studio.faults.add(Fault(kind="slow", size=1, seconds=0.002))
    with uploads.start("collect", "--readings", "1", "--interval", "1") as process:
        assert process.stdin is not None
        process.stdin.write(b"x\n1\n2\n3\n")
        process.stdin.flush()
        until(lambda: len(uploads.studio.requests) == 3)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert out.startswith(b"3 uploaded in ")
    assert len(uploads.samples) == 3


def test_what_has_come_before_ctrl_c_arrives_also_where_the_place_is_slow(uploads: Uploads) -> None:
    uploads.studio.faults.add(Fault(kind="slow", size=20, seconds=0.02))
    with uploads.start("collect", "--readings", "1", "--interval", "1") as process:
        assert process.stdin is not None
        process.stdin.write(b"x\n" + b"".join(b"%d\n" % i for i in range(60)))
        process.stdin.flush()
        until(lambda: len(uploads.studio.requests) >= 2)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out.startswith(b"60 uploaded in ")
    assert len(uploads.samples) == 60


def test_a_dry_run_sends_nothing(uploads: Uploads) -> None:
    answer = uploads.run("collect", "--readings", "2", "--dry-run", stdin=WALK)
    counted, total = answer.stdout.splitlines()
    assert counted == "training: 3 (label of the file name 3)"
    assert total.startswith("3 would be uploaded in ")
    assert uploads.studio.requests == []


def test_failures_are_told(uploads: Uploads) -> None:
    answer = uploads.run("collect", "--readings", "2", stdin=WALK, EI_API_KEY=KEY[:-1])
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "401" in answer.stderr
    assert KEY[:-1] not in answer.stderr


def test_collecting_the_same_again_doubles_nothing(uploads: Uploads) -> None:
    for _ in range(2):
        answer = uploads.run("collect", "--readings", "3", stdin=WALK)
        assert answer.returncode == 0
    assert answer.stdout.startswith("0 uploaded, 2 there already in ")
    assert len(uploads.samples) == 2
    assert list(uploads.folder.iterdir()) == []
