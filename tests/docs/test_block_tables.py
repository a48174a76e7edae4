"""The tables of signal-processing and post-processing list the fields that the code reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ei_runner_core import InvalidInputError, ResultParts, dsp, postprocess
from ei_runner_core.contract import Preprocessor
from ei_runner_core.dsp import flatten, pixels, plugin, raw
from ei_runner_core.dsp.audio import mfcc, mfe, spectrogram
from ei_runner_core.dsp.scaling import SCALINGS
from ei_runner_core.dsp.spectral import settings
from ei_runner_core.fields import Field, flag
from ei_runner_core.postprocess import (
    calibration,
    classification,
    counting,
    debounce,
    detection,
    factory,
    fomo,
    freeform,
    kmeans,
    moving_average,
    paddleocr,
    passthrough,
    smooth,
    tracking,
    visual_anomaly,
)
from ei_runner_core.postprocess.base import COMMON_FIELDS
from ei_runner_core.postprocess.detection import Detector

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
SIGNALS = REFERENCE / "signal-processing.md"
STEPS = REFERENCE / "post-processing.md"

BLOCK_FIELDS = {
    "raw": raw._FIELDS,
    "flatten": flatten._FIELDS,
    "image": pixels._FIELDS,
    "spectral_analysis": settings._FIELDS,
    "mfe": mfe._FIELDS,
    "mfcc": mfcc._FIELDS,
    "spectrogram": spectrogram._FIELDS,
}
DETECTORS = "Object detectors"
STEP_FIELDS = {
    "classification": classification._FIELDS,
    "regression": classification._FIELDS,
    "freeform": freeform._FIELDS,
    "anomaly": passthrough._FIELDS,
    "passthrough": passthrough._FIELDS,
    "kmeans": kmeans._FIELDS,
    "visual_ad": visual_anomaly._FIELDS,
    DETECTORS: detection._FIELDS,
    "fomo": fomo.Fomo._own_fields,
    "paddleocr": paddleocr._FIELDS,
    "tracking": {**tracking._LIMITS, "use_iou": flag(default=True)},
    "counting": counting._FIELDS,
    "calibration": calibration._FIELDS,
    "smooth": smooth._FIELDS,
    "moving_average": moving_average._FIELDS,
    "debounce": debounce._FIELDS,
}


@dataclass(frozen=True)
class Row:
    """What a table says about a field."""

    type: str
    default: Any


Table = dict[str, Row]


def tables(page: Path) -> Iterator[tuple[str, Table]]:
    """The tables of fields, with the heading above each."""
    text = page.read_text(encoding="utf-8")
    for match in re.finditer(r"^\| Field \|.*\n\|.*\n((?:\|.*\n)+)", text, re.MULTILINE):
        heading = re.findall(r"^#+ (.*)$", text[: match.start()], re.MULTILINE)[-1]
        rows = [[cell.strip() for cell in row.split("|")] for row in match[1].splitlines()]
        table = {row[1].strip("`"): Row(row[2], json.loads(row[3].strip("`"))) for row in rows}
        yield heading, table


def by_name(page: Path) -> dict[str, Table]:
    """The tables by the words in backticks of their headings, or by the heading."""
    found = {}
    for heading, table in tables(page):
        for name in re.findall(r"`(\w+)`", heading) or [heading]:
            found[name] = table
    return found


def as_json(default: Any) -> Any:
    return default.tolist() if isinstance(default, np.ndarray) else json.loads(json.dumps(default))


def type_words(field: Field) -> set[str]:
    """How a table may call what a field accepts: one of these texts."""
    words = re.findall(r"'(\w+)'", field.expected)
    return {
        field.expected,
        field.expected.removeprefix("a number from "),
        field.expected.removeprefix("one of "),
        ", ".join(f"`{word}`" for word in words),
        {
            "a finite number": "number",
            "a whole number": "whole number",
            "a whole number of at least 0": "whole number from 0",
        }.get(field.expected, ""),
    } - {""}


def check(table: Table, fields: Mapping[str, Field]) -> None:
    assert set(table) == set(fields)
    for name, field in fields.items():
        assert table[name].default == as_json(field.default), name
        assert table[name].type in type_words(field), (name, field.expected)


def fields_by_the_error(error: pytest.ExceptionInfo[InvalidInputError]) -> set[str]:
    return set(str(error.value).rpartition("its fields are: ")[2].split(", "))


def test_every_block_has_a_table() -> None:
    assert set(by_name(SIGNALS)) == set(BLOCK_FIELDS) == {spec.name for spec in plugin.BUILT_IN}


@pytest.mark.parametrize("block", BLOCK_FIELDS)
def test_the_fields_of_a_block_are_those_of_the_code(block: str) -> None:
    check(by_name(SIGNALS)[block], BLOCK_FIELDS[block])
    with pytest.raises(InvalidInputError) as error:
        dsp.create(block, {"no_such_field": 1}, frequency=16_000)
    assert fields_by_the_error(error) == set(BLOCK_FIELDS[block])


@pytest.mark.parametrize("block", ["mfe", "mfcc", "spectrogram"])
def test_the_versions_that_can_stream_are_those_of_the_page(block: str) -> None:
    plans: list[Preprocessor] = [
        dsp.create(block, {}, version=version, frequency=16_000) for version in (1, 2, 3, 4)
    ]
    assert [plan.can_stream for plan in plans] == [block == "mfcc", True, True, True]


def test_the_image_scalings_are_listed() -> None:
    text = SIGNALS.read_text(encoding="utf-8")
    table = text[text.index("| `image_scaling` |") :].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == {"image_scaling", *SCALINGS}


def test_every_step_has_a_table() -> None:
    detectors = {name for name in factory._STEPS if issubclass(step_class(name), Detector)}
    assert set(by_name(STEPS)) == set(STEP_FIELDS)
    assert set(factory._STEPS) - detectors == set(STEP_FIELDS) - {DETECTORS, "fomo"}


def step_class(name: str) -> Any:
    return factory._step_class(name)


@pytest.mark.parametrize("name", STEP_FIELDS)
def test_the_fields_of_a_step_are_those_of_the_code(name: str) -> None:
    check(by_name(STEPS)[name], STEP_FIELDS[name])


@pytest.mark.parametrize("name", sorted(factory._STEPS))
def test_a_step_knows_the_fields_of_its_table_and_no_other(name: str) -> None:
    listed = by_name(STEPS)
    if issubclass(step_class(name), Detector):
        expected = {*listed[DETECTORS], *(listed[name] if name == "fomo" else ())}
    else:
        expected = set(listed[name])
    with pytest.raises(InvalidInputError) as error:
        postprocess.create(name, {"no_such_field": 1})
    assert fields_by_the_error(error) == expected


def types() -> dict[str, list[str]]:
    """The rows of the table of all types: tensors, parts, thresholds."""
    text = STEPS.read_text(encoding="utf-8")
    table = text[text.index("| `type` | Tensors |") :].partition("\n\n")[0]
    rows = [[cell.strip() for cell in row.split("|")] for row in table.splitlines()[2:]]
    return {row[1].strip("`"): row[2:5] for row in rows}


def test_all_types_are_listed() -> None:
    assert set(types()) == set(factory._STEPS)


@pytest.mark.parametrize("name", sorted(factory._STEPS))
def test_the_thresholds_of_a_type_are_those_of_the_code(name: str) -> None:
    assert re.findall(r"`(\w+)`", types()[name][2]) == sorted(step_class(name)._limits)


@pytest.mark.parametrize("name", sorted(factory._STEPS))
def test_a_step_that_takes_results_is_called_so(name: str) -> None:
    assert types()[name][0].startswith("none: takes") == postprocess.follows_results(name)


@pytest.mark.parametrize("name", sorted(set(factory._STEPS) - {"passthrough"}))
def test_what_a_type_gives_is_a_part_of_a_result(name: str) -> None:
    given = types()[name][1].partition(":")[0].partition(" with ")[0]
    assert set(re.findall(r"`(\w+)`", given)) <= ResultParts.__optional_keys__


def test_the_fields_that_only_describe_are_listed() -> None:
    text = STEPS.read_text(encoding="utf-8")
    paragraph = text[text.index("These describe a step") :].partition("\n\n")[0]
    assert sorted(re.findall(r"`(\w+)`", paragraph)) == sorted(COMMON_FIELDS)
