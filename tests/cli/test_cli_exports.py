"""C++ exports on the command line: ``info``, ``convert``, ``run --network``, ``--impulse``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from cpp_exports import ERAS, render, write
from dense_models import expected_scores, impulse_document
from exported_impulses import MOTION, NETWORK, PROJECT
from msgspec.structs import replace

from ei_runner_core.impulse import parse_impulse, read_bundle

Invoke = Callable[..., Result]
GESTURES = parse_impulse(json.dumps(impulse_document()).encode())
WINDOW = "1,2,3,4,5,6"


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """An export of today with its network."""
    return write(render(ERAS["2026"], MOTION, {3: NETWORK}), tmp_path / "export")


@pytest.fixture
def compiled(tmp_path: Path) -> Path:
    """An export whose network is code, with the input and the labels of the backend dense."""
    learn = (replace(GESTURES.learn[0], files=()),)
    steps = (replace(GESTURES.postprocessing[0], id=3),)
    changes = {"project": PROJECT, "engine": "tflite", "learn": learn, "postprocessing": steps}
    impulse = replace(GESTURES, **changes)
    return write(render(ERAS["2026"], impulse, {}), tmp_path / "compiled")


def test_info_shows_the_card_of_an_export(invoke: Invoke, export: Path) -> None:
    result = invoke("info", str(export))
    assert result.exit_code == 0
    for fact in ("cpp-export", "accX, accY, accZ", "spectral_analysis", "fft_length=16", "kmeans"):
        assert fact in result.stdout


def test_info_of_an_export_is_json_for_programs(invoke: Invoke, export: Path) -> None:
    card = json.loads(invoke("info", "--json", str(export)).stdout)
    assert card["kind"] == "cpp-export"
    assert [block["type"] for block in card["impulse"]["dsp"]] == ["spectral_analysis"]
    assert card["impulse"]["labels"] == list(MOTION.labels)


def test_convert_makes_a_bundle_with_the_same_impulse(
    invoke: Invoke, export: Path, tmp_path: Path
) -> None:
    result = invoke("convert", str(export), str(tmp_path / "bundle.zip"))
    assert (result.exit_code, result.stdout) == (0, f"{tmp_path / 'bundle.zip'}\n")
    bundle = read_bundle(tmp_path / "bundle.zip")
    assert bundle.impulse is not None
    assert bundle.impulse.labels == MOTION.labels
    assert bundle.networks[3][0].read() == NETWORK


def test_convert_replaces_a_bundle_only_by_force(
    invoke: Invoke, export: Path, tmp_path: Path
) -> None:
    target = str(tmp_path / "bundle")
    assert invoke("convert", str(export), target).exit_code == 0
    again = invoke("convert", str(export), target)
    assert (again.exit_code, "exists already" in again.stderr) == (2, True)
    forced = invoke("convert", "--force", "--json", str(export), target)
    assert json.loads(forced.stdout) == {"bundle": target}


def test_a_file_that_is_no_model_is_not_converted(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Hello")
    result = invoke("convert", "README.md", "bundle")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "README.md is no network that a backend opens" in result.stderr
    assert not (tmp_path / "bundle").exists()


def test_a_compiled_network_says_what_to_export_instead(
    invoke: Invoke, compiled: Path, tmp_path: Path
) -> None:
    for command in (["convert", str(compiled), str(tmp_path / "b")], ["run", "-m", str(compiled)]):
        result = invoke(*command, *([] if "convert" in command else ["--features", WINDOW]))
        assert result.exit_code == 2
        assert "EON" in result.stderr
        assert "--network" in result.stderr
        assert result.stderr.count("\n") == 1
    assert not (tmp_path / "b").exists()
    card = invoke("info", str(compiled))
    assert card.exit_code == 0
    assert "".join(card.stdout.split()).count("compiledwithEON") == 1


def test_a_compiled_export_runs_with_a_network_that_is_given(
    invoke: Invoke, compiled: Path, network: Path, tmp_path: Path
) -> None:
    expected = expected_scores(np.arange(1, 7))
    found = invoke("run", "-m", str(compiled), "--network", str(network), "--features", WINDOW,
                   "--json")  # fmt: skip
    scores = json.loads(found.stdout)["result"]["classification"]
    np.testing.assert_allclose(list(scores.values()), expected, rtol=1e-5)

    bundle = str(tmp_path / "bundle")
    assert invoke("convert", str(compiled), bundle, "--network", str(network)).exit_code == 0
    again = invoke("run", "-m", bundle, "--features", WINDOW, "--json")
    assert json.loads(again.stdout)["result"]["classification"] == scores


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--network", "nowhere.tflite"], "there is no network file at nowhere.tflite"),
        (["--network", "README.md"], "README.md is no network that a backend opens"),
        (["--network", "empty.tflite"], "empty.tflite is an empty file"),
        (["--network", "."], "is not a regular file"),
        (["--impulse", "77"], "77"),
    ],
)
def test_a_wrong_choice_is_one_line(
    invoke: Invoke, export: Path, arguments: list[str], message: str
) -> None:
    (export.parent / "README.md").write_text("# Hello")
    (export.parent / "empty.tflite").touch()
    result = invoke("info", str(export), *arguments)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert message in result.stderr


def test_an_impulse_is_chosen_of_an_export_only(invoke: Invoke, motion: Path) -> None:
    result = invoke("info", str(motion), "--impulse", "1")
    assert result.exit_code == 2
    assert "leave impulse=1 out" in result.stderr


def test_a_bundle_is_not_converted_into_itself(invoke: Invoke, motion: Path) -> None:
    result = invoke("convert", "--force", str(motion), str(motion))
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert (motion / "impulse.json").is_file()
    assert (motion / "network.dense").is_file()
