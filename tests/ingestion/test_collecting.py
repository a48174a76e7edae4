"""From lines of a sensor to samples: nothing is guessed, nothing is dropped in silence."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_core import InvalidInputError
from ei_runner_core.ingestion.collecting import Recording, read_lines, recorded

finite = st.floats(allow_nan=False, allow_infinity=False, width=32)


def rows(*lines: str, **options) -> list:
    return list(read_lines(lines, **options).rows)


@given(st.lists(st.tuples(finite, finite), min_size=1))
def test_values_come_as_they_were_written(pairs) -> None:
    expected = [(None, pair) for pair in pairs]
    assert rows("a,b", *(f"{a!r},{b!r}" for a, b in pairs)) == expected
    assert rows(*(json.dumps({"a": a, "b": b}) for a, b in pairs)) == expected
    assert rows(*(json.dumps(pair) for pair in pairs)) == expected


def test_the_first_line_of_csv_may_hold_names() -> None:
    assert read_lines(["timestamp,x,y", "0,1,2"]).axes == ("x", "y")
    assert read_lines(["1,2"]).axes == ("axis0", "axis1")
    assert read_lines(["1,2"], axes=["x", "y"]).axes == ("x", "y")
    assert rows("timestamp,x,y", "10,1,2") == [(10.0, (1.0, 2.0))]


@pytest.mark.parametrize("separator", [",", ";", "; ", " ", "  ", "\t"])
def test_the_first_line_tells_what_separates_values(separator: str) -> None:
    lines = [separator.join(["0.5", "-2"]), separator.join(["1", "2e3"])]

    assert rows(*lines) == [(None, (0.5, -2.0)), (None, (1.0, 2000.0))]
    if not separator.isspace():
        assert rows(separator.join("xy"), *lines) == rows(*lines)


def test_a_line_may_end_with_a_separator_and_spreadsheets_may_say_which_it_is() -> None:
    assert rows("sep=;", "x;y;", "1;2;", "3;4") == rows("x,y", "1,2", "3,4")
    assert rows("1,2,", "3,4,") == rows("1,2", "3,4")


def test_axes_are_chosen_and_ordered() -> None:
    assert rows("x,y,z", "1,2,3", axes=["z", "x"]) == [(None, (3.0, 1.0))]
    assert rows('{"x": 1, "y": 2, "timestamp": 5}', axes=["y"]) == [(5.0, (2.0,))]


def test_empty_lines_and_blanks_do_not_matter() -> None:
    assert rows("", " x , y ", "", " 1 , 2 ", "\r\n") == [(None, (1.0, 2.0))]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "ended before the first reading"),
        (["x,y", "1"], "line 2 has 1 values, expected 2 \\(x, y\\)"),
        (["x,y", "1,up"], "line 2: y is 'up', expected a finite number"),
        (["x,y", "1,nan"], "line 2: y is 'nan'"),
        (["x,x", "1,2"], "the names in line 1 are not different: x, x"),
        (["x,,z", "1,2,3"], "line 1 has no name for its column 2"),
        (["1,5;2,5"], "line 1 has the value '1,5', expected a decimal point: 1.5"),
        (["[1, 2]", "[1]"], "line 2 has 1 values"),
        (['{"x": 1}', '{"y": 1}'], "line 2 has no value for 'x'"),
        (['{"x": true}'], "line 1: x is True"),
        (['{"x": 1}', "{"], "line 2 is no JSON"),
        (["[" * 100_000], "line 1"),
        (["[1]", '"up"'], 'line 2 is "up", expected an object'),
        (["1" * 2_000_000], "line 1 has 2000000 characters"),
    ],
)
def test_a_bad_line_is_named_by_its_number(lines, message) -> None:
    with pytest.raises(InvalidInputError, match=message):
        rows(*lines)


def test_an_axis_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="no axis 'w'; it has x, y"):
        read_lines(["x,y"], axes=["w"])


def samples(count: int, recording: Recording, **options) -> list:
    lines = ["timestamp,x", *(f"{10 * i},{i}" for i in range(count))]
    return list(recorded(read_lines(lines, **options), recording))


def payload(sample) -> dict:
    return json.loads(sample.read())["payload"]


def test_windows_follow_each_other() -> None:
    found = samples(9, Recording(readings=4, label="up", name="walk"))
    assert [payload(s)["values"] for s in found] == [[[0], [1], [2], [3]], [[4], [5], [6], [7]]]
    assert [s.filename for s in found] == ["walk.00001.json", "walk.00002.json"]
    assert {s.label for s in found} == {"up"}
    assert payload(found[0])["interval_ms"] == 10


@pytest.mark.parametrize(("step", "starts"), [(1, [0, 1, 2]), (2, [0, 2]), (3, [0]), (5, [0])])
def test_windows_may_overlap_or_leave_gaps(step: int, starts: list[int]) -> None:
    found = samples(5, Recording(readings=3, step=step))
    assert [payload(s)["values"][0][0] for s in found] == starts


def test_samples_come_while_the_stream_goes_on() -> None:
    endless = itertools.chain(["x"], (str(i) for i in itertools.count()))
    found = recorded(read_lines(endless), Recording(readings=2, interval_ms=1))
    assert [payload(next(found))["values"] for _ in range(2)] == [[[0], [1]], [[2], [3]]]


def test_units_and_device_are_told() -> None:
    recording = Recording(readings=2, units={"x": "m/s2"}, device_name="ab:cd")
    found = payload(samples(2, recording)[0])
    assert found["sensors"] == [{"name": "x", "units": "m/s2"}]
    assert found["device_name"] == "ab:cd"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["x", "1", "2"], "does not tell the time between its readings"),
        (["timestamp,x", "0,1", "0,2"], "follows one at"),
        (["timestamp,x", "5,1", "0,2"], "follows one at"),
    ],
)
def test_without_an_interval_there_is_no_sample(lines: list[str], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        list(recorded(read_lines(lines), Recording(readings=2)))


def test_a_gap_in_a_short_window_is_told_too() -> None:
    with pytest.raises(InvalidInputError, match=r"a reading at 90\.0 ms follows one at 10\.0 ms"):
        list(recorded(read_lines(["timestamp,x", "0,1", "10,2", "90,3"]), Recording(readings=3)))


def test_a_gap_in_the_time_stamps_is_told() -> None:
    lines = ["timestamp,x", "0,1", "10,2", "20,3", "90,4", "100,5"]
    with pytest.raises(InvalidInputError, match=r"a reading at 90\.0 ms follows one at 20\.0 ms"):
        list(recorded(read_lines(lines), Recording(readings=5)))


@pytest.mark.parametrize(
    "recording",
    [
        Recording(readings=0),
        Recording(readings=1, step=0),
        Recording(readings=1, interval_ms=0),
        Recording(readings=1, interval_ms=float("nan")),
        Recording(readings=1, units={"w": "N/A"}),
    ],
)
def test_what_makes_no_sense_is_refused(recording: Recording) -> None:
    with pytest.raises(InvalidInputError, match="expected|there is a unit for the axis 'w'"):
        samples(3, recording)
