"""The options for ``.onnx`` networks are checked before anything native gets to see them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_core import InvalidInputError
from ei_runner_qnn.options import PERFORMANCE_MODES, HtpOptions

WRONG = {
    "allow_cpu": (1, "yes", []),
    "backend_path": (7, "", "a\0b", "libQnnSaver.so", "libQnnIr.so", "libHtpPrepare.so", "libz.so"),
    "backend_type": ("dsp", "HTP", 1, []),
    "context_cache": (0, "no"),
    "device_id": (-1, 256, "0", True, 1.5),
    "graph_optimization": (4, -1, "3", True),
    "htp_arch": (99, "73", "v73", True, 73.0),
    "input_shapes": ([1, 4], {"x": 4}),
    "num_threads": (0, "2", True),
    "performance_mode": ("turbo", "Burst", 2, []),
    "precision": ("fp16", 16, True),
    "profiling": ("x", True, 1),
    "provider_options": ("x", 1, []),
    "self_check": (0, "no"),
    "soc_model": (0, -1, "43", "SM8550", True, 70_000),
    "vtcm_mb": (0, -1, "8", 99_999),
}
NAMED = [(name, value) for name, values in WRONG.items() for value in values]


@pytest.mark.parametrize(("name", "value"), NAMED)
def test_a_wrong_value_is_named_with_what_was_expected(name, value):
    with pytest.raises(InvalidInputError, match=f"option '{name}' of qnn is .*, expected "):
        HtpOptions.parse({name: value})


def test_an_unknown_option_is_answered_with_the_known_ones():
    with pytest.raises(InvalidInputError, match="no option 'mode'; it has .*performance_mode"):
        HtpOptions.parse({"mode": "burst"})


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("cpu", "take the backend onnx"),
        ("ir", "runs nothing"),
        ("saver", "gives out zeros"),
    ],
)
def test_a_backend_that_runs_nothing_is_refused_with_the_reason(name, reason):
    with pytest.raises(
        InvalidInputError, match=f"is '{name}', expected 'htp' or 'gpu': .*{reason}"
    ):
        HtpOptions.parse({"backend_type": name})


@pytest.mark.parametrize("mode", PERFORMANCE_MODES)
def test_every_performance_mode_has_its_name(mode):
    assert HtpOptions.parse({"performance_mode": mode}).performance_mode == mode


def test_none_stands_for_the_default_of_every_option():
    assert HtpOptions.parse(dict.fromkeys(WRONG)) == HtpOptions.parse({})


@pytest.mark.parametrize(
    "options",
    [
        {"backend_type": "htp", "backend_path": "libQnnHtp.so"},
        {"precision": "float16"},
        {"profiling": "basic"},
    ],
)
def test_options_that_do_not_go_together_say_which(options):
    with pytest.raises(InvalidInputError, match="exclude each|needs 'soc_model'|need each other"):
        HtpOptions.parse(options)


def test_a_profiling_file_needs_a_level(tmp_path: Path):
    with pytest.raises(InvalidInputError, match="need each other"):
        HtpOptions.parse({"profiling_file": tmp_path / "times.csv"})


def test_a_profiling_file_that_cannot_be_written_is_told(tmp_path: Path):
    path = tmp_path / "none" / "times.csv"

    with pytest.raises(InvalidInputError, match="none/times.csv, which cannot be written: No such"):
        HtpOptions.parse({"profiling": "basic", "profiling_file": path})


@pytest.mark.parametrize("path", ["~nobody-of-this-name/times.csv", "x" * 5000])
def test_a_profiling_file_that_cannot_be_is_told(path):
    with pytest.raises(InvalidInputError, match="option 'profiling_file' of qnn is "):
        HtpOptions.parse({"profiling": "basic", "profiling_file": path})


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"nonsense": 1}, "has no option 'nonsense'; .* takes .*qnn_context_priority"),
        ({"htp_arch": 73}, "has htp_arch, for which there is the option 'htp_arch'"),
        ({"profiling_level": "basic"}, "there is the option 'profiling'"),
        ({"qnn_context_priority": "x"}, "qnn_context_priority='x', expected 'low' or"),
        ({"rpc_control_latency": "x"}, "expected a number from 0 to"),
        ({"extended_udma": "yes"}, "expected true, false, 0 or 1"),
        ({"op_packages": "x"}, "expected OPERATOR:LIBRARY:FUNCTION"),
        ({"json_qnn_graph_dir": "not/there"}, "expected a folder that is there"),
    ],
)
def test_further_options_are_checked_too(options, expected):
    with pytest.raises(InvalidInputError, match=expected):
        HtpOptions.parse({"provider_options": options})


def test_further_options_become_text():
    options = {"extended_udma": True, "rpc_control_latency": 100, "qnn_context_priority": "high"}

    assert HtpOptions.parse({"provider_options": options}).provider_options == {
        "extended_udma": "1",
        "rpc_control_latency": "100",
        "qnn_context_priority": "high",
    }


@given(st.dictionaries(st.sampled_from(sorted(WRONG)), st.from_type(object), max_size=3))
def test_nothing_but_a_clear_error_comes_of_any_value(options):
    with suppress(InvalidInputError):
        HtpOptions.parse(options)
