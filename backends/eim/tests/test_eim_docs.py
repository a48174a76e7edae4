"""What the pages about this backend list is what the code has."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest

import ei_runner_eim
from ei_runner_core import InvalidInputError
from ei_runner_core.authoring import children, native_files
from ei_runner_eim.codes import meaning_of
from ei_runner_eim.options import EimOptions, read_eim_options

ROOT = Path(__file__).parents[3]
README = ROOT / "backends" / "eim" / "README.md"
REFERENCE = ROOT / "docs" / "reference" / "eim.md"
TROUBLE = ROOT / "docs" / "how-to" / "run-an-eim.md"


def rows(page: Path, title: str) -> list[list[str]]:
    """The cells of the first table below a title, without its head."""
    section = re.split(rf"^#+ {re.escape(title)}\n", page.read_text("utf-8"), flags=re.MULTILINE)[1]
    table = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)
    assert table is not None
    lines = table[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


OPTIONS = {row[0].strip("`"): row[1:3] for row in rows(README, "Options")}


def test_every_option_is_listed_in_order() -> None:
    assert list(OPTIONS) == [field.name for field in fields(EimOptions)]


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_has_the_default_that_is_listed(name: str) -> None:
    default = getattr(EimOptions(), name)
    assert OPTIONS[name][1] == (f'`"{default}"`' if isinstance(default, str) else f"{default:g}")


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_takes_the_values_that_are_listed(name: str) -> None:
    listed = re.findall(r'"([^"]+)"', OPTIONS[name][0])
    if not listed:
        assert OPTIONS[name][0] == "a time"
    for value in listed or [1, 0.5]:
        assert getattr(read_eim_options({name: value}), name) == value
    with pytest.raises(InvalidInputError) as caught:
        read_eim_options({name: "something else"})
    assert [value for value in listed if repr(value) not in str(caught.value)] == []


def test_every_code_has_the_meaning_that_is_listed() -> None:
    listed = {int(code): meaning for code, meaning in rows(REFERENCE, "Codes of refusals")}
    codes = range(-1, -100, -1)
    known = {code: meaning_of(f"error code was {code}") for code in codes}
    assert listed == {code: meaning for code, meaning in known.items() if meaning}


def texts_of_the_code() -> list[str]:
    folders = [Path(package.__file__).parent for package in (ei_runner_eim, native_files)]
    paths = [path for folder in folders for path in folder.rglob("*.py")]
    paths.append(Path(children.__file__))
    trees = [ast.parse(path.read_text("utf-8")) for path in paths]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    return [
        node.value
        for node in nodes
        if isinstance(node, ast.Constant)
        if isinstance(node.value, str)
    ]


def test_every_message_in_the_table_of_troubles_is_one_of_the_code() -> None:
    texts = texts_of_the_code()
    quoted = [
        text
        for row in rows(TROUBLE, "When something goes wrong")
        for text in re.findall(r"`([^`]+)`", row[0])
    ]
    parts = [part.strip() for text in quoted for part in text.split("...") if part.strip()]
    assert parts
    assert [part for part in parts if not any(part in text for text in texts)] == []
