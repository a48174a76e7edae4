"""Numbers in text: tables, lists and JSON documents."""

from __future__ import annotations

import contextlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_core import InvalidInputError, ModelParameters
from ei_runner_core.files import FeatureWindow, TensorWindow, parse_features, read_window

SIX = ModelParameters(input_features_count=6, axis_count=3)
FLAT = ModelParameters(input_features_count=6)
FREEFORM = ModelParameters(model_type="freeform")
ONE_TO_SIX = [1, 2, 3, 4, 5, 6]
NUMBERS = st.one_of(
    st.integers(-(10**9), 10**9),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
)


def values(text: str | bytes, name: str, parameters: ModelParameters = SIX) -> list[float]:
    content = text if isinstance(text, bytes) else text.encode()
    window = read_window(content, parameters, name)
    assert isinstance(window, FeatureWindow)
    assert window.values.dtype == np.float32
    assert window.values.shape == (6,)
    return window.values.tolist()


@pytest.mark.parametrize(
    "text",
    [
        "1,2,3\n4,5,6\n",
        "1;2;3\r\n4;5;6\r\n",
        "1\t2\t3\n4\t5\t6",
        "1 2  3\n 4 5 6 ",
        "1, 2, 3,\n4, 5, 6,\n",
        '"1","2","3"\n"4","5","6"\n',
        "x,y,z\n1,2,3\n4,5,6\n",
        "# x y z\n\n1 2 3\n4 5 6\n",
        "timestamp,x,y,z\n0,1,2,3\n20,4,5,6\n",
        "Time;x;y;z\n0;1;2;3\n20;4;5;6\n",
        "TIMESTAMP,0,1,2\n0,1,2,3\n20,4,5,6\n",
        "1,2,3,4,5,6",
        "1\n2\n3\n4\n5\n6\n",
        "0x1,0X2,0x03,4.0,5e0,+6",
        b"\xef\xbb\xbf1,2,3\n4,5,6\n",
    ],
)
def test_a_table_may_be_written_in_many_ways(text: str) -> None:
    assert values(text, "window.csv") == ONE_TO_SIX


@pytest.mark.parametrize("text", ["1, 2, 3, 4, 5, 6", "1,2,\n3,4,5,\n6\n", "1 2 3 4 5 0x6"])
def test_a_text_file_is_a_list_that_may_break_anywhere(text: str) -> None:
    assert values(text, "features.txt") == ONE_TO_SIX


@pytest.mark.parametrize(
    "document",
    [
        ONE_TO_SIX,
        [[1, 2, 3], [4, 5, 6]],
        {"features": ONE_TO_SIX},
        {"classify": ONE_TO_SIX, "id": 7, "debug": False},
        {
            "protected": {"ver": "v1", "alg": "none"},
            "signature": "0",
            "payload": {
                "device_type": "TEST",
                "interval_ms": 20,
                "sensors": [{"name": "x", "units": "m/s2"}],
                "values": [[1, 2, 3], [4, 5, 6]],
            },
        },
    ],
)
def test_a_document_has_its_window_in_one_of_these_places(document: object) -> None:
    assert values(json.dumps(document), "window.json") == ONE_TO_SIX


def test_json_is_known_by_its_first_character_whatever_its_suffix() -> None:
    assert values(" \n[1,2,3,4,5,6]", "window.txt") == ONE_TO_SIX
    assert values('{"features": [1,2,3,4,5,6]}', "") == ONE_TO_SIX


def test_what_comes_without_a_name_is_read_as_a_table() -> None:
    assert values("x,y,z\n1,2,3\n4,5,6", "stdin") == ONE_TO_SIX


def test_a_freeform_model_gets_tensors_by_name() -> None:
    text = '{"image": [[0.5, 1.5]], "count": [3]}'
    window = read_window(text.encode(), FREEFORM, "tensors.json")
    assert isinstance(window, TensorWindow)
    assert isinstance(window.tensors, dict)
    assert {k: (v.shape, v.dtype.kind) for k, v in window.tensors.items()} == {
        "image": ((1, 2), "f"),
        "count": ((1,), "i"),
    }


@pytest.mark.parametrize(("text", "name"), [("[[1,2],[3,4]]", "a.json"), ("1,2\n3,4", "a.csv")])
def test_a_freeform_model_gets_one_array_in_its_shape(text: str, name: str) -> None:
    window = read_window(text.encode(), FREEFORM, name)
    assert isinstance(window, TensorWindow)
    assert isinstance(window.tensors, np.ndarray)
    assert window.tensors.tolist() == [[1, 2], [3, 4]]
    assert window.tensors.dtype.kind == "i"


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("", "a.csv", "a.csv: it is empty"),
        (" \n\t\n", "a.txt", "a.txt: it is empty"),
        ("x,y,z\n", "a.csv", "line 1: 'x' is not a number"),
        ("timestamp\n1\n2\n", "a.csv", "no numbers"),
        (",;, ;\n", "a.txt", "no numbers"),
        ("1,2,3\n4,five,6\n", "a.csv", "line 2: 'five' is not a number"),
        ("1,2,3\n4,,6\n", "a.csv", "line 2: '' is not a number"),
        ("1,2,3\n4,5\n", "a.csv", "line 2 has 2 values, expected 3 as in line 1"),
        ("1_000,2,3,4,5,6", "a.csv", "'1_000' is not a number"),
        ("1,5;2,5;3,5", "a.csv", "'1,5' is not a number"),
        ("1,2,x", "a.txt", "value 3: 'x' is not a number"),
        ("1,2,3", "a.csv", r"got 3 values, the model expects 6 \(2 samples of 3 axes\)"),
        ("1,2\n3,4\n5,6", "a.csv", r"shape \(3, 2\), the model expects \(6,\) or \(2, 3\)"),
        ("1,2,3,4,5,nan", "a.csv", r"values\[5\] is nan"),
        ("1,2,3,4,5,-inf", "a.txt", r"values\[5\] is -inf"),
        ("1,2,3,4,5,1e39", "a.txt", r"values\[5\] is inf"),
        ("1,2,3,4,5," + "9" * 5000, "a.txt", r"values\[5\] is inf"),
        (b"1,2,\xff", "a.csv", "not text in UTF-8 .byte 4 is 0xff"),
        ("1,2,3\n".encode("utf-16"), "a.csv", "not text in UTF-8"),
        ("[1, 2", "a.json", "not valid JSON"),
        ("{", "a.json", "not valid JSON"),
        ("[" * 100_000, "a.json", "not valid JSON"),
        ("3", "a.json", "not an array of numbers"),
        ("[]", "a.json", "got 0 values"),
        ('["1"]', "a.json", 'not an array of numbers .it holds "1"'),
        ("[1, null]", "a.json", "not an array of numbers .it holds null"),
        ("[true]", "a.json", "not an array of numbers .it holds true"),
        ("[[1], [2, 3]]", "a.json", "equally long"),
        ("[" * 70 + "1" + "]" * 70, "a.json", "a.json: "),
        ("[1,2,3,4,5,NaN]", "a.json", r"values\[5\] is nan"),
        ("[1,2,3,4,5,1e999]", "a.json", r"values\[5\] is inf"),
        ("{}", "a.json", "with the keys none"),
        ('{"values": [1]}', "a.json", 'keys .values.; expected .* "features"'),
        ('{"payload": [1]}', "a.json", "keys .payload."),
        ('{"payload": {"values": ["Ref-BINARY-i16 (4)"]}}', "a.json", "Ref-BINARY"),
        (b"\0\1\2", "a.dat", "its format is not known; expected a picture"),
        (b"\0\1\2", "a.csv", "'.*' is not a number"),
    ],
)
def test_bad_text_is_one_clear_error(text: str | bytes, name: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message) as caught:
        read_window(text if isinstance(text, bytes) else text.encode(), SIX, name)
    assert str(caught.value).startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"image": [[1], [2, 3]]}', "the tensor 'image' is not an array: nested lists"),
        ('{"image": "red"}', "the tensor 'image' is not an array of numbers"),
    ],
)
def test_a_bad_tensor_is_named(text: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        read_window(text.encode(), FREEFORM, "a.json")


@given(st.lists(NUMBERS, min_size=1, max_size=30), st.sampled_from([",", ";", " ", "\t", ", "]))
def test_a_list_is_read_as_it_was_written(numbers: list[float], separator: str) -> None:
    text = separator.join(map(repr, numbers))
    np.testing.assert_array_equal(parse_features(text), numbers)


@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(
            st.lists(NUMBERS, min_size=width, max_size=width), min_size=1, max_size=8
        )
    ),
    st.sampled_from([",", ";", " ", "\t"]),
    st.booleans(),
)
def test_a_table_is_read_as_it_was_written(
    rows: list[list[float]], separator: str, has_header: bool
) -> None:
    lines = [separator.join(map(repr, row)) for row in rows]
    if has_header:
        lines.insert(0, separator.join(f"axis{i}" for i in range(len(rows[0]))))
    window = read_window("\n".join(lines).encode(), FREEFORM, "a.csv")
    assert isinstance(window, TensorWindow)
    np.testing.assert_array_equal(np.asarray(window.tensors), rows)


@given(st.text(), st.sampled_from(["a.csv", "a.txt", "a.json", ""]))
def test_any_text_is_a_window_or_one_clear_error(text: str, name: str) -> None:
    content = text.encode("utf-8", "replace")
    with contextlib.suppress(InvalidInputError):
        assert isinstance(read_window(content, FLAT, name), FeatureWindow)
