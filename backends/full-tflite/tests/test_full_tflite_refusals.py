"""Networks that cannot run here say why, and what to do."""

from __future__ import annotations

import pytest

from ei_runner_core import ModelFormatError, ModelNotFoundError, Network, UnsupportedModelError
from ei_runner_full_tflite.backend import FullTfliteBackend

UNSUPPORTED = {
    "custom_op": "custom operator 'Frobnicate'.*option 'delegates'",
    "flex_op": "TensorFlow's operator 'Lgamma'.*TFLITE_BUILTINS only",
    "newer_op": "version 99 of the operator ADD.*pip install -U",
    "string": "'text' holds bytes, expected numbers",
    "per_channel_output": "'Identity' is quantised with 3 scales.*expected one",
}


@pytest.mark.parametrize(("name", "message"), UNSUPPORTED.items())
def test_what_is_missing_is_named_with_the_way_out(open_network, name, message):
    with pytest.raises(UnsupportedModelError, match=message):
        open_network(name)


NOT_A_MODEL = {
    "empty": b"",
    "a few bytes": b"TFL3",
    "text": b"this is certainly not a network" * 10,
    "zeros": bytes(1000),
    "another FlatBuffer": b"\x1c\0\0\0ABCD" + bytes(100),
}


@pytest.mark.parametrize("content", NOT_A_MODEL.values(), ids=NOT_A_MODEL)
def test_what_is_no_network_is_told_by_its_first_bytes(open_network, content):
    with pytest.raises(ModelFormatError, match="is not a TensorFlow Lite model: expected b'TFL3'"):
        open_network(content)


def test_a_missing_file_is_told(tmp_path):
    path = tmp_path / "gone.tflite"

    with pytest.raises(ModelNotFoundError, match="gone.tflite"):
        FullTfliteBackend().open(Network("gone", ".tflite", path=path), {})


def test_an_error_leaves_nothing_behind_that_breaks_the_next_network(open_network):
    with pytest.raises(UnsupportedModelError):
        open_network("custom_op")

    assert open_network("add").inputs
