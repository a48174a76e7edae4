from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from fake_distributions import add_distribution, forget_modules
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_core import InvalidInputError, UnsupportedModelError, dsp, plugins
from ei_runner_core.contract import Preprocessor
from ei_runner_core.dsp.plugin import ei_runner_preprocessors
from ei_runner_core.images import pack

SPY_PLUGIN = """
from ei_runner_core.contract import Preprocessor, PreprocessorSpec
from ei_runner_core.hookspecs import hookimpl

class Spy(Preprocessor):
    def __init__(self, config, context):
        self.config, self.context, self.resets = config, context, 0
    def extract(self, window):
        return window.copy()
    def extract_slice(self, piece):
        return piece + 1
    def reset(self):
        self.resets += 1

@hookimpl
def ei_runner_preprocessors():
    return PreprocessorSpec("spy", "spy_block:Spy")
"""


@pytest.fixture
def spy_plugin(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv("EI_RUNNER_DISABLE", raising=False)
    monkeypatch.delenv("EI_RUNNER_PLUGINS", raising=False)
    add_distribution(tmp_path, "spy-block", SPY_PLUGIN)
    plugins.refresh()
    yield
    plugins.refresh()
    forget_modules(tmp_path)


BLOCKS = ["flatten", "image", "mfcc", "mfe", "raw", "spectral_analysis", "spectrogram"]
KNOWN = ", ".join(BLOCKS)


def test_the_built_in_blocks_come_through_the_hook():
    assert [spec.name for spec in ei_runner_preprocessors()] == BLOCKS
    for name in BLOCKS:
        assert isinstance(dsp.create(name, {}, frequency=16000), Preprocessor)


def test_listing_the_blocks_loads_no_numpy():
    code = "import sys, ei_runner_core.dsp.plugin; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_public_name_can_be_imported():
    assert {name for name in dir(dsp) if hasattr(dsp, name)} == set(dsp.__all__)
    with pytest.raises(AttributeError, match="no_such_name"):
        dsp.no_such_name  # noqa: B018


@pytest.mark.parametrize("name", ["spectral", "typo", ""])
def test_an_unknown_block_is_refused_with_the_known_ones(name):
    with pytest.raises(UnsupportedModelError, match=f"'{name}'; known blocks: {KNOWN}"):
        dsp.create(name, {})


@pytest.mark.parametrize("name", ["audio-syntiant", "imu-syntiant", "hr", "eeg", "heart-rate"])
def test_blocks_without_public_code_point_to_other_backends(name):
    with pytest.raises(UnsupportedModelError, match="use the eim or sdk-ffi backend"):
        dsp.create(name, {})


@pytest.mark.parametrize(
    ("block", "config", "message"),
    [
        ("raw", {"scale": 1}, "raw block has no field 'scale'; its fields are: scale_axes"),
        ("raw", {"scale_axes": "1"}, "'scale_axes' of the raw block is '1', expected a finite"),
        ("raw", {"scale_axes": True}, "'scale_axes' of the raw block is True, expected a finite"),
        ("raw", {"scale_axes": float("nan")}, "expected a finite number"),
        ("raw", {"scale_axes": 1e39}, "expected a finite number"),
        ("flatten", {"average": 1}, "'average' of the flatten block is 1, expected true or false"),
        ("flatten", {"moving_avg_num_windows": -1}, "is -1, expected a number from 0 to 65535"),
        ("flatten", {"moving_avg_num_windows": 2**31}, "expected a number from 0 to 65535"),
        ("flatten", {"moving_avg_num_windows": 1.5}, "is 1.5, expected a number from 0 to 65535"),
        ("image", {"channels": "BGR"}, "is 'BGR', expected 'RGB' or 'Grayscale'"),
        ("image", {"channels": None}, "is None, expected 'RGB' or 'Grayscale'"),
        ("image", ["channels"], "must be a mapping from field names to values, got list"),
    ],
)
def test_a_wrong_config_names_the_field_and_what_it_takes(block, config, message):
    with pytest.raises(InvalidInputError) as caught:
        dsp.create(block, config)
    assert message in str(caught.value)


@pytest.mark.parametrize("block", ["raw", "flatten", "image"])
def test_fields_that_every_config_has_are_accepted(block):
    dsp.create(block, {"block_id": 2, "implementation_version": 1, "axes": 3})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 0}, "version is 0"),
        ({"version": "1"}, "version is '1'"),
        ({"axis_count": 0}, "axis_count is 0"),
        ({"n_outputs": 0}, "n_outputs is 0"),
        ({"frequency": -1.0}, "frequency is -1.0"),
        ({"frequency": float("inf")}, "frequency is inf"),
        ({"axes": []}, r"axes is \[\], expected a list of indices or None for all"),
        ({"axes": 1}, "axes is 1, expected a list"),
        ({"axes": "01"}, "axes is '01', expected a list"),
        ({"axes": [3], "axis_count": 3}, "axes has the index 3, but the window has 3 axes"),
        ({"axes": [-1], "axis_count": 3}, "axes has the index -1"),
        ({"axes": [0.0], "axis_count": 3}, "axes has the index 0.0"),
    ],
)
def test_a_wrong_argument_is_one_clear_error(changes, message):
    with pytest.raises(InvalidInputError, match=message):
        dsp.create("raw", {}, **changes)


@pytest.mark.parametrize("length", [0, 1, 7, 8])
@pytest.mark.parametrize("block", ["raw", "flatten"])
@pytest.mark.parametrize("axes", [None, [1]])
def test_a_window_of_no_whole_samples_is_refused(block, axes, length):
    with pytest.raises(InvalidInputError, match=f"the window has {length} values, expected"):
        dsp.extract(block, np.zeros(length, np.float32), {}, axes=axes, axis_count=3)


@pytest.mark.parametrize(
    "window", [[[1.0, 2.0]], 1.0, ["a"], [1j], [[1], [1, 2]], None, [None], {}, [[]]]
)
def test_a_window_that_is_no_row_of_numbers_is_refused(window):
    with pytest.raises(InvalidInputError, match="the window is"):
        dsp.extract("raw", window, {})


@given(st.data())
def test_picking_axes_is_indexing_the_columns(data):
    count = data.draw(st.integers(2, 6))
    axes = data.draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=2 * count))
    samples = data.draw(st.integers(1, 9))
    window = np.arange(samples * count, dtype=np.float32)
    picked = dsp.extract("raw", window, {}, axes=axes, axis_count=count)
    table = window.reshape(samples, count)
    expected = window if len(axes) == count else table[:, axes].reshape(-1)
    np.testing.assert_array_equal(picked, expected)


@given(st.permutations(range(4)))
def test_a_permutation_of_all_axes_means_all_in_their_own_order(axes):
    window = np.arange(12, dtype=np.float32)
    np.testing.assert_array_equal(dsp.extract("raw", window, {}, axes=axes, axis_count=4), window)


@pytest.mark.usefixtures("spy_plugin")
def test_a_block_of_a_plugin_gets_its_context_and_its_axes():
    plan = dsp.create(
        "spy", {"a": 1}, version=3, frequency=62.5, axes=[2, 0], axis_count=3, n_outputs=4
    )
    window = np.arange(6, dtype=np.float32)
    np.testing.assert_array_equal(plan.extract(window), [2, 0, 5, 3])
    np.testing.assert_array_equal(plan.extract_slice(window[:3]), [3, 1])
    out = np.empty(4, np.float32)
    plan.extract_into(window, out)
    np.testing.assert_array_equal(out, [2, 0, 5, 3])

    alone = dsp.create("spy", {"a": 1}, version=3, frequency=62.5, axis_count=2, n_outputs=4)
    assert alone.config == {"a": 1}
    context = alone.context
    assert (context.version, context.frequency) == (3, 62.5)
    assert (context.axis_count, context.n_outputs) == (2, 4)


@pytest.mark.usefixtures("spy_plugin")
def test_an_unknown_block_is_refused_with_those_of_plugins_too():
    with pytest.raises(UnsupportedModelError, match=r"known blocks: .*spectrogram, spy"):
        dsp.create("no-such-block", {})


def test_a_block_of_whole_windows_refuses_slices():
    plan = dsp.create("raw", {}, axes=[0], axis_count=2)
    with pytest.raises(UnsupportedModelError, match="whole windows"):
        plan.extract_slice(np.zeros(4, np.float32))


def test_a_table_of_samples_and_axes_is_a_window_too():
    table = np.arange(6, dtype=np.float32).reshape(3, 2)
    flat = dsp.extract("flatten", table.ravel(), {"average": True}, axis_count=2)
    np.testing.assert_array_equal(
        dsp.extract("flatten", table, {"average": True}, axis_count=2), flat
    )


def test_the_pixels_of_an_image_need_not_be_packed():
    rgb = np.random.default_rng(0).integers(0, 256, (4, 5, 3), np.uint8)
    packed = dsp.extract("image", pack(rgb), {"channels": "Grayscale"})
    np.testing.assert_array_equal(dsp.extract("image", rgb, {"channels": "Grayscale"}), packed)
