"""``ei-runner quantize`` tells what came of it, or what is wrong, in one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import ei_runner_core
from ei_runner_core.cli import main

DEMOS = Path(ei_runner_core.__file__).parent / "demos"
MODEL = str(DEMOS / "motion" / "float32")
SAMPLES = str(DEMOS / "motion" / "samples")


def test_people_get_a_summary(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "motion"
    assert main(["quantize", MODEL, "--samples", SAMPLES, "-o", str(output)]) == 0
    printed = capsys.readouterr()
    assert str(output) in printed.out
    assert "11 windows from 11 files" in printed.out
    assert "100.0% of the windows" in printed.out
    assert printed.err == ""


def test_programs_get_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "motion.zip"
    assert main(["quantize", MODEL, "--samples", SAMPLES, "-o", str(output), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["path"] == str(output)
    assert document["windows"] == 11
    assert document["agreement"] == 1.0
    assert 0 < document["bytes_after"] < document["bytes_before"]


def test_few_windows_are_worth_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = str(tmp_path / "motion")
    assert main(["quantize", MODEL, "--samples", SAMPLES, "-o", output, "--limit", "3"]) == 0
    assert "only 3 windows" in capsys.readouterr().err


def test_what_is_wrong_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "bad.npy", np.ones(7))
    output = str(tmp_path / "motion")
    assert main(["quantize", MODEL, "--samples", str(tmp_path), "-o", output]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert "bad.npy" in printed.err


def test_a_wrong_choice_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["quantize", MODEL, "--samples", SAMPLES, "-o", "x", "--weight", "int4"]) == 2
    assert "int4" in capsys.readouterr().err


def test_help_needs_no_engine() -> None:
    code = (
        "import sys; from ei_runner_core.cli import main; main(['quantize', '--help'])\n"
        "heavy = {'numpy', 'onnx', 'onnxruntime', 'rich', 'msgspec', 'PIL'} & sys.modules.keys()\n"
        "assert not heavy, heavy"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert "--samples" in finished.stdout
