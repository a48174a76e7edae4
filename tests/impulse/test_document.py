from __future__ import annotations

import contextlib
import json

import pytest
from dense_models import impulse_document
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_core import ModelFormatError
from ei_runner_core.impulse import (
    ImageInput,
    Impulse,
    dump_impulse,
    json_schema,
    model_parameters,
    parse_impulse,
)

EVERYTHING = {
    "format": "ei-runner-impulse",
    "version": 1,
    "name": "all that an export can hold",
    "project": {"id": 1, "owner": "o", "name": "n", "deploy_version": 3, "impulse_id": 2},
    "input": {
        "type": "image",
        "width": 96,
        "height": 64,
        "channels": 3,
        "resize_mode": "fit-longest",
        "resize_kernel": "nearest",
        "crop_anchor": "bottom-right",
    },
    "labels": ["cat", "dog"],
    "dsp": [
        {"id": 1, "type": "image", "outputs": 18432, "config": {"channels": "RGB"}},
        {
            "id": 2,
            "type": "flatten",
            "version": 2,
            "outputs": 2,
            "axes": [0],
            "config": {"average": True, "moving_avg_num_windows": 4},
            "normalization": {"mean": [0, 1], "scale": [1, 0.5]},
        },
    ],
    "learn": [
        {
            "type": "network",
            "id": 3,
            "inputs": [1],
            "files": ["a.tflite", "a.onnx"],
            "image_scaling": "TORCH",
            "layout": "nchw",
            "outputs": [1, 0],
        },
        {
            "type": "kmeans",
            "id": 9,
            "inputs": [2],
            "axes": [0, 1],
            "mean": [0, 0],
            "scale": [1, 1],
            "clusters": [{"centroid": [0.5, 0.5], "max_error": 0.1}],
        },
        {"type": "gmm", "id": 10, "inputs": [2], "axes": [0], "files": ["gmm.tflite"]},
    ],
    "postprocessing": [
        {"id": 4, "type": "yolov5", "input": 3, "config": {"threshold": 0.5, "version": 6}},
        {"id": 5, "type": "tracking", "config": {"keep_grace": 5, "use_iou": True}},
        {"id": 6, "type": "calibration", "config": {"detection_threshold": 0.8}},
    ],
    "anomaly": "kmeans",
    "engine": "tflite",
}


def parse(document) -> Impulse:
    return parse_impulse(json.dumps(document).encode())


def test_the_tree_has_room_for_all_that_an_export_can_hold():
    impulse = parse(EVERYTHING)
    assert isinstance(impulse.input, ImageInput)
    assert impulse.learn[1].clusters[0].centroid == (0.5, 0.5)
    assert [block.id for block in impulse.networks] == [3, 10]
    assert impulse.postprocessing[1].config == {"keep_grace": 5, "use_iou": True}


@pytest.mark.parametrize("document", [EVERYTHING, impulse_document()])
def test_writing_and_reading_again_changes_nothing(document):
    impulse = parse(document)
    assert parse_impulse(dump_impulse(impulse).encode()) == impulse


def _put(document, path, value):
    document = json.loads(json.dumps(document))
    *way, last = path
    node = document
    for step in way:
        node = node[step]
    if value is ...:
        del node[last]
    else:
        node[last] = value
    return document


WRONG_FIELDS = [
    (
        ("dsp", 0, "outputs"),
        "six",
        r"\$\.dsp\[0\]\.outputs: Expected `int`, got `str`, got \"six\"",
    ),
    (("dsp", 0, "outputs"), 0, r"\$\.dsp\[0\]\.outputs: Expected `int` >= 1, got 0"),
    (("dsp", 0, "typo"), 1, r"\$\.dsp\[0\]: Object contains unknown field `typo`"),
    (("dsp", 0, "id"), ..., r"\$\.dsp\[0\]: Object missing required field `id`"),
    (("input", "axes"), [], r"\$\.input\.axes"),
    (
        ("input", "sensor"),
        "nose",
        r"\$\.input\.sensor: Invalid enum value 'nose'; expected one of \"accelerometer\"",
    ),
    (
        ("input", "type"),
        "smell",
        r"\$\.input\.type: Invalid value 'smell'; expected one of .*\"time-series\"",
    ),
    (("labels",), ["up", "up"], r"\$\.labels: the label 'up' stands there twice"),
    (("learn",), [], r"\$\.learn: Expected `array` of length >= 1"),
    (("learn", 0, "inputs"), [5], r"\$\.learn\[0\]\.inputs: no DSP block and no network"),
    (("learn", 0, "inputs"), [], r"\$\.learn\[0\]\.inputs: list the ids"),
    (("learn", 0, "files"), [], r"\$\.learn\[0\]\.files: no network file .*EON"),
    (("dsp", 0, "axes"), [0, 3], r"\$\.dsp\[0\]\.axes: axis 3 does not exist, the input has 3"),
    (("dsp", 0, "axes"), [], r"\$\.dsp\[0\]\.axes: no axis is listed"),
    (("dsp", 0, "type"), "image", r"\$\.dsp\[0\]\.type: an image block needs"),
    (
        ("dsp", 0, "normalization"),
        {"mean": [0], "scale": [1] * 6},
        r"\$\.dsp\[0\]\.normalization\.mean: expected 6 values, one for each output, got 1",
    ),
    (("postprocessing", 0, "input"), 8, r"\$\.postprocessing\[0\]\.input: no learn block"),
    (("input", "samples"), 10**9, r"\$\.input: a window of 3000000000 values is too large"),
    (("dsp", 0, "outputs"), 10**9, r"\$\.dsp\[\*\]\.outputs: 1000000000 features are too many"),
    (("input", "slices_per_window"), 3, r"\$\.input\.slices_per_window: .* 2 samples"),
    (
        ("dsp", 0, "normalization"),
        {"mean": [1e39] * 6, "scale": [1] * 6},
        r"\$\.dsp\[0\]\.normalization\.mean\[0\]",
    ),
    (("project", "id"), "seven", r"\$\.project\.id"),
    (("format",), "other", r"\$\.format: expected 'ei-runner-impulse', got 'other'"),
    (("version",), 2, r"\$\.version: this ei-runner reads version 1, the file has version 2"),
    (("version",), ..., r"\$\.version: the field is missing, write \"version\": 1"),
]


@pytest.mark.parametrize(("path", "value", "message"), WRONG_FIELDS)
def test_a_wrong_field_is_named_by_its_path(path, value, message):
    with pytest.raises(ModelFormatError, match=message):
        parse(_put(impulse_document(), path, value))


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 100_000])
def test_what_is_not_a_json_object_is_one_clear_error(text):
    with pytest.raises(ModelFormatError, match=r"impulse\.json"):
        parse_impulse(text)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists))
def test_no_value_anywhere_is_worse_than_a_format_error(value):
    for path in (("input",), ("dsp",), ("dsp", 0, "config"), ("labels",), ("learn", 0, "files")):
        document = json.dumps(_put(impulse_document(), path, value)).encode()
        with contextlib.suppress(ModelFormatError):
            parse_impulse(document)


def test_the_schema_knows_every_block_and_forbids_unknown_fields():
    definitions = json_schema()["$defs"]
    assert {"ImageInput", "TimeSeriesInput", "NetworkBlock", "KMeansBlock"} <= set(definitions)
    assert definitions["DspBlock"]["additionalProperties"] is False


def test_parameters_of_a_time_series():
    parameters = model_parameters(parse(impulse_document()))
    assert parameters.input_features_count == 6
    assert parameters.axis_count == 3
    assert parameters.interval_ms == 20.0
    assert parameters.slice_size == 1
    assert parameters.model_type == "classification"
    assert parameters.project.name == "dense"


def test_parameters_of_an_image_detector_with_tracking():
    reply = model_parameters(parse(EVERYTHING)).to_dict()["model_parameters"]
    assert reply["input_features_count"] == 96 * 64
    assert reply["sensor"] == 3
    assert reply["model_type"] == "object_detection"
    assert reply["has_object_tracking"] is True
    assert reply["has_performance_calibration"] is True
    assert reply["has_anomaly"] == 1
    assert reply["image_resize_mode"] == "fit-longest"
    assert reply["inferencing_engine"] == 2


def test_a_mark_of_windows_editors_is_skipped():
    assert parse_impulse(b"\xef\xbb\xbf" + json.dumps(impulse_document()).encode())


def test_a_syntax_error_is_told_by_line_and_column():
    text = json.dumps(impulse_document(), indent=2).replace('"labels": [', '"labels": [,')
    with pytest.raises(ModelFormatError, match=r"not valid JSON: .*line \d+ column \d+"):
        parse_impulse(text.encode())


@pytest.mark.parametrize(("channels", "block"), [(3, "Grayscale"), (1, "RGB")])
def test_the_channels_of_the_input_are_those_of_its_image_block(channels, block):
    image = {"type": "image", "width": 2, "height": 1, "channels": channels}
    dsp = [{"id": 2, "type": "image", "outputs": 2, "config": {"channels": block}}]
    with pytest.raises(ModelFormatError, match=r"\$\.input\.channels: expected"):
        parse(impulse_document(input=image, dsp=dsp))


def test_the_schema_requires_what_the_reader_requires():
    required = set(json_schema()["$defs"]["Impulse"]["required"])
    assert required == {"format", "version", "input", "learn"}
    for name in required:
        with pytest.raises(ModelFormatError, match=name):
            parse(_put(impulse_document(), (name,), ...))
