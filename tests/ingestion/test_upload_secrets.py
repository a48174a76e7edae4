"""The API key and the HMAC key occur nowhere: not in logs, errors, files or the process list."""

from __future__ import annotations

import logging
import os
import pickle
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import until
from upload_commands import KEY, Uploads, write_files

from ei_runner_core import EdgeImpulseError, Sample
from ei_runner_core.ingestion import Client, Retries, upload_all
from ei_runner_core.testing.studio import Fault, LocalStudio
from ei_runner_core.uploaders import open_uploader

HMAC_KEY = "b6d767d2f8ed5d21a44b0e5886680cb9"
SECRETS = (KEY.encode(), HMAC_KEY.encode())
# With everything that is logged, at every level, by us and by what we use.
LOUD = """
import logging, sys
logging.basicConfig(level=logging.DEBUG)
from ei_runner_core.cli import main
sys.exit(main(sys.argv[1:]))
"""
FAULTS: dict[str, dict[str, Any]] = {
    "none": {"kind": "slow", "times": 0},
    "refused": {"kind": "status", "status": 401, "reason": f"no such key {KEY}"},
    "forbidden": {"kind": "status", "status": 403, "reason": f"{KEY} {KEY}"},
    "bad request": {"kind": "status", "status": 400, "reason": f"header x-api-key: {KEY}"},
    "failing": {"kind": "status", "status": 500, "reason": KEY},
    "in json": {"kind": "refuse_json", "reason": f"the key {KEY} is revoked"},
    "not json": {"kind": "not_json"},
    "cut before": {"kind": "cut_before"},
    "cut after": {"kind": "cut_after"},
    "cut in the answer": {"kind": "cut_body", "size": 5},
}


@pytest.fixture
def uploads(tmp_path: Path) -> Iterator[Uploads]:
    with LocalStudio() as studio:
        yield Uploads(studio, tmp_path)


def assert_silent(*texts: bytes) -> None:
    for text in texts:
        for secret in SECRETS:
            assert secret not in text, text[max(0, text.find(secret) - 200) :][:400]


def files_below(folder: Path) -> list[bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return [str(path).encode() + b"\n" + path.read_bytes() for path in paths]


def command_line(pid: int) -> bytes:
    """What other users see of a process."""
    path = Path(f"/proc/{pid}/cmdline")
    return path.read_bytes() if path.exists() else b""


def run_loudly(uploads: Uploads, *arguments: str, stdin: str = "") -> list[bytes]:
    """Run a command with all logs on; what it printed and what others saw of it."""
    variables = {"EI_RUNNER_TRACEBACK": "1", "EI_HMAC_KEY": HMAC_KEY}
    with subprocess.Popen(
        [sys.executable, "-c", LOUD, *arguments],
        cwd=uploads.folder,
        env=uploads.environment | variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        seen = command_line(process.pid)
        out, err = process.communicate(stdin.encode(), timeout=120)
    return [seen, out, err]


@pytest.mark.parametrize("form", [(), ("--json",), ("--dry-run",)])
@pytest.mark.parametrize("fault", ["none", "refused", "bad request", "in json"])
def test_uploading_on_the_command_line(uploads: Uploads, fault: str, form: Any) -> None:
    write_files(uploads.folder / "data", 3)
    uploads.studio.faults.add(Fault(**FAULTS[fault]))
    said = run_loudly(uploads, "upload", "data", *form)
    assert b"DEBUG" in said[2] or form == ("--dry-run",)
    assert_silent(*said, *files_below(uploads.folder))


@pytest.mark.parametrize("fault", ["none", "refused"])
def test_collecting_on_the_command_line(uploads: Uploads, fault: str) -> None:
    uploads.studio.faults.add(Fault(**FAULTS[fault]))
    stdin = "x\n" + "1\n" * 6
    said = run_loudly(uploads, "collect", "--readings", "2", "--interval", "1", stdin=stdin)
    assert_silent(*said, *files_below(uploads.folder))
    assert_silent(*(sample.content for sample in uploads.samples))


def test_a_key_from_a_file(uploads: Uploads, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("keys") / "key"
    file.write_text(KEY + "\n")
    write_files(uploads.folder / "data", 3)
    del uploads.environment["EI_API_KEY"]
    said = run_loudly(uploads, "upload", "data", "--api-key-file", str(file))
    assert_silent(*said, *files_below(uploads.folder))
    assert len(uploads.samples) == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_what_a_stopped_upload_leaves(uploads: Uploads, number: signal.Signals) -> None:
    write_files(uploads.folder / "data", 30)
    uploads.studio.faults.add(Fault(kind="never", skip=5))
    with uploads.start("upload", "data") as process:
        until(lambda: len(uploads.studio.requests) >= 10)
        seen = command_line(process.pid)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    left = files_below(uploads.folder)
    assert any(b".journal" in text for text in left)
    assert_silent(seen, out, err, *left)


def told_by(error: BaseException) -> str:
    """All that a program could print of an error, with those that led to it."""
    parts = traceback.TracebackException.from_exception(error, capture_locals=False).format()
    found = "".join(parts)
    while True:
        found += f"{error!r} {error} {error.args!r} {vars(error)!r}"
        following = error.__cause__ or error.__context__
        if following is None:
            return found
        error = following


@pytest.mark.parametrize("fault", FAULTS)
def test_errors_and_logs_of_the_library(
    uploads: Uploads,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    fault: str,
) -> None:
    for name, value in uploads.studio.environment.items():
        monkeypatch.setenv(name, value)
    uploads.studio.faults.add(Fault(**FAULTS[fault]))
    said = []
    try:
        with (
            caplog.at_level(logging.DEBUG),
            Client(KEY, retries=Retries(attempts=2, base=0.001)) as client,
        ):
            said += [repr(client), str(client), client.place, str(vars(client))]
            samples = [Sample(f"{i}.csv", b"x\n%d\n" % i) for i in range(3)]
            said.append(repr(upload_all(client, samples, journal=tmp_path / "journal")))
    except EdgeImpulseError as error:
        said.append(told_by(error))
    records = "".join(repr(vars(record)) for record in caplog.records)
    assert "new HTTP connection" in caplog.text
    assert_silent(*(text.encode() for text in [*said, caplog.text, records]))
    assert_silent(*files_below(tmp_path))


def test_an_uploader_shows_no_key(uploads: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in uploads.studio.environment.items():
        monkeypatch.setenv(name, value)
    uploader = open_uploader("edge-impulse", {"api_key": KEY})
    try:
        assert_silent(f"{uploader!r} {uploader.place} {vars(uploader)!r}".encode())
        with pytest.raises((TypeError, pickle.PicklingError, AttributeError)):
            pickle.dumps(uploader)
    finally:
        uploader.close()


def test_a_wrong_option_does_not_show_it() -> None:
    for wrong in (KEY.encode(), [KEY], {"key": KEY}):
        with pytest.raises(EdgeImpulseError) as caught:
            open_uploader("edge-impulse", {"api_key": wrong})
        assert_silent(told_by(caught.value).encode())


def test_the_environment_of_this_test_has_no_key() -> None:
    assert_silent(repr(sorted(os.environ.items())).encode())
