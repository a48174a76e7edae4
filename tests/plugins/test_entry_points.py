"""What is found is what ``importlib.metadata`` finds, without the cost of importing it."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from fake_distributions import add_distribution
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_core._entry_points import EntryPoint, search_entry_points

GROUP = "ei_runner_test_group"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    return folder


def reference(group: str) -> list[tuple[str, str, str, str]]:
    found = importlib.metadata.entry_points(group=group)
    rows = [(e.name, e.value, e.dist.name, e.dist.version) for e in found if e.dist]
    return sorted(rows)


def add_metadata(folder: Path, stem: str, entry_points: str, metadata: str | None = None) -> None:
    info = folder / stem
    info.mkdir()
    (info / "entry_points.txt").write_text(entry_points, encoding="utf-8")
    if metadata is not None:
        name = "PKG-INFO" if stem.endswith(".egg-info") else "METADATA"
        (info / name).write_text(metadata, encoding="utf-8")


@pytest.mark.parametrize("group", ["ei_runner", "console_scripts", "pytest11"])
def test_of_this_environment_all_is_found(group: str) -> None:
    found, unreadable = search_entry_points(group)
    assert [tuple(entry) for entry in found] == reference(group)
    assert not unreadable


@pytest.mark.parametrize("stem", ["left_hand-1.0.dist-info", "left_hand-1.0-py3.11.egg-info"])
def test_name_and_version_are_those_of_the_metadata(site: Path, stem: str) -> None:
    about = "Metadata-Version: 2.1\nName: left.hand\nVersion: 1.0\n\nName: not this one\n"
    add_metadata(site, stem, f"[{GROUP}]\nhand = left.hand : grip [extra]\n", about)
    [entry] = search_entry_points(GROUP)[0]
    assert tuple(entry) == ("hand", "left.hand : grip [extra]", "left.hand", "1.0")
    assert [tuple(entry)] == reference(GROUP)


def test_without_metadata_the_folder_tells_name_and_version(site: Path) -> None:
    add_metadata(site, "left_hand-1.0.dist-info", f"[{GROUP}]\nhand = left\n")
    assert search_entry_points(GROUP)[0] == [EntryPoint("hand", "left", "left_hand", "1.0")]


def test_the_first_of_a_name_on_the_path_counts(site: Path, tmp_path: Path, monkeypatch) -> None:
    add_distribution(site, "left-hand", "", group=GROUP, version="1.0")
    add_distribution(tmp_path / "first", "left-hand", "", group=GROUP, version="2.0")
    monkeypatch.syspath_prepend(tmp_path / "first")
    assert [entry.version for entry in search_entry_points(GROUP)[0]] == ["2.0"]


def test_comments_and_other_groups_are_passed_over(site: Path) -> None:
    text = f"# c\n\n[other]\na = b\n[{GROUP}]\n# d\n\n  x=y.z:f\n[more]\nc = d\n"
    add_metadata(site, "left_hand-1.0.dist-info", text)
    assert [(e.name, e.value) for e in search_entry_points(GROUP)[0]] == [("x", "y.z:f")]


words = st.text("abc._-", min_size=1, max_size=6).filter(lambda word: word.strip("._-"))
lines = st.one_of(
    st.builds("{} = {}:{}".format, words, words, words),
    st.sampled_from(["", "  ", "# comment", f"[{GROUP}]", "[other]", "[[twice]]"]),
)


@given(st.lists(lines, max_size=12).map("\n".join))
def test_any_sound_file_reads_as_importlib_reads_it(text: str) -> None:
    from ei_runner_core._entry_points import _pairs

    given_text = importlib.metadata.EntryPoints._from_text(text)  # type: ignore[attr-defined]
    expected = [(entry.name, entry.value) for entry in given_text if entry.group == GROUP]
    assert list(_pairs(text, GROUP)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("json", "json"), ("json:loads", "loads"), ("json.decoder:JSONDecoder.decode [x]", "decode")],
)
def test_what_is_named_is_loaded(value: str, expected: str) -> None:
    assert EntryPoint("x", value, "d", "1").load().__name__ == expected


def test_a_malformed_value_is_named() -> None:
    with pytest.raises(ValueError, match=r"'json loads' is not of the form package\.module:object"):
        EntryPoint("x", "json loads", "d", "1").load()


def test_distributions_in_zip_files_are_found(site: Path, tmp_path: Path, monkeypatch) -> None:
    add_distribution(site, "left-hand", "", group=GROUP)
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in site.rglob("*"):
            if path.is_file():
                archive.write(path, path.relative_to(site).as_posix())
    monkeypatch.setattr(sys, "path", [str(packed), *(p for p in sys.path if p != str(site))])
    assert [entry.distribution for entry in search_entry_points(GROUP)[0]] == ["left-hand"]


def test_a_finder_of_somebodys_own_is_asked(tmp_path: Path, monkeypatch) -> None:
    hidden = tmp_path / "hidden"
    add_distribution(hidden, "left-hand", "", group=GROUP)

    class Finder(importlib.metadata.DistributionFinder):
        def find_spec(self, name, path=None, target=None):
            return None

        def find_distributions(self, context=None):
            yield from map(importlib.metadata.PathDistribution, hidden.glob("*.dist-info"))

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder()])
    assert [entry.distribution for entry in search_entry_points(GROUP)[0]] == ["left-hand"]


def test_a_path_that_leads_nowhere_does_not_matter(site: Path, monkeypatch) -> None:
    add_distribution(site, "left-hand", "", group=GROUP)
    monkeypatch.setattr(sys, "path", [str(site / "nowhere"), *sys.path])
    assert len(search_entry_points(GROUP)[0]) == 1


def test_the_plugins_are_found_without_importing_what_is_heavy() -> None:
    code = (
        "import sys; from ei_runner_core import plugins; plugins.registry(); "
        "print(sorted({'importlib.metadata', 'email', 'zipfile', 'socket', 'logging'}"
        " & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip
    assert answer.stdout.strip() == "[]"
