"""``ei-runner demo``, and results and pictures in a terminal."""

from __future__ import annotations

import io
import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from rich.console import Console

from ei_runner_core import (
    BoundingBox,
    InferenceError,
    InferenceResult,
    Timing,
    TrackedObject,
    VisualAnomaly,
)
from ei_runner_core._tables import result_table
from ei_runner_core.cli._answers import Answer, summary
from ei_runner_core.cli._gallery import picture, show
from ei_runner_core.cli._maps import object_map
from ei_runner_core.cli._outcomes import Outcome, Report, classify
from ei_runner_core.cli._traces import trace
from ei_runner_core.demos import DemoObject, compare_objects, demo

Invoke = Callable[..., Result]


def printed(thing: Any, encoding: str = "utf-8", **settings: Any) -> str:
    content = io.BytesIO()
    file = io.TextIOWrapper(content, encoding)
    Console(file=file, width=100, **settings).print(thing)
    file.flush()
    return content.getvalue().decode(encoding)


@pytest.mark.parametrize("variant", ["float32", "int8"])
def test_the_demo_gets_its_samples_right(execute: Any, full_tflite: None, variant: str) -> None:
    answer = execute(
        "demo", "--variant", variant, "-n", "40", "--json", EI_RUNNER_PLUGINS="full-tflite"
    )
    assert answer.returncode == 0, answer.stderr
    report = json.loads(answer.stdout)
    assert (report["demo"], report["variant"], report["backend"]) == (
        "digits",
        variant,
        "full-tflite",
    )
    assert report["count"] == len(report["samples"]) == 40
    assert report["right"] >= 38
    assert all(
        sample["right"] == (sample["label"] == sample["answer"]) for sample in report["samples"]
    )
    assert {sample["label"] for sample in report["samples"]} == set("0123456789")


@pytest.mark.parametrize("variables", [{}, {"FORCE_COLOR": "1"}, {"PYTHONIOENCODING": "ascii"}])
def test_the_demo_shows_each_sample_and_ends_with_the_score(
    execute: Any, full_tflite: None, variables: dict[str, str]
) -> None:
    answer = execute("demo", "digits", EI_RUNNER_PLUGINS="full-tflite", **variables)
    assert answer.returncode == 0, answer.stderr
    text = answer.stdout.decode()
    for digit in range(10):
        assert f"label {digit}" in text
    assert " of 10 right, median " in text.splitlines()[-1]


def report_on(execute: Any, *arguments: str) -> dict[str, Any]:
    answer = execute("demo", *arguments, "--json", EI_RUNNER_PLUGINS="full-tflite")
    assert answer.returncode == 0, answer.stderr
    report: dict[str, Any] = json.loads(answer.stdout)
    return report


@pytest.mark.parametrize("variant", ["float32", "int8"])
def test_the_demo_of_sound_hears_the_keywords_one_by_one_and_in_a_stream(
    execute: Any, full_tflite: None, variant: str
) -> None:
    report = report_on(execute, "keywords", "--variant", variant)
    assert report["right"] == report["count"] == 6
    heard = {one["label"]: one["seconds"] for one in report["stream"]}
    spoken = {"hello": 0, "right": 1, "stop": 2, "yes": 3}
    assert len(heard) == len(report["stream"]) >= 3
    assert all(spoken[label] < seconds <= spoken[label] + 1.5 for label, seconds in heard.items())


@pytest.mark.parametrize("variant", ["float32", "int8"])
def test_the_demo_of_motion_notices_the_odd_ones(
    execute: Any, full_tflite: None, variant: str
) -> None:
    report = report_on(execute, "motion", "--variant", variant, "-n", "11")
    assert report["right"] == report["count"] == 11
    assert "stream" not in report
    for sample in report["samples"]:
        assert (sample["result"]["anomaly"] > 1) == (sample["label"] == "anomaly")


@pytest.mark.parametrize("variant", ["float32", "int8"])
def test_the_demo_of_scenes_tells_what_is_there_and_what_was_found(
    execute: Any, full_tflite: None, variant: str
) -> None:
    report = report_on(execute, "scenes", "--variant", variant)
    assert report["right"] >= 6
    for sample in report["samples"]:
        assert sample["objects"]
        labels = sorted(thing["label"] for thing in sample["result"]["bounding_boxes"])
        assert sample["answer"] == ", ".join(labels)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("keywords", ["label hello", "answer stop", "As one stream: hello at 1.00 s"]),
        ("motion", ["label walking", "answer anomaly", "anomaly score -0."]),
        ("scenes", ["label ", "found circle ", " at "]),
    ],
)
def test_every_demo_shows_its_samples(
    execute: Any, full_tflite: None, name: str, shown: list[str], encoding: str
) -> None:
    variables = {"EI_RUNNER_PLUGINS": "full-tflite", "PYTHONIOENCODING": encoding}
    answer = execute("demo", name, **variables)
    assert answer.returncode == 0, answer.stderr
    text = answer.stdout.decode(encoding)
    for words in shown:
        assert words in text
    assert " right, median " in text.splitlines()[-1]


@pytest.mark.parametrize("name", ["keywords", "motion", "scenes"])
def test_a_saved_demo_of_any_kind_runs(
    execute: Any, full_tflite: None, tmp_path: Path, name: str
) -> None:
    assert execute("demo", name, "--save", tmp_path).returncode == 0
    paths = ("-m", tmp_path / "model", tmp_path / "samples")
    answer = execute("run", *paths, "--json", EI_RUNNER_PLUGINS="full-tflite")
    assert answer.returncode == 0, answer.stderr
    assert len(answer.stdout.splitlines()) == len(demo(name).samples())


def test_without_a_backend_the_demo_says_what_to_install(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EI_RUNNER_PLUGINS", "")
    result = invoke("demo")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("ei-runner: error: no installed backend opens")
    assert "full-tflite" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nope"], "no demo is called 'nope'; choose one of: digits"),
        (["--variant", "int4"], "has no variant 'int4'; choose one of: float32, int8"),
        (["-n", "0"], "0 is not in the range"),
        (["--backend", "nope"], "there is no backend 'nope'"),
    ],
)
def test_a_demo_that_is_not_there_is_one_line(
    invoke: Invoke, arguments: list[str], message: str
) -> None:
    result = invoke("demo", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("variant", ["float32", "int8"])
def test_a_saved_demo_is_a_model_and_its_samples_and_needs_no_engine(
    invoke: Invoke, tmp_path: Path, variant: str
) -> None:
    result = invoke("demo", "--variant", variant, "--save", "mine", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    model, samples = Path("mine", "model"), Path("mine", "samples")
    saved = json.loads(result.stdout)
    assert (saved["model"], saved["samples"]) == (str(model), str(samples))
    assert saved["next"] == f"ei-runner run -m {model} {samples}"
    chosen = demo("digits")
    assert contents(tmp_path / model) == contents(chosen.model(variant))
    wanted = {sample.path.name: sample.path.read_bytes() for sample in chosen.samples()}
    assert contents(tmp_path / samples) == wanted


def test_the_command_that_saving_prints_works(
    execute: Any, full_tflite: None, tmp_path: Path
) -> None:
    saved = execute("demo", "--save", tmp_path / "my demo")
    assert saved.returncode == 0
    words = shlex.split(saved.stdout.decode(), posix=os.name != "nt")
    assert words[:3] == ["Next:", "ei-runner", "run"]
    answer = execute(
        *(word.strip('"') for word in words[2:]), "--json", EI_RUNNER_PLUGINS="full-tflite"
    )
    assert answer.returncode == 0, answer.stderr
    assert len(answer.stdout.splitlines()) == len(demo("digits").samples())


@pytest.mark.parametrize("there", ["model", "samples"])
def test_saving_a_demo_overwrites_nothing(invoke: Invoke, tmp_path: Path, there: str) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / there).write_text("precious")
    result = invoke("demo", "--save", "mine")
    assert (result.exit_code, result.stdout) == (2, "")
    expected = f"{Path('mine', there)} is there already; choose another folder"
    assert result.stderr == f"ei-runner: error: {expected}\n"
    assert contents(tmp_path / "mine") == {there: b"precious"}


@pytest.mark.parametrize("folder", ["", "file", "nul\0byte"])
def test_a_folder_that_a_demo_cannot_be_saved_in_is_one_line(
    invoke: Invoke, tmp_path: Path, folder: str
) -> None:
    (tmp_path / "file").touch()
    result = invoke("demo", "--save", folder)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("ei-runner: error: ")
    assert result.stderr.count("\n") == 1


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def report_of(*outcomes: Outcome) -> Report:
    return Report(demo("digits"), "int8", "dense", outcomes)


def outcome(label: str | None, right: str = "7", us: int = 5) -> Outcome:
    sample = next(sample for sample in demo("digits").samples() if sample.label == right)
    pixels = np.zeros((8, 8, 3), np.uint8)
    if label is None:
        return Outcome(sample, pixels, problem="it broke")
    timing = Timing(classification_us=us)
    return Outcome(sample, pixels, InferenceResult(classification={label: 0.75}, timing=timing))


def test_a_report_counts_what_is_right_and_what_failed(capsys: pytest.CaptureFixture[str]) -> None:
    report = report_of(outcome("7", us=4), outcome("1", us=6), outcome(None))
    assert (report.right, len(report.failures), report.median_us) == (1, 1, 5)
    show(report)
    out = capsys.readouterr().out
    for text in ("answer 7 0.750", "wrong: 1 0.750", "failed", "1 of 3 right, median 5 us"):
        assert text in out
    samples = report.to_dict()["samples"]
    assert [sample.get("right") for sample in samples] == [True, False, None]
    assert samples[2]["error"] == {"type": "InferenceError", "message": "it broke"}


@pytest.mark.parametrize("error", [InferenceError("unlucky"), OSError(5, "unlucky")])
def test_a_sample_that_fails_does_not_stop_the_others(error: Exception) -> None:
    class Model:
        calls = 0

        def infer_image(self, pixels: np.ndarray) -> InferenceResult:
            self.calls += 1
            if self.calls == 1:
                raise error
            return InferenceResult(classification={"0": 1.0})

    pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    found = classify(Model(), demo("digits").samples()[:2])  # type: ignore[arg-type]
    assert [one.is_right for one in found] == [False, True]
    assert "unlucky" in found[0].problem
    assert "output" not in found[0].problem


PIXELS = np.zeros((3, 2, 3), np.uint8)
PIXELS[0, 1] = 255


def test_a_picture_uses_what_the_terminal_can_do() -> None:
    colour = {"force_terminal": True, "color_system": "truecolor"}
    assert printed(picture(PIXELS, Console(**colour))).splitlines() == ["▀▀", "▀▀"]  # type: ignore[arg-type]
    half_block = printed(picture(PIXELS, Console(**colour)), **colour)  # type: ignore[arg-type]
    assert "38;2;255;255;255;48;2;0;0;0m▀" in half_block
    plain = Console(file=io.TextIOWrapper(io.BytesIO(), "utf-8"))
    assert printed(picture(PIXELS, plain)) == "  ██\n    \n    \n"
    ascii_only = Console(file=io.TextIOWrapper(io.BytesIO(), "ascii"))
    assert printed(picture(PIXELS, ascii_only), "ascii") == "  @@\n    \n    \n"


def test_a_trace_shows_how_strong_a_signal_is_over_time() -> None:
    window = np.zeros((48, 2), np.float32)
    window[24:, 0] = [1, -1] * 12
    window[12:24, 1] = [0.5, -0.5] * 6
    assert trace(window, "utf-8").plain == " " * 6 + "▄" * 6 + "█" * 12
    assert trace(window, "ascii").plain == " " * 6 + "+" * 6 + "@" * 12


def test_a_trace_of_silence_is_empty_and_a_short_one_is_short() -> None:
    assert trace(np.zeros((100, 1), np.float32), "utf-8").plain == " " * 24
    assert len(trace(np.ones((5, 3), np.float32), "utf-8")) == 5


def test_a_large_picture_is_shrunk_and_what_was_found_is_compared(
    capsys: pytest.CaptureFixture[str],
) -> None:
    scene = demo("scenes").samples()[0]
    (thing, *rest) = scene.objects
    x, y = (round(value) for value in thing.centroid)
    boxes = (
        BoundingBox(thing.label, 0.75, x - 4, y - 4, 8, 8),
        BoundingBox("square", 0.5, 88, 0, 8, 8),
    )
    result = InferenceResult(bounding_boxes=boxes)
    show(
        Report(
            demo("scenes"),
            "int8",
            "dense",
            [Outcome(scene, np.zeros((96, 96, 3), np.uint8), result)],
        )
    )
    out = capsys.readouterr().out
    assert f"found {thing.label} 0.750 at {x},{y} (true {x},{y})" in out
    assert "wrong: square 0.500 at 92,4" in out
    assert out.count("missed: ") == len(rest)
    assert "0 of 1 right" in out


def test_a_map_marks_what_was_found_missed_and_made_up() -> None:
    found, missed = DemoObject("cat", 8, 0, 8, 8), DemoObject("dog", 16, 8, 8, 8)
    boxes = [BoundingBox("cat", 0.9, 8, 0, 8, 8), BoundingBox("dog", 0.9, 0, 16, 8, 8)]
    shown = object_map(compare_objects([found, missed], boxes), 24, 24)
    assert shown.plain.splitlines() == [". C .", ". . ?", "! . ."]


BOX = BoundingBox("cat", 0.9, 1, 2, 3, 4)
RESULTS = {
    "classes": (InferenceResult(classification={"a": 0.25, "b": 0.75}), "b 0.7500", "b 0.7500"),
    "regression": (InferenceResult(classification={"value": 23.5}), "value 23.5000", "value 23.5"),
    "boxes": (InferenceResult(bounding_boxes=(BOX,)), "cat 0.9000 1 2 3 4", "objects: cat 0.90"),
    "no boxes": (InferenceResult(bounding_boxes=()), "no objects found", "no objects"),
    "tracks": (
        InferenceResult(object_tracking=(TrackedObject(7, "dog", 0.5, 1, 2, 3, 4),)),
        "7 dog 0.5000 1 2 3 4",
        "tracks: dog #7",
    ),
    "no tracks": (InferenceResult(object_tracking=()), "no objects tracked", "no tracks"),
    "visual anomaly": (
        InferenceResult(visual_anomaly=VisualAnomaly((BOX,), 4.5, 1.25)),
        "visual anomaly: max 4.5, mean 1.25, 1 cells above the threshold",
        "visual anomaly max 4.5 mean 1.25",
    ),
    "anomaly": (InferenceResult(anomaly=0.125), "anomaly score 0.125", "anomaly 0.125"),
    "tensors": (
        InferenceResult(freeform=(np.arange(8, dtype=np.int8).reshape(2, 4),)),
        "scores int8 2x4 0, 1, 2, 3, 4, 5, ...",
        "scores int8 2x4",
    ),
    "text": (
        InferenceResult(freeform=(np.array(b"hello"),)),
        r"scores |S5 scalar b'hello'",
        "scores |S5 scalar",
    ),
    "info": (InferenceResult(info="a note\x07"), r"a note\x07", "no answer"),
    "too early": (InferenceResult(ready=False), "not enough data yet", "no answer"),
}  # fmt: skip


@pytest.mark.parametrize("case", RESULTS)
def test_every_part_of_a_result_is_shown(case: str) -> None:
    result, in_table, in_line = RESULTS[case]
    assert in_table in " ".join(printed(result_table(result, ("scores",))).split())
    names = ("scores",) if result.freeform else ()
    assert in_line in summary(Answer(result, names))


def test_a_result_prints_itself_in_rich() -> None:
    result = InferenceResult(classification={"[bold]x[/bold]": 0.5}, timing=Timing(1500, 250))
    assert "[bold]x[/bold]" in printed(result)
    assert "1.750 ms (DSP 1.500, network 0.250)" in printed(result)


def test_a_long_list_of_classes_is_cut_and_says_so() -> None:
    table = printed(result_table(InferenceResult(classification={str(i): i for i in range(30)})))
    assert "and 10 more" in table
    assert len(table.splitlines()) == 23


def test_a_table_is_drawn_without_unicode_where_there_is_none() -> None:
    result = InferenceResult(classification={"a": 0.25, "b": float("nan")})
    assert "0.2500" in printed(result_table(result), "ascii")


@pytest.mark.parametrize("name", ["digits", "keywords", "motion", "scenes"])
def test_the_samples_of_a_demo_are_where_it_says(name: str) -> None:
    assert all(Path(sample.path).is_file() for sample in demo(name).samples())
