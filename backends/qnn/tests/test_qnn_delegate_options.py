"""Options for ``.tflite`` networks are checked before anything native gets to see them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_core import InvalidInputError
from ei_runner_qnn.delegate_options import DelegateOptions
from ei_runner_qnn.vocabulary import VOCABULARY

WRONG = {
    "delegate": (7, "", [], "a\0b"),
    "delegate_options": ("fast", 7, ["htp_precision"]),
    "backend_type": ("cpu", "HTP", 1, [], "ir", "saver"),
    "performance_mode": ("fast", "Burst", 10, -1, True, 1.5, [], "2 "),
    "precision": ("float32", "int8", 2, False),
    "device_id": (-1, 256, "one", True, 1.5),
    "allow_cpu": (1, "yes", []),
    "num_threads": (0, "2", True),
    "input_shapes": ([1, 4], {"x": 4}),
}
NAMED = [(name, value) for name, values in WRONG.items() for value in values]


def settings(**options: object) -> dict[str, str]:
    return dict(DelegateOptions.parse(options).settings)


@pytest.mark.parametrize(("name", "value"), NAMED)
def test_a_wrong_value_is_named_with_what_was_expected(name, value):
    with pytest.raises(InvalidInputError, match=f"{name}' of qnn is .*, expected |no delegate at"):
        DelegateOptions.parse({name: value})


def test_an_unknown_option_is_answered_with_the_known_ones():
    with pytest.raises(InvalidInputError, match="no option 'mode'; it has .*performance_mode"):
        DelegateOptions.parse({"mode": "burst"})
    with pytest.raises(InvalidInputError, match="no option 'burst'; .* takes .*htp_precision"):
        DelegateOptions.parse({"delegate_options": {"burst": 1}})


def test_none_means_the_default_which_is_that_of_edge_impulse():
    assert DelegateOptions.parse(dict.fromkeys(WRONG)) == DelegateOptions.parse({})
    assert DelegateOptions.parse({}) == DelegateOptions()
    assert settings() == {"backend_type": "htp", "htp_performance_mode": "2"}


def test_names_become_the_numbers_that_the_delegate_wants():
    modes = ["default", "sustained_high_performance", "burst", "high_performance", "power_saver"]
    modes += ["low_power_saver", "high_power_saver", "low_balanced", "balanced"]
    modes += ["extreme_power_saver"]
    for number, mode in enumerate(modes):
        told = settings(performance_mode=mode)
        assert told["htp_performance_mode"] == str(number)
        assert told == settings(performance_mode=number) == settings(performance_mode=str(number))


def test_what_all_networks_share_has_a_name_for_each_backend():
    assert settings(precision="float16", device_id=1) == {
        "backend_type": "htp",
        "htp_performance_mode": "2",
        "htp_precision": "1",
        "htp_device_id": "1",
    }
    gpu = settings(backend_type="gpu", precision="float32", performance_mode="low")
    assert gpu == {"backend_type": "gpu", "gpu_precision": "1", "gpu_performance_mode": "3"}
    dsp = settings(backend_type="dsp", performance_mode="balanced")
    assert dsp == {"backend_type": "dsp", "dsp_performance_mode": "8"}


def test_options_of_the_delegate_are_read_by_its_own_names(tmp_path):
    library = tmp_path / "libQnnHtp.so"
    library.touch()
    told = settings(
        delegate_options={
            "library_path": library,
            "skel_library_dir": str(tmp_path),
            "log_level": "info",
            "cache_dir": tmp_path,
            "model_token": "digits-1",
            "htp_pd_session": "signed",
            "htp_optimization_strategy": "inference_o3",
            "htp_use_conv_hmx": False,
            "htp_use_fold_relu": "true",
        }
    )
    assert told == {
        "backend_type": "htp",
        "htp_performance_mode": "2",
        "library_path": str(library),
        "skel_library_dir": str(tmp_path),
        "log_level": "3",
        "cache_dir": str(tmp_path),
        "model_token": "digits-1",
        "htp_pd_session": "signed",
        "htp_optimization_strategy": "2",
        "htp_use_conv_hmx": "false",
        "htp_use_fold_relu": "true",
    }


@pytest.mark.parametrize("name", VOCABULARY)
@pytest.mark.parametrize(
    "value", [None, "", [], "burst!", -1, "a\nb", "/no/such", "~nobody-x/a", "a\0b", "a" * 9000]
)
def test_what_the_delegate_would_not_understand_never_reaches_it(name, value):
    with pytest.raises(InvalidInputError, match=f"{name} in 'delegate_options' of qnn is .*, exp"):
        DelegateOptions.parse({"delegate_options": {name: value}})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backend_type": "dsp", "precision": "float16"}, "'precision' of qnn is not for .*'dsp'"),
        ({"backend_type": "gpu", "device_id": 0}, "'device_id' of qnn is not for .*'gpu'"),
        ({"delegate_options": {"gpu_precision": 1}}, "has gpu_precision, which is not for .*'htp'"),
        (
            {"performance_mode": 1, "delegate_options": {"htp_performance_mode": 2}},
            "has htp_performance_mode, which the option 'performance_mode' stands for too",
        ),
    ],
)
def test_options_that_do_not_go_together_are_refused(options, message):
    with pytest.raises(InvalidInputError, match=message):
        DelegateOptions.parse(options)


def test_the_cpu_is_pointed_to_the_backend_for_it():
    with pytest.raises(InvalidInputError, match="for the CPU take the backend full-tflite"):
        DelegateOptions.parse({"backend_type": "cpu"})


VALUES = st.integers() | st.text() | st.none() | st.booleans() | st.lists(st.integers())
NAMES = st.sampled_from([*WRONG, *VOCABULARY]) | st.text()


@given(st.dictionaries(NAMES, VALUES | st.dictionaries(NAMES, VALUES)))
def test_options_are_taken_or_refused_and_nothing_else(options):
    with suppress(InvalidInputError):
        DelegateOptions.parse(options)
