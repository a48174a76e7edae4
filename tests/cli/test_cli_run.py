"""``ei-runner run``."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from dense_models import expected_scores

Invoke = Callable[..., Result]
WINDOW = [0.5, -1.0, 2.0, 0.25, 0.0, -3.0]
NUMBERS = ",".join(map(str, WINDOW))


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def complaints(result: Result) -> list[str]:
    """The lines on stderr; each is one error, and none is a traceback."""
    found = [line for line in result.stderr.splitlines() if not line.startswith("options ")]
    assert all(line.startswith("ei-runner: error: ") for line in found), result.stderr
    return [line.removeprefix("ei-runner: error: ") for line in found]


def write_inputs(folder: Path) -> list[Path]:
    """The same window in all formats of numbers."""
    folder.mkdir(exist_ok=True)
    array = np.array(WINDOW, np.float32)
    np.save(folder / "b.npy", array.reshape(2, 3))
    np.savez(folder / "c.npz", array)
    (folder / "a.csv").write_text(f"timestamp,x,y,z\n0,{NUMBERS[:12]}\n20,0.25,0.0,-3.0\n")
    (folder / "d.json").write_text(json.dumps({"features": WINDOW}))
    (folder / "e.txt").write_text(NUMBERS)
    return sorted(folder.iterdir())


def test_a_window_of_numbers_gives_one_line_of_json(invoke: Invoke, motion: Path) -> None:
    result = invoke("run", "-m", motion, "--features", NUMBERS, "--json")
    assert (result.exit_code, complaints(result)) == (0, [])
    [line] = lines(result)
    assert list(line) == ["input", "model", "backend", "result", "timing"]
    assert (line["input"], line["model"], line["backend"]) == ("--features", str(motion), "dense")
    assert list(line["result"]["classification"]) == ["idle", "up", "down"]
    scores = list(line["result"]["classification"].values())
    np.testing.assert_allclose(scores, expected_scores(np.array(WINDOW)), rtol=1e-5)
    assert {"dsp", "classification", "anomaly", "dsp_us"} <= set(line["timing"])


def test_every_format_gives_the_same_answer(invoke: Invoke, motion: Path, tmp_path: Path) -> None:
    paths = write_inputs(tmp_path / "inputs")
    result = invoke("run", "--model", motion, *paths, "--json")
    assert (result.exit_code, complaints(result)) == (0, [])
    assert [line["input"] for line in lines(result)] == list(map(str, paths))
    answers = [line["result"] for line in lines(result)]
    assert answers == [answers[0]] * 5


@pytest.mark.parametrize("name", ["a.csv", "b.npy", "c.npz", "d.json", "e.txt"])
def test_stdin_is_known_by_its_content(
    invoke: Invoke, motion: Path, tmp_path: Path, name: str
) -> None:
    write_inputs(tmp_path / "inputs")
    content = (tmp_path / "inputs" / name).read_bytes()
    result = invoke("run", "-m", motion, "-", "--json", stdin=content)
    assert (result.exit_code, complaints(result)) == (0, [])
    assert [line["input"] for line in lines(result)] == ["-"]


def test_a_folder_stands_for_all_files_in_it(invoke: Invoke, motion: Path, tmp_path: Path) -> None:
    write_inputs(tmp_path / "all")
    write_inputs(tmp_path / "all" / "deep")
    write_inputs(tmp_path / "all" / ".hidden")
    (tmp_path / "all" / "notes.md").write_text("not an input")
    (tmp_path / "all" / "._a.csv").write_text("what macOS leaves behind")
    result = invoke("run", "-m", motion, "all", "--json")
    assert (result.exit_code, complaints(result)) == (0, [])
    names = [str(Path(line["input"]).as_posix()) for line in lines(result)]
    assert names == sorted(names)
    assert len(names) == 10
    assert names[0] == "all/a.csv"


def test_an_empty_folder_is_an_error(invoke: Invoke, motion: Path, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    result = invoke("run", "-m", motion, "nothing")
    assert result.exit_code == 2
    [error] = complaints(result)
    assert error.startswith("nothing: the folder holds no file that can be read; expected one of")


def test_a_folder_with_one_file_names_the_file(
    invoke: Invoke, motion: Path, tmp_path: Path
) -> None:
    (tmp_path / "one").mkdir()
    path = Path("one", "a.txt")
    (tmp_path / path).write_text(NUMBERS)
    assert invoke("run", "-m", motion, "one").stdout.startswith(f"{path}  ")
    assert invoke("run", "-m", motion, path).stdout.startswith("label")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_what_is_no_regular_file_is_refused_and_the_others_are_done(
    execute: Any, motion: Path, tmp_path: Path
) -> None:
    (tmp_path / "all").mkdir()
    os.mkfifo(tmp_path / "all" / "f.png")
    (tmp_path / "all" / "g.txt").write_text(NUMBERS)
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind(str(tmp_path / "s.csv"))
        answer = execute("run", "-m", motion, "all", "s.csv", "/dev/zero", "--json")
    assert answer.returncode == 2
    found = [json.loads(line) for line in answer.stdout.splitlines()]
    assert ["error" in line for line in found] == [True, False, True, True]
    complained = answer.stderr.decode().splitlines()
    kinds = {"all/f.png": "a named pipe", "s.csv": "a socket", "/dev/zero": "a device"}
    for (name, kind), line in zip(kinds.items(), complained, strict=True):
        advice = "pipe it into stdin instead, with - as the input"
        assert line == f"ei-runner: error: {name}: it is {kind}, not a regular file; {advice}"


def test_an_unreadable_folder_is_an_error_and_the_others_are_done(
    invoke: Invoke, motion: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "locked", "z"):
        (tmp_path / "all" / name).mkdir(parents=True)
        (tmp_path / "all" / name / "w.txt").write_text(NUMBERS)
    locked = Path("all", "locked")
    scandir = os.scandir

    def refuse(path: Any) -> Any:
        """What the system does; it would not for root, whom tests may run as."""
        if Path(path) == locked:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    expected = f"{locked}: the folder cannot be read: Permission denied; check its permissions"
    result = invoke("run", "-m", motion, "all", "--json")
    assert (result.exit_code, complaints(result)) == (2, [expected])
    assert ["error" in line for line in lines(result)] == [False, True, False]
    result = invoke("run", "-m", motion, locked)
    assert (result.exit_code, complaints(result)) == (2, [expected])


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"])
def test_a_folder_may_hold_pictures_of_any_kind(
    invoke: Invoke, pictures: Path, tmp_path: Path, suffix: str
) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    (tmp_path / "all").mkdir()
    path = Path("all", f"a{suffix.upper()}")
    image.new("L" if suffix == ".pgm" else "RGB", (9, 9)).save(tmp_path / path)
    result = invoke("run", "-m", pictures, "all", "--json")
    assert (result.exit_code, complaints(result)) == (0, [])
    assert [line["input"] for line in lines(result)] == [str(path)]


@pytest.mark.parametrize(("mood", "name"), [(17, "OSError"), (18, "BrokenPipeError")])
def test_an_error_of_the_engine_is_not_told_as_one_of_the_output(
    invoke: Invoke, moody: Path, mood: int, name: str
) -> None:
    result = invoke("run", "-m", moody, "--features", f"{mood},0,0,0,0,0")
    assert result.exit_code == 1
    [error] = complaints(result)
    assert f"the inference failed: {name}: " in error


def test_a_backend_that_fails_to_close_is_one_line_after_the_answers(
    invoke: Invoke, moody: Path
) -> None:
    arguments = ["run", "-m", moody, "--json", "-o", "close=too late", "--features"]
    result = invoke(*arguments, "1,0,0,0,0,0")
    assert (result.exit_code, len(lines(result))) == (1, 1)
    [error] = complaints(result)
    assert error.startswith("the backend 'moody' failed to close the model: OSError: ")
    assert "too late" in error
    assert len(complaints(invoke(*arguments, "13,0,0,0,0,0"))) == 2
    assert invoke(*arguments, "1,2").exit_code == 2


@pytest.mark.parametrize(
    "command", [["run", "--features", NUMBERS, "-m"], ["info", "-m"], ["info"]]
)
def test_an_empty_model_is_none(
    invoke: Invoke, motion: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    result = invoke(*command, "")
    assert result.exit_code == 2
    [error] = complaints(result)
    assert error.startswith("no model was given")
    monkeypatch.setenv("EI_MODEL", str(motion))
    assert invoke(*command, "").exit_code == 0


def test_a_backend_that_fails_to_close_is_one_line_of_info_too(
    invoke: Invoke, moody: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOODY_END", "too late")
    result = invoke("info", moody)
    assert result.exit_code == 1
    [error] = complaints(result)
    assert error.startswith("the backend 'moody' failed to describe or to close the model: OSErr")


def test_pictures_are_resized_and_arrays_of_bytes_are_pictures(
    invoke: Invoke, pictures: Path, tmp_path: Path
) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    rng = np.random.default_rng(2)
    pixels = rng.integers(0, 256, (2, 3, 3), np.uint8)
    image.fromarray(pixels).save(tmp_path / "same.png")
    image.fromarray(pixels).resize((30, 20)).save(tmp_path / "large.bmp")
    image.fromarray(pixels).resize((30, 20)).save(tmp_path / "large.jpg")
    np.save(tmp_path / "array.npy", pixels)
    packed = (pixels.astype(int) * [1 << 16, 1 << 8, 1]).sum(axis=2)
    (tmp_path / "studio.txt").write_text(", ".join(map(hex, packed.ravel())))
    names = ["same.png", "array.npy", "studio.txt", "large.bmp", "large.jpg"]
    result = invoke("run", "-m", pictures, *names, "--json")
    assert (result.exit_code, complaints(result)) == (0, [])
    answers = [line["result"] for line in lines(result)]
    assert answers[0] == answers[1] == answers[2]


def test_a_bare_network_takes_tensors_and_gives_them_with_names(
    invoke: Invoke, network: Path, tmp_path: Path
) -> None:
    np.save(tmp_path / "a.npy", np.array([WINDOW], np.float32))
    (tmp_path / "b.json").write_text(json.dumps({"features": [WINDOW]}))
    result = invoke("run", "-m", network, "a.npy", "b.json", "--json")
    assert (result.exit_code, complaints(result)) == (0, [])
    for line in lines(result):
        assert line["result"]["freeform_tensors"] == [
            {"name": "scores", "dtype": "float32", "shape": [1, 3]}
        ]
        [scores] = line["result"]["freeform"]
        np.testing.assert_allclose(scores, expected_scores(np.array(WINDOW)), rtol=1e-5)


def test_one_input_is_shown_as_a_table(invoke: Invoke, motion: Path) -> None:
    result = invoke("run", "-m", motion, "--features", NUMBERS)
    rows = [line.split()[:2] for line in result.stdout.splitlines()]
    assert rows[0] == ["label", "score"]
    scores = [float(score) for _, score in rows[1:4]]
    assert scores == sorted(scores, reverse=True)
    assert "ms (" in result.stdout


def test_several_inputs_are_shown_as_lines(invoke: Invoke, motion: Path, tmp_path: Path) -> None:
    paths = write_inputs(tmp_path / "inputs")
    result = invoke("run", "-m", motion, "inputs")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == len(paths)
    assert result.stdout.startswith(str(Path("inputs") / "a.csv"))


@pytest.mark.parametrize(
    ("moods", "code"), [("1", 0), ("13", 1), ("14", 1), ("1 13 1", 1), ("13 missing 1", 2)]
)
def test_the_exit_code_is_that_of_the_worst_input(
    invoke: Invoke, moody: Path, tmp_path: Path, moods: str, code: int
) -> None:
    names = []
    for i, mood in enumerate(moods.split()):
        names.append(f"{i}.csv")
        if mood != "missing":
            (tmp_path / names[-1]).write_text(f"{mood},0,0,0,0,0")
    result = invoke("run", "-m", moody, *names, "--json")
    assert result.exit_code == code
    assert len(lines(result)) == len(names)
    failed = [line["input"] for line in lines(result) if "error" in line]
    assert len(complaints(result)) == len(failed)
    assert all(name in error for name, error in zip(failed, complaints(result), strict=True))


def test_an_error_is_told_by_type_and_message(invoke: Invoke, moody: Path, tmp_path: Path) -> None:
    for mood in (13, 14):
        (tmp_path / f"{mood}.csv").write_text(f"{mood},0,0,0,0,0")
    unlucky, oops = lines(invoke("run", "-m", moody, "13.csv", "14.csv", "--json"))
    assert unlucky == {
        "input": "13.csv",
        "error": {"type": "InferenceError", "message": "13.csv: unlucky"},
    }
    assert oops["error"]["type"] == "InferenceError"
    assert oops["error"]["message"] == "14.csv: the inference failed: TypeError: oops"


def test_an_interrupt_ends_everything(invoke: Invoke, moody: Path) -> None:
    result = invoke("run", "-m", moody, "--features", "15,0,0,0,0,0")
    assert (result.exit_code, result.stdout) == (130, "")


def test_nan_is_null_in_json(invoke: Invoke, moody: Path) -> None:
    result = invoke("run", "-m", moody, "--features", "16,0,0,0,0,0", "--json")
    assert result.exit_code == 0
    assert '"up": null' in result.stdout


def test_labels_cannot_steer_the_terminal(invoke: Invoke, motion: Path) -> None:
    path = motion / "impulse.json"
    text = path.read_text().replace('"idle", "up"', '"idle", "[red]up[/red]"')
    path.write_text(text.replace('"down"', r'"\u001b[2Jdown"'))
    for arguments in (["--features", NUMBERS], ["a.txt", "a.txt"]):
        (motion.parent / "a.txt").write_text(NUMBERS)
        result = invoke("run", "-m", motion, *arguments)
        assert result.exit_code == 0
        assert "\x1b" not in result.output
        assert r"\x1b[2Jdown" in result.output
    assert "[red]up[/red]" in invoke("run", "-m", motion, "--features", NUMBERS).output


def test_options_reach_the_backend_typed(invoke: Invoke, moody: Path) -> None:
    options = ["-o", "threads=2", "--option", "fast=true", "-o", "name=a=b", "-o", 'x={"y": [1]}']
    result = invoke("run", "-m", moody, "--features", NUMBERS, *options)
    assert "options {'threads': 2, 'fast': True, 'name': 'a=b', 'x': {'y': [1]}}" in result.stderr


def test_options_may_be_written_as_in_python(invoke: Invoke, moody: Path) -> None:
    pairs = {
        "a": "True",
        "b": "{'x': [1, 6]}",
        "c": "None",
        "d": "{no",
        "e": "(1, 2)",
        "f": "Trust",
    }
    given = [word for pair in pairs.items() for word in ("-o", "=".join(pair))]
    result = invoke("run", "-m", moody, *given, "--features", "1")
    expected = {"a": True, "b": {"x": [1, 6]}, "c": None, "d": "{no", "e": (1, 2), "f": "Trust"}
    assert str(expected) in result.stderr


def test_an_option_that_the_backend_lacks_is_an_error(invoke: Invoke, motion: Path) -> None:
    result = invoke("run", "-m", motion, "--features", NUMBERS, "-o", "threads=2")
    assert result.exit_code == 2
    [error] = complaints(result)
    assert error.startswith("dense has no options, got ['threads'] (no backend was asked for, so ")
    result = invoke(
        "run", "-m", motion, "--features", NUMBERS, "-o", "threads=2", "--backend", "dense"
    )
    assert complaints(result) == ["dense has no options, got ['threads']"]


def test_debug_logs_to_stderr(execute: Any, motion: Path) -> None:
    answer = execute("run", "-m", motion, "--features", NUMBERS, "--debug", "--json")
    assert answer.returncode == 0
    assert json.loads(answer.stdout)["backend"] == "dense"
    assert b"window of 6 values" in answer.stderr


def test_the_model_may_come_from_the_environment(
    invoke: Invoke, motion: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EI_MODEL", str(motion))
    monkeypatch.setenv("EI_BACKEND", "dense")
    assert invoke("run", "--features", NUMBERS).exit_code == 0


def test_the_model_may_lie_in_the_folder_model(invoke: Invoke, motion: Path) -> None:
    shutil.copytree(motion, motion.parent / "model")
    [line] = lines(invoke("run", "--features", NUMBERS, "--json"))
    assert line["model"] == "model"


BAD_INPUTS = {
    "too few": (["--features", "1,2,3"], "got 3 values, the model expects 6"),
    "nan": (["--features", "1,2,3,4,5,nan"], "values[5] is nan"),
    "infinity": (["--features", "1,2,3,4,5,inf"], "values[5] is inf"),
    "no number": (["--features", "1,2,3,4,5,x"], "value 6: 'x' is not a number"),
    "empty features": (["--features", ""], "it holds no numbers"),
    "empty file": (["empty.csv"], "empty.csv: it is empty"),
    "empty stdin": (["-"], "stdin: it is empty"),
    "missing": (["missing.csv"], "missing.csv: cannot be read: No such file"),
    "wrong dtype": (["text.npy"], "dtype <U1"),
    "wrong shape": (["shape.npy"], "shape (3, 2), the model expects (6,) or (2, 3)"),
    "truncated": (["short.npy"], "not a readable .npy file"),
    "random": (["random.bin"], "its format is not known"),
    "no picture": (["noise.png"], "is a picture, but the model takes 6 raw values"),
    "bad json": (["bad.json"], "not valid JSON"),
}


@pytest.mark.parametrize("case", BAD_INPUTS)
def test_bad_input_is_one_line_and_exit_code_2(
    invoke: Invoke, motion: Path, tmp_path: Path, case: str
) -> None:
    np.save(tmp_path / "text.npy", np.array(["x"] * 6))
    np.save(tmp_path / "shape.npy", np.zeros((3, 2)))
    (tmp_path / "short.npy").write_bytes((tmp_path / "shape.npy").read_bytes()[:-1])
    (tmp_path / "random.bin").write_bytes(bytes(range(256)))
    (tmp_path / "noise.png").write_bytes(b"noise")
    (tmp_path / "bad.json").write_text("[1, 2")
    (tmp_path / "empty.csv").touch()
    arguments, message = BAD_INPUTS[case]
    result = invoke("run", "-m", motion, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    [error] = complaints(result)
    assert message in error
    [line] = lines(invoke("run", "-m", motion, *arguments, "--json"))
    assert line["error"]["type"] == "InvalidInputError"
    assert message in line["error"]["message"]


def test_an_unreadable_picture_is_one_line(invoke: Invoke, pictures: Path, tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    file = io.BytesIO()
    image.effect_noise((99, 99), 50).save(file, "PNG")
    (tmp_path / "cut.png").write_bytes(file.getvalue()[:200])
    (tmp_path / "noise.jpg").write_bytes(bytes(range(200)))
    result = invoke("run", "-m", pictures, "cut.png", "noise.jpg")
    assert result.exit_code == 2
    assert [error.partition(":")[0] for error in complaints(result)] == ["cut.png", "noise.jpg"]


BAD_MODELS = {
    "no model": ([], "ModelNotFoundError", "no model was given"),
    "missing": (["-m", "nowhere"], "ModelNotFoundError", "there is no model at nowhere"),
    "empty folder": (["-m", "empty"], "ModelFormatError", "holds neither impulse.json nor"),
    "no bundle": (["-m", "noise.zip"], "ModelFormatError", "not a readable zip"),
    "missing network": (["-m", "torn"], "ModelNotFoundError", "no file 'network.dense'"),
    "wrong field": (["-m", "wrong"], "ModelFormatError", "$.labels"),
    "unknown version": (["-m", "newer"], "ModelFormatError", "$.version"),
    "unknown backend": (
        ["-m", "motion", "--backend", "nope"], "BackendNotFoundError", "no backend 'nope'",
    ),
    "not installed": (
        ["-m", "motion", "--backend", "onnx"], "BackendNotFoundError", "ei-runner[onnx]",
    ),
    "other format": (
        ["-m", "motion", "--backend", "moody"], "UnsupportedModelError", "cannot open",
    ),
    "no engine": (["-m", "any.tflite"], "BackendNotFoundError", "full-tflite"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_MODELS)
def test_a_model_that_cannot_be_opened_is_one_line_and_exit_code_2(
    invoke: Invoke, no_own_backend: None, motion: Path, tmp_path: Path, case: str
) -> None:
    text = (motion / "impulse.json").read_text()
    for name, changed in {
        "torn": text,
        "wrong": text.replace('["idle", "up", "down"]', "7"),
        "newer": text.replace('"version": 1', '"version": 2', 1),
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "impulse.json").write_text(changed)
    (tmp_path / "empty").mkdir()
    (tmp_path / "noise.zip").write_bytes(b"noise")
    (tmp_path / "any.tflite").write_bytes(b"\x1c\0\0\0TFL3")
    arguments, kind, message = BAD_MODELS[case]
    result = invoke("run", *arguments, "--features", NUMBERS)
    assert (result.exit_code, result.stdout) == (2, "")
    [error] = complaints(result)
    assert message in error
    result = invoke("run", *arguments, "--features", NUMBERS, "--json")
    assert result.exit_code == 2
    [line] = lines(result)
    assert line["input"] is None
    assert line["error"]["type"] == kind
    assert message in line["error"]["message"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing to run on"),
        (["a.csv", "--features", "1"], "not both"),
        (["a.csv", "-o", "threads"], "'threads' is not KEY=VALUE"),
        (["a.csv", "-o", "=2"], "'=2' is not KEY=VALUE"),
        (["a.csv", "--nope"], "No such option"),
    ],
)
def test_wrong_usage_is_one_line_that_points_to_the_help(
    invoke: Invoke, motion: Path, arguments: list[str], message: str
) -> None:
    result = invoke("run", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    [error] = complaints(result)
    assert message in error
    assert error.endswith("see: ei-runner run --help")


def test_real_pictures_get_real_answers(execute: Any, full_tflite: None, tmp_path: Path) -> None:
    from ei_runner_core.demos import demo

    digits = demo("digits")
    for sample in digits.samples()[::4]:
        shutil.copy(sample.path, tmp_path)
    answer = execute(
        "run", "-m", digits.model("int8"), ".", "--json", EI_RUNNER_PLUGINS="full-tflite"
    )
    assert answer.returncode == 0, answer.stderr
    found = [json.loads(line) for line in answer.stdout.splitlines()]
    assert len(found) == 10
    for line in found:
        scores = line["result"]["classification"]
        assert max(scores, key=scores.get) == Path(line["input"]).name[0]


@pytest.mark.parametrize("content", [b"noise", b"\x1c\0\0\0TFL3", b"\x1c\0\0\0TFL3" + bytes(500)])
def test_a_damaged_network_is_one_line(
    execute: Any, full_tflite: None, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "bad.tflite").write_bytes(content)
    answer = execute("run", "-m", "bad.tflite", "--features", "1", EI_RUNNER_PLUGINS="full-tflite")
    assert answer.returncode == 2
    assert answer.stderr.startswith(b"ei-runner: error: ")
    assert answer.stderr.count(b"\n") == 1


@pytest.mark.parametrize("mode", [[], ["--resize-mode", "fit-longest"]])
def test_boxes_of_a_picture_are_told_on_the_picture_too(
    execute: Any, full_tflite: None, tmp_path: Path, mode: list[str]
) -> None:
    from PIL import Image

    from ei_runner_core.demos import demo

    scenes = demo("scenes")
    sample = scenes.samples()[0]
    with Image.open(sample.path) as picture:
        size = picture.width * 3, picture.height * (3 if mode else 2)
        picture.resize(size, Image.Resampling.NEAREST).save(tmp_path / "large.png")
    command = ["run", "-m", scenes.model(), "--json", "large.png", *mode]
    answer = execute(*command, EI_RUNNER_PLUGINS="full-tflite")
    line = json.loads(answer.stdout)
    found, shown = line["result"]["bounding_boxes"], line["on_image"]
    assert (shown["width"], shown["height"]) == size
    assert len(found) == len(shown["bounding_boxes"]) == len(sample.objects)
    for small, large in zip(found, shown["bounding_boxes"], strict=True):
        assert (large["label"], large["value"]) == (small["label"], small["value"])
        assert (large["x"], large["width"]) == (3 * small["x"], 3 * small["width"])
        factor = size[1] / 96
        assert (large["y"], large["height"]) == (factor * small["y"], factor * small["height"])
