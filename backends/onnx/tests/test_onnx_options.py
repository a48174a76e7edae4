"""Options are checked before anything is loaded."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_core import InvalidInputError, ModelFormatError
from ei_runner_onnx.options import Options

WRONG = {
    "providers": (7, [], [7], "", "no name", [{}], {"name": 3}, {"name": "cpu", "more": 1}),
    "allow_cpu": (1, "yes", []),
    "num_threads": (0, -1, 1.5, "2", True, 10**9, []),
    "optimization": ("most", 1, "", True),
    "input_shapes": ([1, 4], {"x": 4}, {"x": "14"}, {"x": [0, 4]}, {"x": [1, -1]}, {"x": [True]}),
    "custom_ops": (7, [7], [""], ["a\0b"]),
    "session_options": ([], "a=b", {"a": None}, {"a": ""}, {b"a": "b"}, {"a\0": "b"}),
}
NAMED = [(name, value) for name, values in WRONG.items() for value in values]
PROVIDER_PARTS = {
    "options": (7, [1], {"key": None}, {"key": [1]}, {b"key": 1}),
    "device": ("tpu", 3),
    "library": (7, "", "a\0b"),
}
PARTS = [(name, value) for name, values in PROVIDER_PARTS.items() for value in values]
ROW = np.arange(4, dtype=np.float32).reshape(1, 4)


HALF = "\ud800"  # of a surrogate pair: no native code takes it
LIBRARIES = ("~nosuchuser/x.so", "x" * 5000, "y/" * 3000)


@pytest.mark.parametrize("path", [*LIBRARIES, HALF])
def test_a_path_that_cannot_be_is_one_clear_error(open_network, path):
    for options in ({"custom_ops": path}, {"providers": {"name": "mine", "library": path}}):
        with pytest.raises(InvalidInputError, match="onnx") as caught:
            open_network("add", **options)
        assert len(str(caught.value)) < 800


@pytest.mark.parametrize("setting", [{HALF: "x"}, {"x": HALF}])
def test_text_that_native_code_cannot_take_is_refused(setting):
    for options in ({"session_options": setting}, {"providers": {"name": "a", "options": setting}}):
        with pytest.raises(InvalidInputError, match="of onnx is .*, expected "):
            Options.parse(options)


@pytest.mark.parametrize(
    "name",
    [
        "session.disable_cpu_ep_fallback",
        "session.load_model_format",
        "session.model_external_initializers_file_folder_path",
        "session.record_ep_graph_assignment_info",
    ],
)
def test_what_the_backend_sets_by_itself_is_refused_by_name(name):
    with pytest.raises(InvalidInputError, match=f"has {name}, which the backend sets by itself"):
        Options.parse({"session_options": {name: "1"}})


def test_a_network_is_not_blamed_for_a_session_option(open_network):
    setting = {"optimization.minimal_build_optimizations": "banana"}

    with pytest.raises(
        InvalidInputError, match="'session_options' of onnx .optim.*=banana.*without it the network"
    ):
        open_network("add", session_options=setting)


def test_a_session_option_is_not_blamed_for_a_network(open_network):
    with pytest.raises(ModelFormatError, match="cannot load"):
        open_network(b"no network", session_options={"session.set_denormal_as_zero": "1"})


@pytest.mark.parametrize(("name", "value"), NAMED)
def test_a_wrong_value_is_named_with_what_was_expected(name, value):
    with pytest.raises(InvalidInputError, match=f"'{name}' of onnx is .*, expected "):
        Options.parse({name: value})


@pytest.mark.parametrize(("part", "value"), PARTS)
def test_a_wrong_part_of_a_provider_is_answered_with_what_was_expected(part, value):
    with pytest.raises(InvalidInputError, match="'providers' of onnx is .*, expected "):
        Options.parse({"providers": {"name": "cpu", part: value}})


def test_an_unknown_option_is_answered_with_the_known_ones(open_network):
    with pytest.raises(InvalidInputError, match="no option 'threads'; it has .*num_threads"):
        open_network("add", threads=2)


def test_none_means_the_default():
    assert Options.parse(dict.fromkeys(WRONG)) == Options.parse({}) == Options()


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.none() | st.lists(st.integers())))
def test_options_are_taken_or_refused_and_nothing_else(options):
    with suppress(InvalidInputError):
        Options.parse(options)


def test_options_of_a_provider_become_text():
    settings = {"level": 3, "fast": True, "slow": False, "ratio": 0.5, "name": "a b"}

    (provider,) = Options.parse({"providers": {"name": "qnn", "options": settings}}).providers

    assert provider.options == {
        "level": "3",
        "fast": "1",
        "slow": "0",
        "ratio": "0.5",
        "name": "a b",
    }


@pytest.mark.parametrize("level", ["none", "basic", "extended", "all"])
def test_no_level_of_optimisation_changes_the_answers(open_network, level):
    image = np.random.default_rng(1).normal(size=(1, 1, 6, 6)).astype(np.float32)

    (expected,) = open_network("conv").run([image])
    (answer,) = open_network("conv", optimization=level).run([image])

    np.testing.assert_allclose(answer, expected, rtol=1e-5)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_number_of_threads_changes_no_answer(open_network, threads):
    image = np.random.default_rng(1).normal(size=(1, 1, 6, 6)).astype(np.float32)

    (expected,) = open_network("conv").run([image])
    (answer,) = open_network("conv", num_threads=threads).run([image])

    np.testing.assert_array_equal(answer, expected)


def test_a_small_network_gets_one_thread(open_network):
    settings = open_network("conv").engine.native.get_session_options()

    assert settings.intra_op_num_threads == 1


def test_session_options_reach_onnx_runtime(open_network):
    session = open_network("add", session_options={"session.intra_op.allow_spinning": True})

    settings = session.engine.native.get_session_options()
    assert settings.get_session_config_entry("session.intra_op.allow_spinning") == "1"


def test_a_session_option_that_onnx_runtime_refuses_is_told(open_network):
    name = "n" * 5000

    with pytest.raises(InvalidInputError, match="'session_options' of onnx has nnn.* refuses: "):
        open_network("add", session_options={name: "1"})


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({"y": [1, 4]}, "names the input 'y', the network has x"),
        ({"x": [1, 5]}, "the shape \\(1, 5\\), expected \\(n, 4\\)"),
        ({"x": [4]}, "the shape \\(4,\\), expected \\(n, 4\\)"),
    ],
)
def test_shapes_that_do_not_suit_the_network_are_refused(open_network, shapes, message):
    with pytest.raises(InvalidInputError, match=message):
        open_network("dynamic", input_shapes=shapes)


def test_shapes_that_contradict_each_other_are_refused(open_network):
    with pytest.raises(InvalidInputError, match="expected \\(n, any size\\) with n = 2"):
        open_network("two_symbols", input_shapes={"a": [2, 3], "b": [1, 3]})


def test_options_do_not_hide_that_a_file_is_damaged(open_network):
    with pytest.raises(ModelFormatError):
        open_network(b"no network", input_shapes={"x": [1, 4]})


def test_a_library_that_is_not_there_is_told_before_loading(open_network, tmp_path):
    for path in (tmp_path / "libnone.so", str(tmp_path), "./libnone.so"):
        with pytest.raises(
            InvalidInputError, match="there is no library of custom operators at .*'custom_ops'"
        ):
            open_network("add", custom_ops=[path])


def test_a_file_that_holds_no_operators_is_refused(open_network, tmp_path: Path):
    path = tmp_path / "operators.so"
    path.write_text("not a library")

    with pytest.raises(InvalidInputError, match="operators.so is not a library of custom op"):
        open_network("add", custom_ops=[path])


@pytest.mark.requires("compiler")
@pytest.mark.skipif(sys.platform == "win32", reason="builds with the options of a Unix compiler")
def test_a_library_of_operators_is_asked_for_them(open_network, tmp_path: Path):
    """This one has none, and leaves a trace."""
    trace, library = tmp_path / "trace", tmp_path / "operators.so"
    code = tmp_path / "operators.cpp"
    code.write_text(
        "#include <cstdio>\n"
        'extern "C" void* RegisterCustomOps(void* options, const void* api) {\n'
        f'  if (std::FILE* file = std::fopen("{trace}", "w")) std::fclose(file);\n'
        "  return nullptr;\n}\n"
    )
    compiler = next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))))
    command = [compiler, "-shared", "-fPIC", "-o", str(library), str(code)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)

    (answer,) = open_network("add", custom_ops=str(library)).run([ROW])

    np.testing.assert_array_equal(answer, ROW + 1)
    assert trace.exists()
