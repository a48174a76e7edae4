"""What the pages about this backend list is what the code has."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import ei_runner_core
import ei_runner_sdk_ffi
from ei_runner_core import InvalidInputError
from ei_runner_sdk_ffi.build.flags.jetson import VERSIONS
from ei_runner_sdk_ffi.build.options import OPTION_NAMES, BuildOptions
from ei_runner_sdk_ffi.build.targets import TARGETS, choose_target
from ei_runner_sdk_ffi.options import SessionOptions, read_sdk_ffi_options

ROOT = Path(__file__).parents[3]
README = ROOT / "backends" / "sdk-ffi" / "README.md"
REFERENCE = ROOT / "docs" / "reference" / "sdk-ffi.md"
ENVIRONMENT = ROOT / "docs" / "reference" / "environment.md"
TROUBLE = ROOT / "docs" / "how-to" / "compile-an-export.md"

Rows = list[list[str]]


def tables(page: Path, title: str) -> list[Rows]:
    """The cells of all tables of a section, without their heads."""
    section = re.split(rf"^## {re.escape(title)}\n", page.read_text("utf-8"), flags=re.MULTILINE)[1]
    section = re.split(r"^## ", section, flags=re.MULTILINE)[0]
    found = re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE)
    return [
        [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
        for table in found
    ]


SESSION, COMMON = tables(README, "Options")
OPTIONS = {row[0].strip("`"): row[1:3] for row in SESSION}
BUILD, BOARDS, ENGINES = tables(REFERENCE, "Options of a build")


def test_every_option_of_a_session_is_listed_in_order() -> None:
    assert list(OPTIONS) == list(SessionOptions.__struct_fields__)


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_of_a_session_has_the_default_that_is_listed(name: str) -> None:
    default = getattr(SessionOptions(), name)
    shown = {str: '`"{}"`', float: "{:g}", dict: "none"}[type(default)]
    assert OPTIONS[name][1] == shown.format(default)


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_of_a_session_takes_the_values_that_are_listed(name: str) -> None:
    listed = re.findall(r'"([^"]+)"', OPTIONS[name][0])
    examples: dict[str, list[object]] = {"a time": [1, 0.5], "a mapping": [{"num_threads": 2}]}
    for value in listed or examples[OPTIONS[name][0]]:
        assert getattr(read_sdk_ffi_options({name: value})[0], name) == value
    with pytest.raises(InvalidInputError):
        read_sdk_ffi_options({name: "something else"})


def test_every_option_of_a_build_is_listed_once() -> None:
    listed = [row[0].strip("`") for row in (*BUILD, *BOARDS, *ENGINES)]
    assert sorted(listed) == sorted(OPTION_NAMES)


@pytest.mark.parametrize("row", [*BUILD, *BOARDS, *ENGINES, *COMMON[:-1]], ids=lambda row: row[0])
def test_the_variable_that_is_listed_sets_the_option(row: list[str]) -> None:
    option, variable = (cell.strip("`") for cell in row[:2])
    changed = BuildOptions.read({}, {variable or option.upper(): "1"}) != BuildOptions()
    assert changed is bool(variable)
    if variable:
        assert BuildOptions.read({option: "1"}, {}) == BuildOptions.read({}, {variable: "1"})


@pytest.mark.parametrize("row", BOARDS, ids=lambda row: row[0])
def test_a_board_stands_for_the_target_that_is_listed(row: list[str]) -> None:
    options = BuildOptions.read({row[0].strip("`"): True}, {})
    assert choose_target(options).name == row[2].partition(",")[0]


def test_the_names_that_an_option_takes_are_listed() -> None:
    listed = {row[0].strip("`"): row[3] for row in (*BUILD, *ENGINES)}
    assert re.findall(r'"([^"]+)"', listed["target"]) == list(TARGETS)
    assert re.findall(r"`([^`]+)`", listed["tensorrt_version"]) == list(VERSIONS)


def test_the_variables_of_builds_stand_on_the_page_of_all_variables() -> None:
    variables = {row[1].strip("`") for row in (*BUILD, *ENGINES)} - {""}
    text = ENVIRONMENT.read_text("utf-8")
    assert sorted(name for name in variables if f"`{name}`" not in text) == []


def texts_of_the_code() -> list[str]:
    folders = [Path(package.__path__[0]) for package in (ei_runner_sdk_ffi, ei_runner_core)]
    trees = [ast.parse(path.read_text("utf-8")) for at in folders for path in at.rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    return [
        node.value
        for node in nodes
        if isinstance(node, ast.Constant)
        if isinstance(node.value, str)
    ]


def test_every_message_in_the_table_of_troubles_is_one_of_the_code() -> None:
    texts = texts_of_the_code()
    (rows,) = tables(TROUBLE, "When something goes wrong")
    parts = [text for row in rows for text in re.findall(r"`([^`]+)`", row[0])]
    assert parts
    assert [part for part in parts if not any(part in text for text in texts)] == []
