from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ei_runner_core import BoundingBox, InferenceResult, InvalidInputError
from ei_runner_core.demos import (
    ANOMALY,
    ANOMALY_THRESHOLD,
    Demo,
    DemoObject,
    DemoSample,
    best_answer,
    demo,
    demos,
)

ALL = pytest.mark.parametrize("one", demos(), ids=lambda one: one.name)


def test_the_names_of_demos_are_unique() -> None:
    names = [one.name for one in demos()]
    assert len(set(names)) == len(names)


@ALL
def test_a_demo_is_found_by_its_name(one: Demo) -> None:
    assert demo(one.name) == one


def test_an_unknown_demo_is_an_error_that_lists_the_names() -> None:
    with pytest.raises(InvalidInputError, match=r"'faces'.*choose one of: digits"):
        demo("faces")


@ALL
def test_an_unknown_variant_is_an_error_that_lists_the_variants(one: Demo) -> None:
    with pytest.raises(InvalidInputError, match=r"'float16'.*choose one of: float32, int8"):
        one.model("float16")


@ALL
def test_every_variant_is_a_folder_with_an_impulse(one: Demo) -> None:
    for variant in one.variants:
        assert (one.model(variant) / "impulse.json").is_file()


@ALL
def test_float32_is_the_variant_that_comes_without_asking(one: Demo) -> None:
    assert one.model() == one.model("float32")


@ALL
def test_a_demo_says_what_it_is(one: Demo) -> None:
    assert one.title
    assert one.description.endswith(".")
    assert one.model_card.read_text(encoding="utf-8").startswith("# ")


@ALL
def test_every_sample_is_a_file_with_a_label(one: Demo) -> None:
    samples = one.samples()
    assert samples
    assert all(sample.path.is_file() and sample.label for sample in samples)


def test_no_result_is_no_answer() -> None:
    assert best_answer(None) == best_answer(InferenceResult()) == ("", 0.0)


def test_an_answer_is_the_best_label_unless_the_input_is_odd() -> None:
    scores = {"still": 0.25, "wave": 0.75}
    usual = InferenceResult(classification=scores, anomaly=ANOMALY_THRESHOLD)
    odd = InferenceResult(classification=scores, anomaly=ANOMALY_THRESHOLD + 0.5)
    assert best_answer(usual) == ("wave", 0.75)
    assert best_answer(odd) == (ANOMALY, ANOMALY_THRESHOLD + 0.5)


def test_objects_are_answered_by_their_labels_and_the_lowest_score() -> None:
    boxes = (BoundingBox("dog", 0.75, 0, 0, 8, 8), BoundingBox("cat", 0.5, 16, 0, 8, 8))
    assert best_answer(InferenceResult(bounding_boxes=boxes)) == ("cat, dog", 0.5)
    assert best_answer(InferenceResult(bounding_boxes=())) == ("", 0.0)


def test_objects_are_right_only_where_they_are() -> None:
    sample = DemoSample(Path("x.png"), "cat", (DemoObject("cat", 0, 0, 20, 20),))
    here, there = (BoundingBox("cat", 0.5, x, 8, 8, 8) for x in (8, 40))
    assert sample.is_right(InferenceResult(bounding_boxes=(here,)))
    assert not sample.is_right(InferenceResult(bounding_boxes=(there,)))
    assert not sample.is_right(InferenceResult(bounding_boxes=(here, there)))
    assert not sample.is_right(InferenceResult())


def test_listing_demos_imports_nothing_heavy() -> None:
    program = (
        "import sys; from ei_runner_core.demos import demos; demos()[0].samples(); "
        "print([name for name in ('numpy', 'msgspec', 'PIL', 'pluggy') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.stdout.strip() == "[]", run.stderr
