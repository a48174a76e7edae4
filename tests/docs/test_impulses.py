"""What the pages tell about ``impulse.json`` is what the code does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ei_runner_core import EdgeImpulseError, TensorSession, TensorSpec
from ei_runner_core.impulse import NetworkBlock, json_schema, parse_impulse
from ei_runner_core.impulse.bundle import read_bundle
from ei_runner_core.pipeline.tensor_impulse import TensorImpulse

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference" / "impulse-json.md"
HOW_TO = ROOT / "docs" / "how-to" / "make-a-bundle.md"
FLAGS = re.MULTILINE | re.DOTALL
Document = dict[str, Any]


class Constant(TensorSession):
    """A network of the right shapes that answers nothing but zeros."""

    def __init__(self, inputs: int, outputs: int) -> None:
        self.inputs = (TensorSpec("in", (1, inputs), "float32"),)
        self.outputs = (TensorSpec("out", (1, outputs), "float32"),)

    def run(self, inputs: Any) -> tuple[np.ndarray[Any, Any], ...]:
        assert inputs[0].shape == self.inputs[0].shape
        return (np.zeros(self.outputs[0].shape, np.float32),)

    def close(self) -> None:
        """There is nothing to free."""


def impulses_of(page: Path) -> list[Document]:
    texts = re.findall(r"^```json\n(.*?)^```$", page.read_text(encoding="utf-8"), FLAGS)
    documents = [json.loads(text) for text in texts]
    return [document for document in documents if "learn" in document]


def all_impulses() -> list[Any]:
    pages = sorted([*ROOT.glob("docs/**/*.md"), *ROOT.glob("*.md")])
    return [
        pytest.param(document, id=f"{page.stem}-{number}")
        for page in pages
        for number, document in enumerate(impulses_of(page))
    ]


def open_with_zeros(document: Document, inputs: int | None = None) -> TensorImpulse:
    impulse = parse_impulse(json.dumps(document).encode())
    count = inputs or sum(block.outputs for block in impulse.dsp)
    (block,) = impulse.learn
    assert isinstance(block, NetworkBlock)
    return TensorImpulse(
        impulse, {block.id: Constant(count, 10 if inputs else len(impulse.labels))}
    )


def test_the_pages_have_impulses() -> None:
    assert len(impulses_of(REFERENCE)) == 2
    assert len(impulses_of(HOW_TO)) == 2


@pytest.mark.parametrize("document", all_impulses())
def test_an_impulse_of_the_documentation_runs(document: Document) -> None:
    session = open_with_zeros(document)
    window = np.zeros(session.parameters.input_features_count, np.float32)
    answer = session.classify(window)
    assert list(answer.classification or {}) == document["labels"]
    session.close()


def enumerations(node: Any) -> Iterator[Any]:
    if isinstance(node, Mapping):
        yield from node.get("enum", ())
        for value in node.values():
            yield from enumerations(value)
    elif isinstance(node, list):
        for value in node:
            yield from enumerations(value)


def test_every_value_of_an_enumeration_is_listed() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    words = {value for value in enumerations(json_schema()) if isinstance(value, str)}
    missing = {word for word in words if f"`{word}`" not in text and f'`"{word}"`' not in text}
    assert not missing


def required_fields() -> Iterator[tuple[str, str]]:
    for row in re.findall(r"^\| (`.*)\|$", REFERENCE.read_text(encoding="utf-8"), re.MULTILINE):
        cells = [cell.strip() for cell in row.split("|")]
        for name in re.findall(r"`(\w+)`", cells[0]):
            yield name, cells[2] if len(cells) > 3 else ""


def test_what_the_schema_requires_is_called_required() -> None:
    required = json_schema()["$defs"]["Impulse"]["required"]
    stated = dict(reversed(list(required_fields())))  # the first table is that of the top
    assert {"input", "learn"} <= set(required)
    assert all(stated[name] == "required" for name in required)


def mistakes(raw_block: Document, image: Document) -> Iterator[Callable[[], object]]:
    """The mistakes of the page's table, in its order."""

    def made(document: Document, **changes: Any) -> Document:
        return {**json.loads(json.dumps(document)), **changes}

    def block(document: Document, **changes: Any) -> Document:
        return made(document, dsp=[{**document["dsp"][0], **changes}])

    yield lambda: open_with_zeros(block(raw_block, config={"scale-axes": 2}))
    yield lambda: open_with_zeros(block(raw_block, output=64))
    yield lambda: open_with_zeros(block(raw_block, type="flatten", config={}))
    yield lambda: open_with_zeros(made(image, labels=image["labels"][1:]), 64)
    yield lambda: open_with_zeros(block(raw_block, outputs=63), 64)
    yield lambda: open_with_zeros(block(image, config={"channels": "RGB"}))
    yield lambda: read_bundle(Path())
    yield lambda: open_with_zeros(block(raw_block, type="mfe2"))


def test_the_mistakes_give_the_errors_of_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, raw_block = impulses_of(HOW_TO)
    misnamed = {**image, "learn": [{**image["learn"][0], "files": ["train.tflite"]}]}
    (tmp_path / "impulse.json").write_text(json.dumps(misnamed), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    text = HOW_TO.read_text(encoding="utf-8")
    table = text[text.index("| Mistake | The error says |") :]
    stated = re.findall(r"\| (?:``|`)\s?([^|]+?)\s?(?:``|`) \|$", table, re.MULTILINE)
    made = list(mistakes(raw_block, image))
    for message, mistake in zip(stated, made, strict=True):
        with pytest.raises(EdgeImpulseError) as error:
            mistake()
        assert message in str(error.value)
