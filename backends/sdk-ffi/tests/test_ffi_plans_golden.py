"""Every combination of flags gives the plan, or the refusal, that was reviewed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ffi_plan_cases import (
    GOLDEN,
    PLANS,
    REFUSALS,
    golden_path,
    make_export,
    plan_case,
    put_python_config,
    refusals,
)

from ei_runner_sdk_ffi.build.rendering import plan_as_text


@pytest.fixture(autouse=True)
def _empty_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_python_config(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("case", PLANS)
def test_the_plan_is_the_reviewed_one(case: str, tmp_path: Path) -> None:
    plan = plan_case(case, make_export(tmp_path / "export"))
    assert plan_as_text(plan) == golden_path(case).read_text(encoding="utf-8")


def test_the_refusals_are_the_reviewed_ones(tmp_path: Path) -> None:
    assert refusals(tmp_path) == REFUSALS.read_text(encoding="utf-8")


def test_no_golden_plan_is_left_over() -> None:
    assert set(GOLDEN.glob("*.txt")) == {*map(golden_path, PLANS), REFUSALS}


def test_no_golden_plan_names_a_folder_of_a_machine() -> None:
    for path in GOLDEN.glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        assert not any(folder in text for folder in ("/tmp", "/home", "/root", "site-packages"))
