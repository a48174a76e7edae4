"""What engines compile is made once, kept whole, and looked through before it is used."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from ei_runner_core import DeadlineError, InvalidInputError, UnsupportedModelError
from ei_runner_core.authoring import CacheEntry, ContentCache, content_key

MAKE = """
import sys
from pathlib import Path
from ei_runner_core.authoring import ContentCache
def make(folder):
    with Path("log").open("a") as log:
        log.write("made\\n")
    sys.stdin.readline()
    (folder / "a.bin").write_bytes(b"compiled" * 1000)
print("ready", flush=True)
print(ContentCache("engine").entry("key", make).was_made)
"""


FORK = """
import os, sys
from ei_runner_core.authoring import ContentCache
folder = ContentCache("engine").entry("key", lambda folder: None).folder
if not (child := os.fork()):
    sys.exit()
os.waitpid(child, 0)
print(folder.exists(), folder)
"""


@pytest.fixture
def cache(tmp_path, monkeypatch) -> ContentCache:
    monkeypatch.setenv("EI_RUNNER_CACHE", str(tmp_path / "cache"))
    return ContentCache("engine")


def writes(content: bytes = b"compiled"):
    def make(folder: Path) -> None:
        (folder / "deep").mkdir()
        (folder / "deep" / "a.bin").write_bytes(content)

    return make


def refuses(folder: Path) -> None:
    raise AssertionError("it was made again")


def content(entry: CacheEntry) -> bytes:
    return (entry.folder / "deep" / "a.bin").read_bytes()


def test_an_entry_is_made_once(cache):
    first = cache.entry("key", writes())
    again = cache.entry("key", refuses)

    assert (first.was_made, again.was_made) == (True, False)
    assert content(again) == b"compiled"


def test_the_cache_lies_where_the_variable_says(cache, tmp_path):
    assert cache.entry("key", writes()).folder == tmp_path / "cache" / "engine" / "key"


def test_a_variable_that_is_no_path_is_refused(monkeypatch):
    monkeypatch.setenv("EI_RUNNER_CACHE", "~nobody-of-that-name/cache")
    with pytest.raises(InvalidInputError, match="EI_RUNNER_CACHE=~nobody"):
        ContentCache("engine")


@pytest.mark.skipif(os.name != "posix", reason="nobody can remove the folder of a process here")
def test_a_variable_that_starts_in_a_removed_folder_is_refused(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    monkeypatch.setenv("EI_RUNNER_CACHE", "cache")
    with pytest.raises(InvalidInputError, match="EI_RUNNER_CACHE=cache cannot be: .*name a folder"):
        ContentCache("engine")


@pytest.mark.parametrize("thing", ["a file", "a link that leads nowhere"])
def test_what_somebody_put_in_the_place_of_an_entry_goes(cache, thing):
    cache.root.mkdir(parents=True)
    if thing == "a file":
        (cache.root / "key").write_text("mine")
    else:
        (cache.root / "key").symlink_to("nowhere")

    assert content(cache.entry("key", writes())) == b"compiled"
    assert sorted(path.name for path in cache.root.iterdir()) == ["key", "key.lock"]


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove", "add", "seal", "no seal"])
def test_a_damaged_entry_is_made_anew(cache, damage):
    entry = cache.entry("key", writes())
    file, seal = entry.folder / "deep" / "a.bin", entry.folder / "seal.json"
    if damage == "flip":
        file.write_bytes(b"c0mpiled")
    elif damage == "truncate":
        file.write_bytes(b"comp")
    elif damage == "remove":
        file.unlink()
    elif damage == "add":
        (entry.folder / "other").touch()
    elif damage == "seal":
        seal.write_bytes(b"[]")
    else:
        seal.unlink()

    again = cache.entry("key", writes(b"anew"))

    assert again.was_made
    assert content(again) == b"anew"


def test_what_cannot_be_made_leaves_nothing(cache):
    def fails(folder: Path) -> None:
        writes()(folder)
        raise UnsupportedModelError("no such operator")

    with pytest.raises(UnsupportedModelError, match="no such operator"):
        cache.entry("key", fails)
    assert [path.name for path in cache.root.iterdir()] == ["key.lock"]
    assert cache.entry("key", writes()).was_made


def test_a_dropped_entry_is_made_anew(cache):
    cache.entry("key", writes())
    cache.drop("key")
    cache.drop("key")

    assert cache.entry("key", writes()).was_made


def test_two_processes_make_it_once(cache, tmp_path):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", MAKE]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    both = [
        subprocess.Popen(command, cwd=tmp_path, env=environment, text=True, **pipes)
        for _ in range(2)
    ]
    for process in both:
        assert process.stdout.readline() == "ready\n"
    for process in both:  # only one of them reads it
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = {process.communicate(timeout=60)[0] for process in both}

    assert answers == {"True\n", "False\n"}
    assert (tmp_path / "log").read_text() == "made\n"


def test_another_process_is_not_waited_for_forever(cache):
    begun, done = threading.Event(), threading.Event()

    def slow(folder: Path) -> None:
        begun.set()
        done.wait(60)

    thread = threading.Thread(target=cache.entry, args=("key", slow))
    thread.start()
    try:
        assert begun.wait(60)
        with pytest.raises(DeadlineError, match=r"for 0\.01 s"):
            cache.entry("key", refuses, timeout=0.01)
    finally:
        done.set()
        thread.join()


def test_a_cache_that_cannot_be_written_does_not_stop_the_work(tmp_path, monkeypatch, caplog):
    (tmp_path / "file").touch()
    monkeypatch.setenv("EI_RUNNER_CACHE", str(tmp_path / "file"))
    cache = ContentCache("engine")

    with caplog.at_level(logging.WARNING, "ei_runner_core"):
        entry = cache.entry("key", writes())

    assert entry.was_made
    assert content(entry) == b"compiled"
    assert "cannot be written" in caplog.text
    assert "EI_RUNNER_CACHE" in caplog.text


def test_where_nothing_at_all_can_be_written_is_told(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("EI_RUNNER_CACHE", str(tmp_path / "file"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))

    with pytest.raises(InvalidInputError, match="no folder for .*EI_RUNNER_CACHE"):
        ContentCache("engine").entry("key", writes())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_what_is_made_for_now_stays_until_the_process_that_made_it_ends(tmp_path):
    """Not only until one ends that it has forked."""
    (tmp_path / "file").touch()
    paths = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    said = subprocess.run(
        [sys.executable, "-c", FORK],
        env=os.environ | paths | {"EI_RUNNER_CACHE": str(tmp_path / "file")},
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
    ).stdout
    exists, folder = said.split(maxsplit=1)

    assert exists == "True"
    assert not Path(folder.strip()).exists()


def test_what_nobody_used_for_long_and_what_the_killed_left_goes(cache):
    old, young = cache.entry("old", writes()), cache.entry("young", writes())
    left = cache.root / "gone.012345.new"
    left.mkdir()
    long_ago = time.time() - 100 * 24 * 3600
    os.utime(old.folder / "seal.json", (long_ago, long_ago))
    os.utime(left, (long_ago, long_ago))

    cache.entry("new", writes())

    assert not old.folder.exists()
    assert not left.exists()
    assert young.folder.exists()


def test_a_key_tells_where_parts_end():
    keys = {content_key("ab", "c"), content_key("a", "bc"), content_key(b"abc"), content_key()}

    assert len(keys) == 4
    assert content_key("ab", "c") == content_key(b"ab", b"c")
