"""The folder in which builds are kept."""

import logging
import os
import sys
import time
from pathlib import Path

import filelock
import pytest

from ei_runner_core import BuildError, DeadlineError, InvalidInputError
from ei_runner_sdk_ffi.build.cache import Cache
from ei_runner_sdk_ffi.build.entries import clean, entries, sizes
from ei_runner_sdk_ffi.build.libraries import find_library, keep_library, locked


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def add(cache: Cache, key: str, size: int = 100, **facts: object) -> Path:
    with cache.workplace() as workplace:
        folder = cache.folder(workplace / "result")
        library = folder / "model.so"
        library.write_bytes(b"x" * size)
        keep_library(cache, key, folder, library, (), facts)
    return cache.libraries / key


def test_the_variable_names_the_place(tmp_path):
    found = Cache.find({"EI_RUNNER_CACHE": str(tmp_path / "mine")})
    assert found.root == tmp_path / "mine" / "sdk-ffi"


def test_the_usual_place_is_that_of_the_user():
    assert Cache.find({}).root.parts[-2:] == ("ei-runner", "sdk-ffi")


def test_a_memo_is_recalled_as_it_was(cache):
    cache.remember("a/b", {"c": [1, "d"]})
    assert cache.recall("a/b") == {"c": [1, "d"]}
    assert cache.recall("missing") is None
    (cache.memos / "a/b").write_bytes(b"\xff{")
    assert cache.recall("a/b") is None


def test_a_place_that_cannot_be_made_names_the_variable(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BuildError, match=r"cannot write to the cache .*set EI_RUNNER_CACHE"):
        Cache(tmp_path / "file" / "below").remember("memo", 1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is full")
def test_a_full_disk_is_one_clear_error_and_leaves_nothing(cache):
    cache.remember("kept", 1)
    with pytest.raises(BuildError, match="No space left on device; make room"), cache.writing():
        Path("/dev/full").write_bytes(b"content")
    assert cache.recall("kept") == 1


def test_a_file_is_replaced_whole_or_not_at_all(cache, monkeypatch):
    cache.remember("memo", "old")
    monkeypatch.setattr(Path, "replace", raising(OSError(28, "No space left on device")))
    with pytest.raises(BuildError, match="No space left"):
        cache.remember("memo", "new")
    assert cache.recall("memo") == "old"
    assert [path.name for path in cache.memos.iterdir()] == ["memo"]


def raising(error: BaseException):
    def fail(*_, **__):
        raise error

    return fail


def interrupt_in_a_workplace(cache: Cache) -> None:
    with cache.workplace() as folder:
        (folder / "file").write_text("")
        raise KeyboardInterrupt


def test_a_workplace_is_gone_however_it_ends(cache):
    with pytest.raises(KeyboardInterrupt):
        interrupt_in_a_workplace(cache)
    assert list(cache.work.iterdir()) == []


def test_workplaces_of_dead_processes_are_swept_and_others_are_not(cache):
    dead = cache.folder(cache.work / "dead")
    (dead / "file").write_text("")
    with cache.workplace() as alive:
        for path in cache.work.iterdir():
            os.utime(path, (0, 0))
        with cache.workplace():
            assert alive.is_dir()
            assert not dead.exists()


def test_a_library_is_found_when_it_is_whole(cache):
    folder = add(cache, "key")
    found = find_library(cache, "key", time.monotonic())
    assert found is not None
    assert found.path == folder / "model.so"
    assert find_library(cache, "other", 0.0) is None


@pytest.mark.parametrize("record", [b"", b"[]", b"{}", b'{"file": 3, "sha256": 1, "sizes": {}}'])
def test_a_library_with_a_damaged_record_is_not_whole(cache, record):
    (add(cache, "key") / "build.json").write_bytes(record)
    assert find_library(cache, "key", 0.0) is None


def test_a_library_that_lacks_its_companion_is_not_whole(cache, tmp_path):
    (tmp_path / "beside.so").write_bytes(b"content")
    with cache.workplace() as workplace:
        folder = cache.folder(workplace / "result")
        (folder / "model.so").write_bytes(b"x")
        keep_library(cache, "key", folder, folder / "model.so", [tmp_path / "beside.so"], {})
    found = find_library(cache, "key", 0.0)
    assert found is not None
    assert [path.read_bytes() for path in found.libraries] == [b"content"]
    found.libraries[0].unlink()
    assert find_library(cache, "key", 0.0) is None


def test_waiting_for_another_process_has_an_end(cache, caplog):
    other = filelock.FileLock(cache.folder(cache.libraries) / "key.lock")
    error = pytest.raises(DeadlineError, match="still building")
    with caplog.at_level(logging.INFO), other, error, locked(cache, "key", time.monotonic() + 0.1):
        pytest.fail("two at once")
    assert "waiting for it" in caplog.text


def test_what_is_in_the_cache_is_told(cache):
    add(cache, "a1", size=1000, model="/a", target="linux-x86_64", network="compiled")
    add(cache, "b2")
    os.utime(cache.libraries / "b2", (1000, 1000))
    first, second = entries(cache)
    assert (first.key, first.model, first.network) == ("a1", "/a", "compiled")
    assert first.size > 1000
    assert second.used == 1000
    assert sizes(cache).libraries >= first.size + second.size
    assert entries(Cache(cache.root / "empty")) == []


def test_loading_a_library_counts_as_use(cache):
    os.utime(add(cache, "a1"), (1000, 1000))
    find_library(cache, "a1", 0.0)
    assert entries(cache)[0].used > 1000


def test_one_entry_is_removed_by_the_start_of_its_key(cache):
    add(cache, "a1")
    add(cache, "b2")
    assert clean(cache, key="a") > 100
    assert [entry.key for entry in entries(cache)] == ["b2"]
    with pytest.raises(InvalidInputError, match="0 libraries"):
        clean(cache, key="a")


def test_what_was_not_used_for_long_is_removed(cache):
    os.utime(add(cache, "a1"), (1000, 1000))
    add(cache, "b2")
    cache.write(cache.objects / "aa" / "x.o", b"x" * 50)
    assert clean(cache, older_than=3600) > 0
    assert [entry.key for entry in entries(cache)] == ["b2"]
    assert sizes(cache).objects == 50


def test_objects_can_be_removed_alone(cache):
    add(cache, "a1")
    cache.write(cache.objects / "aa" / "x.o", b"x" * 50)
    assert clean(cache, only_objects=True) == 50
    assert len(entries(cache)) == 1


def test_everything_can_be_removed(cache):
    add(cache, "a1")
    cache.folder(cache.exports / "e" / "f")
    cache.remember("memo", 1)
    clean(cache)
    assert entries(cache) == []
    assert sizes(cache).total == 0


def test_what_is_being_built_is_left_alone(cache):
    add(cache, "a1")
    with locked(cache, "a1", time.monotonic() + 5):
        clean(cache)
    assert len(entries(cache)) == 1


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_cache_without_permission_is_one_clear_error(cache):
    cache.folder(cache.root).chmod(0o500)
    with pytest.raises(BuildError, match="EI_RUNNER_CACHE"):
        cache.remember("memo", 1)
