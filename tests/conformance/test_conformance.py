"""The suites let good plugins pass, and each finds the fault that it is there to find."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from fake_distributions import COMPLETE

from ei_runner_core.testing import (
    PreprocessorCase,
    PreprocessorSuite,
    Suite,
    TensorBackendSuite,
)

pytest_plugins = ["pytester"]
STRANGERS = Path(__file__).parent / "strangers.py"
GOOD = ("TestLinear", "TestLouder", "TestPeak", "TestDrawer")
FOUND_BY = {
    "TestKeepsNoLock": "test_threads_may_share_a_session",
    "TestReusesItsBuffer": "test_outputs_belong_to_the_caller",
    "TestWritesToInputs": "test_inputs_are_only_read",
    "TestChecksNothing": "test_wrong_inputs_are_refused_and_the_next_run_is_right",
    "TestRunsAfterClose": "test_a_closed_session_says_so",
    "TestClosesOnce": "test_closing_twice_is_legal",
    "TestAnswersWrong": "test_it_answers_right",
    "TestRemembersTheLastCall": "test_it_answers_the_same_again",
    "TestLeaksAFile": "test_opening_and_ending_leaks_nothing",
    "TestKeepsWhatItAnswers": "test_running_leaks_nothing",
    "TestIsNeverFreed": "test_a_forgotten_session_is_freed",
    "TestDescribesAnotherDtype": "test_the_tensors_are_described_as_they_are",
    "TestRefusesOtherThreads": "test_threads_may_share_a_session",
    "TestIgnoresOptions": "test_an_unknown_option_is_refused_by_name",
    "TestFailsAnyhow": "test_a_damaged_model_is_one_clear_error",
    "TestSupportsEverything": "test_another_format_is_not_supported",
    "TestForgetsThresholds": "test_thresholds_can_be_set_and_read_back",
    "TestNeverReady": "test_a_stream_is_answered_slice_by_slice",
    "TestHasNoPlace": "test_its_place_is_told_without_secrets",
    "TestReadsNoFiles": "test_a_sample_on_disk_arrives",
    "TestOverwrites": "test_a_sample_arrives_unchanged",
    "TestLosesUnderLoad": "test_threads_may_share_it",
    "TestCallsEqualOnesFailures": "test_an_equal_sample_is_taken_or_called_a_duplicate",
}


@pytest.fixture(scope="module")
def failures(tmp_path_factory) -> dict[str, set[str]]:
    """The failed tests of each class of ``strangers.py``, run by a pytest of its own."""
    folder = tmp_path_factory.mktemp("strangers")
    info = folder / "ei_runner_complete-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ei-runner-complete\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[ei_runner]\ncomplete = ei_runner_complete\n")
    (folder / "test_strangers.py").write_text(STRANGERS.read_text(encoding="utf-8"), "utf-8")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("EI_")}
    paths = [str(folder), str(COMPLETE), *filter(None, sys.path)]
    environment |= {"PYTHONPATH": os.pathsep.join(paths), "EI_RUNNER_PLUGINS": "complete"}
    wanted = [*GOOD, *(f"{name}::{test}" for name, test in FOUND_BY.items())]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml=all.xml"]
    run = subprocess.run(
        [*command, "--tb=short", *(f"test_strangers.py::{name}" for name in wanted)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert run.returncode in (0, 1), run.stdout + run.stderr
    outcomes: dict[str, set[str]] = defaultdict(set)
    for case in ET.parse(folder / "all.xml").iter("testcase"):
        failed = outcomes[case.attrib["classname"].rpartition(".")[2]]
        if case.find("failure") is not None or case.find("error") is not None:
            failed.add(case.attrib["name"].partition("[")[0])
    return outcomes


@pytest.mark.parametrize("name", GOOD)
def test_a_good_plugin_passes(failures, name):
    assert failures[name] == set()


@pytest.mark.parametrize(("name", "test"), FOUND_BY.items())
def test_a_fault_is_found_by_its_test(failures, name, test):
    assert test in failures[name]


def test_every_class_of_the_strangers_was_judged(failures):
    assert set(failures) == {*GOOD, *FOUND_BY}


def test_a_test_cannot_be_overridden_in_silence():
    with pytest.raises(TypeError, match=r"overrides test_it_answers_right of BackendSuite.*xfail"):

        class Quiet(TensorBackendSuite):
            def test_it_answers_right(self):
                pass


def test_a_test_cannot_be_removed_in_silence():
    with pytest.raises(TypeError, match="overrides test_closing_twice_is_legal"):

        class Quiet(TensorBackendSuite):
            test_closing_twice_is_legal = None


def test_a_test_cannot_be_overridden_by_another_base_in_silence():
    class Mixin:
        def test_closing_twice_is_legal(self):
            pass

    with pytest.raises(TypeError, match="overrides test_closing_twice_is_legal"):

        class Quiet(Mixin, TensorBackendSuite):
            pass


def test_a_mark_without_a_reason_is_not_enough():
    with pytest.raises(TypeError, match="overrides"):

        class Quiet(TensorBackendSuite):
            @pytest.mark.xfail
            def test_it_answers_right(self):
                pass


@pytest.mark.parametrize("mark", [pytest.mark.skip, pytest.mark.xfail, [pytest.mark.skip()]])
def test_a_whole_suite_cannot_be_taken_away_in_silence(mark):
    with pytest.raises(TypeError, match="takes all tests of its suite away"):

        class Quiet(TensorBackendSuite):
            pytestmark = mark


def test_a_suite_cannot_be_hidden():
    with pytest.raises(TypeError, match="takes all tests of its suite away"):

        class Quiet(TensorBackendSuite):
            __test__ = False


@pytest.mark.parametrize("reason", ["", " "])
def test_a_reason_has_to_be_one(reason):
    with pytest.raises(TypeError, match="overrides"):

        class Quiet(TensorBackendSuite):
            @pytest.mark.skip(reason)
            def test_it_answers_right(self):
                pass


def test_a_suite_without_cases_is_an_error(pytester):
    pytester.makepyfile("""
        from ei_runner_core.testing import PreprocessorSuite

        class TestNothing(PreprocessorSuite):
            block = "raw"

            def cases(self):
                return []
    """)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    assert result.ret != 0
    result.stdout.fnmatch_lines("*TestNothing.cases() gives none, expected at least one*")


def test_a_promise_can_be_given_up_with_the_reason_in_short():
    class Open(TensorBackendSuite):
        @pytest.mark.skip("the engine has no threads")
        def test_threads_may_share_a_session(self):
            pass

    assert issubclass(Open, Suite)


def test_a_promise_can_be_broken_openly():
    class Open(TensorBackendSuite):
        @pytest.mark.xfail(reason="the engine rounds differently")
        def test_it_answers_right(self, case, session):
            super().test_it_answers_right(case, session)

    assert issubclass(Open, Suite)


SIGNAL = np.linspace(-1, 1, 12, dtype=np.float32)
PIXELS = np.array([0x102030, 0xFFFFFF, 0, 0x80FF01], np.float32)


class TestRaw(PreprocessorSuite):
    block = "raw"
    takes_any_length = True

    def cases(self):
        return [PreprocessorCase("scaled", SIGNAL, SIGNAL * 2, {"scale_axes": 2.0})]


class TestFlatten(PreprocessorSuite):
    block = "flatten"
    takes_any_length = True

    def cases(self):
        only_mean = {"average": True} | dict.fromkeys(
            ("minimum", "maximum", "rms", "stdev", "skewness", "kurtosis"), False
        )
        mean = SIGNAL.reshape(-1, 3).mean(axis=0)
        return [PreprocessorCase("mean", SIGNAL, mean, only_mean, {"axis_count": 3})]


class TestImage(PreprocessorSuite):
    block = "image"
    takes_any_length = True

    def cases(self):
        channels = [[16, 32, 48], [255] * 3, [0] * 3, [128, 255, 1]]
        features = np.array(channels, np.float32).ravel() / 255
        return [PreprocessorCase("rgb", PIXELS, features, {"channels": "RGB"})]
