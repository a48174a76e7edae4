"""Large folders."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from dataset_folders import boxes_file, write_files

from ei_runner_core.contract import Sample
from ei_runner_core.errors import BackendUnavailableError
from ei_runner_core.ingestion.datasets import read_dataset, write_info_labels

COUNT = 10_000
MOST_SECONDS = 2.0


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large")
    for label in range(10):
        (folder / "training" / str(label)).mkdir(parents=True)
        for number in range(COUNT // 10):
            (folder / "training" / str(label) / f"{number}.png").touch()
    return folder


def seconds_to_read(folder: Path, expected: int = COUNT) -> float:
    """Time of the processor: others may be at work on the machine."""
    start = time.process_time()
    assert sum(1 for _ in read_dataset(folder)) == expected
    return time.process_time() - start


def test_ten_thousand_files_take_less_than_two_seconds(large: Path) -> None:
    assert seconds_to_read(large) < MOST_SECONDS


def test_ten_thousand_entries_take_less_than_two_seconds(large: Path) -> None:
    write_info_labels(large, list(read_dataset(large)))
    try:
        assert seconds_to_read(large) < MOST_SECONDS
    finally:
        (large / "info.labels").unlink()


def test_ten_thousand_entries_of_boxes_take_less_than_two_seconds(large: Path) -> None:
    box = {"label": "car", "x": 1, "y": 2, "width": 3, "height": 4}
    entries = {f"{number}.png": [box] for number in range(COUNT // 10)}
    files = [f"training/{label}/bounding_boxes.labels" for label in range(10)]
    write_files(large, dict.fromkeys(files, boxes_file(entries)))
    try:
        assert seconds_to_read(large) < MOST_SECONDS
    finally:
        for file in files:
            (large / file).unlink()


def test_the_first_sample_is_given_before_the_last_is_made(large: Path) -> None:
    samples = read_dataset(large)
    assert isinstance(next(samples), Sample)
    assert sum(1 for _ in samples) == COUNT - 1


@pytest.mark.parametrize("missing", ["yaml", "PIL.Image"])
def test_what_a_yolo_data_set_needs_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    pytest.importorskip("yaml", reason="needs the extra datasets")
    write_files(tmp_path, {"a.png": None, "a.txt": "0 .5 .5 .1 .1", "data.yaml": "names: [car]"})
    monkeypatch.setitem(__import__("sys").modules, missing, None)
    with pytest.raises(BackendUnavailableError, match=r"pip install 'ei-runner\[datasets\]'"):
        list(read_dataset(tmp_path))
