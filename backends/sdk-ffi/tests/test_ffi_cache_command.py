"""``ei-runner cache``: what was built, and making room."""

from __future__ import annotations

import os
import time
from pathlib import Path

import filelock
import pytest
from ffi_commands import ei_runner

from ei_runner_sdk_ffi.build.cache import Cache
from ei_runner_sdk_ffi.build.libraries import keep_library

DAY = 86_400


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache of its own, with a library of two models, an object and an unpacked export."""
    monkeypatch.setenv("EI_RUNNER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "80")
    found = Cache.find()
    add(found, "aaaaaaa1", "/models/hand", days=1)
    add(found, "bbbbbbb2", "/models/face.zip", days=40, root=str(found.exports / "f00" / "face"))
    write(found.objects / "01" / "x.o", 3000, days=40)
    write(found.exports / "f00" / "face" / "model.h", 500, days=40)
    return found


def add(cache, key, model, days=0.0, **facts):
    with cache.workplace() as workplace:
        folder = cache.folder(workplace / "result")
        (folder / "model.so").write_bytes(bytes(2000))
        told = {"model": model, "studio": "1.75.3", "target": "linux-x86_64", "network": "compiled"}
        keep_library(cache, key, folder, folder / "model.so", (), told | facts)
    used(cache.libraries / key, days)


def write(path, size, days=0.0):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    used(path, days)
    used(path.parent, days)
    used(path.parents[1], days)


def used(path, days):
    moment = time.time() - days * DAY
    os.utime(path, (moment, moment))


def keys(cache):
    return [path.name for path in sorted(cache.libraries.iterdir()) if path.is_dir()]


def test_the_list_tells_what_there_is_and_how_large(cache):
    answer = ei_runner("cache")
    assert (answer.code, answer.err) == (0, "")
    lines = answer.out.splitlines()
    day = time.strftime("%Y-%m-%d", time.localtime(time.time() - DAY))
    assert lines[0].split() == ["model", "studio", "target", "network", "size", "last", "used"]
    assert lines[1].split() == ["hand", "1.75.3", "linux-x86_64", "compiled", "2.3", "kB", day]
    assert lines[2].startswith("face.zip  1.75.3")
    assert lines[-1] == f"in {cache.root}"
    assert ["objects", "3.0", "kB"] in [line.split() for line in lines]
    assert ["exports", "500", "bytes"] in [line.split() for line in lines]
    assert max(map(len, lines[:-1])) <= 80
    assert ei_runner("cache", "list").out == answer.out


def test_the_list_is_there_for_programs(cache):
    told = ei_runner("cache", "--json").document
    assert told["path"] == str(cache.root)
    assert [row["model"] for row in told["libraries"]] == ["/models/hand", "/models/face.zip"]
    sums = told["sizes"]
    assert sums["total"] == sums["libraries"] + sums["objects"] + sums["exports"]
    assert ei_runner("cache", "list", "--json").document == told


def test_an_empty_cache_is_no_error(tmp_path, monkeypatch):
    monkeypatch.setenv("EI_RUNNER_CACHE", str(tmp_path / "none"))
    assert "total      0 bytes" in ei_runner("cache").out
    assert ei_runner("cache", "clean", "--all").out == "0 bytes freed\n"


def test_it_tells_where_it_is(cache):
    assert ei_runner("cache", "path").out == f"{cache.root}\n"
    assert ei_runner("cache", "path", "--json").document == {"path": str(cache.root)}


@pytest.mark.parametrize("model", ["face.zip", "/models/face.zip", "bbbbbb"])
def test_a_model_goes_by_its_name_its_path_or_its_key(cache, model):
    answer = ei_runner("cache", "clean", model)
    assert answer.code == 0
    assert answer.out.startswith("removed /models/face.zip for linux-x86_64 (compiled)\n2.")
    assert keys(cache) == ["aaaaaaa1"]
    assert not (cache.exports / "f00").exists()
    assert (cache.objects / "01" / "x.o").exists()


def test_all_of_a_model_goes_at_once(cache):
    add(cache, "ccccccc3", "/models/hand", network="linked")
    told = ei_runner("cache", "clean", "hand", "face.zip", "--json").document
    assert len(told["removed"]) == 3
    assert told["freed"] > 6000
    assert keys(cache) == []


def test_what_was_not_used_for_long_goes(cache):
    told = ei_runner("cache", "clean", "--older-than", "30d", "--json").document
    assert [row["model"] for row in told["removed"]] == ["/models/face.zip"]
    assert keys(cache) == ["aaaaaaa1"]
    assert not (cache.objects / "01" / "x.o").exists()
    assert not (cache.exports / "f00").exists()
    assert ei_runner("cache", "clean", "--older-than", "2w").out == "0 bytes freed\n"


def test_everything_goes_on_demand(cache):
    answer = ei_runner("cache", "clean", "--all")
    assert answer.code == 0
    assert answer.out.splitlines()[-1].endswith(" kB freed")
    assert ei_runner("cache", "--json").document["sizes"]["total"] == 0


def test_what_another_process_builds_is_left_alone(cache):
    with filelock.FileLock(cache.libraries / "aaaaaaa1.lock"):
        answer = ei_runner("cache", "clean", "--all")
        assert keys(cache) == ["aaaaaaa1"]
        assert (cache.objects / "01" / "x.o").exists()
        assert (cache.exports / "f00" / "face" / "model.h").exists()
    assert "removed /models/face.zip" in answer.out
    assert "hand" not in answer.out
    assert "another process builds a model: what it may use was left alone" in answer.out
    assert ei_runner("cache", "clean", "--all").code == 0
    assert keys(cache) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name models, or give --all or --older-than 30d"),
        (["hand", "--all"], "name models, or give --all"),
        (["--older-than", "long"], "--older-than 'long' is no time, expected a number and m, h, d"),
        (["foot"], "the cache holds nothing of 'foot'; it holds models of hand, face.zip"),
    ],
)
def test_wrong_usage_is_one_line_and_removes_nothing(cache, arguments, message):
    answer = ei_runner("cache", "clean", *arguments)
    assert answer.code == 2
    assert message in answer.problem
    assert len(keys(cache)) == 2


def test_a_damaged_record_is_listed_and_can_be_removed(cache):
    Path(cache.libraries / "aaaaaaa1" / "build.json").write_text("{")
    assert "?" in ei_runner("cache").out
    assert ei_runner("cache", "clean", "aaaaaaa1").code == 0
    assert keys(cache) == ["bbbbbbb2"]
