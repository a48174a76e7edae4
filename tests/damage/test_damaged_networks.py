"""A damaged network is an answer or an error of the library, never the end of the process."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

import pytest
from damage_mutants import damaged_bytes
from damage_search import each_seed, on_each_backend

from ei_runner_core.demos import demo

ROOT = Path(__file__).parents[2]
DIGITS = demo("digits")

# These loop until a tensor says stop: with a flipped bit they are sound models that never end.
ENDLESS = {"spin.tflite", "spin.onnx"}


def demo_networks(suffix: str) -> list[Path]:
    return [DIGITS.model(variant) / f"network{suffix}" for variant in DIGITS.variants]


def small_networks(suffix: str) -> list[Path]:
    models = ROOT.glob(f"backends/*/tests/models/*{suffix}")
    return sorted(path for path in models if path.name not in ENDLESS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the mutants are written, beside the data that some of them keep in other files."""
    folder = tmp_path_factory.mktemp("networks")
    for data in ROOT.glob("backends/*/tests/models/*.data"):
        shutil.copy(data, folder)
    return folder


def judge_network(judge, folder: Path, backend: str, network: Path, seed: int) -> None:
    generator = Random(f"{network.parent.name}/{network.name} {seed}")
    judge(damaged_bytes(network.read_bytes(), generator), folder / network.name, backend)


@on_each_backend(demo_networks)
@each_seed(150)
def test_a_damaged_demo_never_ends_the_process(judge, folder, backend, case, seed):
    judge_network(judge, folder, backend, case, seed)


@on_each_backend(small_networks)
@each_seed(40)
def test_no_damaged_network_ends_the_process(judge, folder, backend, case, seed):
    judge_network(judge, folder, backend, case, seed)
