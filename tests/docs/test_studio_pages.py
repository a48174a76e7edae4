"""The pages about Studio and ingestion name all that there is, and nothing that there is not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import click
import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = (
    "how-to/collect-sensor-data.md",
    "how-to/get-a-model-from-studio.md",
    "how-to/upload-data.md",
    "reference/ingestion.md",
    "reference/keys-and-hosts.md",
    "reference/studio.md",
)


def text_of(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def options_of(command: click.Command) -> set[str]:
    """The options of a command and of those below it."""
    found = {name for param in command.params for name in param.opts}
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                found |= options_of(child)
    return found


@pytest.mark.parametrize("page", PAGES)
def test_every_option_on_a_page_is_one_of_a_command(page: str) -> None:
    from ei_runner_core.cli._app import ei_runner

    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text_of(page)))
    assert named <= options_of(ei_runner)


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("download", "how-to/get-a-model-from-studio.md"),
        ("upload", "how-to/upload-data.md"),
        ("collect", "how-to/collect-sensor-data.md"),
    ],
)
def test_the_page_of_a_command_names_all_of_its_options(name: str, page: str) -> None:
    from ei_runner_core.cli._app import ei_runner

    command = ei_runner.get_command(click.Context(ei_runner), name)
    assert command is not None
    options = {o for o in options_of(command) if o.startswith("--")}
    missing = sorted(o for o in options if o not in text_of(page))
    assert set(missing) <= {"--option"}  # which stands there as -o


@pytest.mark.parametrize("page", ["how-to/upload-data.md", "reference/ingestion.md"])
def test_every_kind_of_dataset_and_category_is_explained(page: str) -> None:
    from ei_runner_core.ingestion.datasets import CATEGORIES, DATASET_KINDS

    text = text_of(page)
    assert [name for name in (*DATASET_KINDS, *CATEGORIES) if f"`{name}`" not in text] == []


def test_every_kind_of_file_that_is_sent_is_named() -> None:
    from ei_runner_core.ingestion.datasets.walking import SAMPLE_SUFFIXES

    text = text_of("reference/ingestion.md")
    assert [suffix for suffix in sorted(SAMPLE_SUFFIXES) if f"`{suffix}`" not in text] == []


def test_every_kind_of_fault_is_explained() -> None:
    pytest.importorskip("werkzeug")
    from ei_runner_core.testing.studio import FaultKind

    text = text_of("how-to/test-without-studio.md")
    assert [kind for kind in get_args(FaultKind) if f"| `{kind}` |" not in text] == []


def test_every_target_for_a_machine_is_named() -> None:
    from ei_runner_core.studio.machine import runner_targets

    text = text_of("reference/studio.md")
    platforms = ("linux-x86_64", "linux-aarch64", "linux-armv7l", "macos-aarch64", "macos-x86_64")
    nowhere = DOCS / "nowhere"
    for platform in platforms:
        [target] = runner_targets(nowhere, platform=platform, is_64_bit=True, environment={})
        assert f"`{target}`" in text


def test_every_built_in_uploader_is_explained_with_its_options() -> None:
    from ei_runner_core import InvalidInputError
    from ei_runner_core.plugins import registry
    from ei_runner_core.uploaders import open_uploader
    from ei_runner_core.uploaders.plugin import BUILT_IN

    text = text_of("reference/ingestion.md")
    assert {spec.name for spec in BUILT_IN} <= set(registry().uploaders)
    for spec in BUILT_IN:
        with pytest.raises(InvalidInputError, match="it has ") as caught:
            open_uploader(spec.name, {"no-such-option": 1})
        row = next(line for line in text.splitlines() if line.startswith(f"| `{spec.name}` |"))
        options = str(caught.value).partition("it has ")[2].split(", ")
        assert [option for option in options if f"`{option}`" not in row] == []
