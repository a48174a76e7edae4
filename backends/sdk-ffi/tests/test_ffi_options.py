"""Build options: one meaning, whether they come from Python, a command line or the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ei_runner_core import InvalidInputError
from ei_runner_sdk_ffi.build.options import OPTION_NAMES, BuildOptions


@pytest.mark.parametrize("options", [{"use_full_tflite": True}, {"use_full_tflite": "1"}])
def test_a_flag_means_the_same_wherever_it_comes_from(options: dict[str, Any]) -> None:
    assert BuildOptions.read(options, {}) == BuildOptions.read({}, {"USE_FULL_TFLITE": "1"})
    assert BuildOptions.read(options, {}) == BuildOptions.read({"USE_FULL_TFLITE": 1}, {})


@pytest.mark.parametrize("value", ["1", "true", "YES", "on", " On ", 1, True])
def test_a_switch_is_on(value: object) -> None:
    assert BuildOptions.read({"use_tvm": value}, {}).use_tvm is True


@pytest.mark.parametrize("value", ["0", "false", "No", "off", "", 0, False])
def test_a_switch_is_off(value: object) -> None:
    assert BuildOptions.read({"use_tvm": value}, {}).use_tvm is False


@pytest.mark.parametrize("value", ["2", "maybe", 2, 1.0, [1]])
def test_what_is_neither_on_nor_off_is_refused_by_name(value: object) -> None:
    with pytest.raises(InvalidInputError, match=r"'use_tvm'.*1 or 0"):
        BuildOptions.read({"use_tvm": value}, {})


def test_a_variable_that_is_0_is_off_and_one_that_is_empty_is_not_set() -> None:
    read = BuildOptions.read({}, {"USE_TVM": "0", "USE_FULL_TFLITE": "0", "TVM_HOME": ""})
    assert (read.use_tvm, read.use_full_tflite, read.tvm_home) == (False, False, None)
    assert BuildOptions.read({}, {"USE_FULL_TFLITE": " "}).use_full_tflite is None


def test_a_wrong_variable_is_refused_by_its_own_name() -> None:
    with pytest.raises(InvalidInputError, match=r"USE_FULL_TFLITE .*'maybe'.*1 or 0"):
        BuildOptions.read({}, {"USE_FULL_TFLITE": "maybe"})


def test_an_option_wins_over_the_environment_even_over_a_wrong_value_there() -> None:
    read = BuildOptions.read({"use_full_tflite": False}, {"USE_FULL_TFLITE": "maybe"})
    assert read.use_full_tflite is False


def test_none_stands_for_what_was_not_given() -> None:
    assert BuildOptions.read({"use_full_tflite": None}, {"USE_FULL_TFLITE": "1"}).use_full_tflite


def test_an_unknown_option_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InvalidInputError, match=r"no option 'use_full'; it has .*use_full_tflite"):
        BuildOptions.read({"use_full": True}, {})


def test_paths_are_absolute_because_compilers_run_in_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert BuildOptions.read({"tvm_home": "a/../tvm"}, {}).tvm_home == tmp_path / "tvm"


def test_variables_of_other_programs_mean_nothing_here() -> None:
    environment = {"TARGET": "x", "NETWORK": "y", "SDK": "z", "MARCH": "w", "JOBS": "no"}
    assert BuildOptions.read({}, environment) == BuildOptions()


def test_num_jobs_is_the_variable_of_jobs() -> None:
    assert BuildOptions.read({}, {"NUM_JOBS": "3"}).jobs == 3
    assert BuildOptions.read({"jobs": 2}, {"NUM_JOBS": "3"}).jobs == 2


@pytest.mark.parametrize("value", [0, -1, "x", 1.5, True, 5000])
def test_a_number_of_jobs_is_checked(value: object) -> None:
    with pytest.raises(InvalidInputError, match=r"'jobs'.*from 1 to 1024"):
        BuildOptions.read({"jobs": value}, {})


@pytest.mark.parametrize("value", [0, "x", float("nan"), float("inf"), True, None])
def test_a_timeout_is_checked(value: object) -> None:
    if value is None:
        assert BuildOptions.read({"build_timeout": value}, {}).build_timeout == 1800
        return
    with pytest.raises(InvalidInputError, match=r"'build_timeout'.*seconds"):
        BuildOptions.read({"build_timeout": value}, {})


def test_a_version_may_be_a_number() -> None:
    assert BuildOptions.read({"tensorrt_version": 8}, {}).tensorrt_version == "8"


def test_the_names_are_known_to_who_sorts_options() -> None:
    assert {"use_full_tflite", "network", "target", "jobs", "tensorrt_version"} <= OPTION_NAMES
