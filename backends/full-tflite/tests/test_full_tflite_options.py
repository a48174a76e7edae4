"""Options are checked before anything is loaded."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_core import InvalidInputError, UnsupportedModelError
from ei_runner_full_tflite.options import Options

WRONG = {
    "num_threads": (0, -1, 1.5, "2", True, 10**9, []),
    "allow_cpu": ("no", 0, []),
    "default_delegates": ("always", 1, "", []),
    "kernels": ("fast", True, "", 1),
    "signature": ("", 3, ["serve"]),
    "input_shapes": ([1, 4], {"x": 4}, {"x": "14"}, {"x": [0, 4]}, {"x": [1, -1]}, {"x": [True]}),
    "delegates": (7, [7], [{}], [{"path": 1}], [{"path": "a", "more": 1}], [""], ["a\0b"]),
}
NAMED = [(name, value) for name, values in WRONG.items() for value in values]


@pytest.mark.parametrize(("name", "value"), NAMED)
def test_a_wrong_value_is_named_with_what_was_expected(name, value):
    with pytest.raises(InvalidInputError, match=f"'{name}' of full-tflite is .*, expected "):
        Options.parse({name: value})


def test_an_unknown_option_is_answered_with_the_known_ones(open_network):
    with pytest.raises(InvalidInputError, match="no option 'threads'; it has .*num_threads"):
        open_network("add", threads=2)


def test_none_means_the_default():
    assert Options.parse(dict.fromkeys(WRONG)) == Options.parse({}) == Options()


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.none() | st.lists(st.integers())))
def test_options_are_taken_or_refused_and_nothing_else(options):
    with suppress(InvalidInputError):
        Options.parse(options)


def test_a_signature_that_is_not_there_is_answered_with_those_that_are(open_network):
    with pytest.raises(InvalidInputError, match="'triple'; it has combine, double"):
        open_network("signatures", signature="triple")
    with pytest.raises(InvalidInputError, match="'triple'; it has none: leave the option out"):
        open_network("add", signature="triple")


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({"y": [1, 4]}, "names the input 'y', the network has x"),
        ({"x": [1, 5]}, "the shape \\(1, 5\\), expected \\(-1, 4\\)"),
        ({"x": [4]}, "the shape \\(4,\\), expected \\(-1, 4\\)"),
    ],
)
def test_shapes_that_do_not_suit_the_network_are_refused(open_network, shapes, message):
    with pytest.raises(InvalidInputError, match=message):
        open_network("dynamic_batch", input_shapes=shapes)


def test_a_delegate_that_is_not_there_is_told_before_loading(open_network, tmp_path):
    for path in (tmp_path / "libnone.so", str(tmp_path), "./libnone.so"):
        with pytest.raises(InvalidInputError, match="there is no delegate at"):
            open_network("add", delegates=[path])


def test_a_delegate_by_name_that_the_system_does_not_know_is_refused(open_network):
    with pytest.raises(InvalidInputError, match="libnothing-like-it.so cannot be loaded"):
        open_network("add", delegates="libnothing-like-it.so")


def test_a_file_that_is_no_library_is_refused(open_network, tmp_path: Path):
    path = tmp_path / "delegate.so"
    path.write_text("not a library")

    with pytest.raises(InvalidInputError, match="delegate.so cannot be loaded"):
        open_network("add", delegates=[path])


@pytest.mark.parametrize("options", [[1], "text", {"key": None}, {"key": [1]}, {b"key": 1}])
def test_options_of_a_delegate_are_names_and_plain_values(tmp_path: Path, options):
    path = tmp_path / "delegate.so"
    path.touch()

    with pytest.raises(InvalidInputError, match="'delegates' of full-tflite is .*, expected"):
        Options.parse({"delegates": [{"path": path, "options": options}]})


def test_options_of_a_delegate_become_text(tmp_path: Path):
    path = tmp_path / "delegate.so"
    path.touch()
    given_options = {"level": 3, "fast": True, "slow": False, "ratio": 0.5, "name": "a b"}

    (delegate,) = Options.parse(
        {"delegates": {"path": str(path), "options": given_options}}
    ).delegates

    assert delegate.path == path
    assert delegate.options == {
        "level": "3",
        "fast": "1",
        "slow": "0",
        "ratio": "0.5",
        "name": "a b",
    }


def test_a_network_that_xnnpack_refuses_runs_without_it(open_network):
    image = np.zeros((1, 6, 6, 1), np.int8)
    (expected,) = open_network("conv_int8").run([image])

    for choice in ("auto", False):
        (answer,) = open_network("no_xnnpack", default_delegates=choice).run([image])
        np.testing.assert_array_equal(answer, expected)


@pytest.mark.usefixtures("strict_xnnpack")
def test_with_default_delegates_forced_their_failure_is_an_error(open_network):
    with pytest.raises(UnsupportedModelError, match="XNNPACK cannot run.*default_delegates=False"):
        open_network("no_xnnpack", default_delegates=True)


def test_reference_kernels_give_the_same_answer_without_xnnpack(open_network):
    image = np.linspace(-1, 1, 4, dtype=np.float32)
    sessions = [open_network("add", kernels=kind) for kind in ("optimized", "reference")]
    inputs = [np.resize(image, spec.shape).astype(spec.dtype) for spec in sessions[0].inputs]
    optimized, reference = (session.run(inputs)[0] for session in sessions)
    np.testing.assert_allclose(optimized, reference, rtol=1e-6)


def test_reference_kernels_with_xnnpack_forced_are_refused(open_network):
    with pytest.raises(InvalidInputError, match="exclude each other"):
        open_network("add", kernels="reference", default_delegates=True)
