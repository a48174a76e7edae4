"""``ei-runner info``, ``backends`` and ``doctor``."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from dense_models import impulse_document, write_bundle
from fake_distributions import add_distribution, hide_backends

from ei_runner_core import TensorBackend, __version__, plugins
from ei_runner_core.impulse import Impulse, parse_impulse

Invoke = Callable[..., Result]


@pytest.fixture
def no_backend(monkeypatch: pytest.MonkeyPatch, invoke: Invoke) -> None:
    hide_backends(monkeypatch)
    monkeypatch.setenv("EI_RUNNER_PLUGINS", "")


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, invoke: Invoke) -> None:
    """A plugin whose import fails, beside those that work."""
    add_distribution(tmp_path / "broken", "ei-broken", "import no_such_module_at_all")
    monkeypatch.syspath_prepend(tmp_path / "broken")
    monkeypatch.delenv("EI_RUNNER_PLUGINS")
    monkeypatch.setenv("EI_RUNNER_DISABLE", "full-tflite")
    plugins.refresh()


def words(result: Result) -> str:
    return " ".join(result.stdout.split())


@pytest.mark.parametrize("option", [[], ["-m"], ["--model"]])
def test_the_card_tells_what_a_model_is(invoke: Invoke, motion: Path, option: list[str]) -> None:
    result = invoke("info", *option, motion)
    assert (result.exit_code, result.stderr) == (0, "")
    shown = words(result)
    for text in (
        "model gestures",
        f"{motion} (bundle)",
        "project tests / dense (id 7, version 2)",
        "accelerometer, axes x, y, z, 2 samples, 50 Hz, window 40 ms, slice 1 samples",
        "labels 3: idle, up, down",
        "backend dense: it is the first installed backend that can open the model",
        "not taken moody: ",
        "raw version=1, outputs=6, scale_axes=1.0",
        "network inputs=[2], files=network.dense",
        "3 in features float32 1x6",
        "3 out scores float32 1x3",
        "classification input=3",
    ):
        assert text in shown


def test_the_card_of_pictures_and_of_tensors(invoke: Invoke, pictures: Path, network: Path) -> None:
    assert "input image, 3x2 pixels, grayscale, resized by squash" in words(
        invoke("info", pictures)
    )
    shown = words(invoke("info", network))
    assert "type freeform" in shown
    assert "input the tensors of the network" in shown


def test_the_card_is_also_there_for_programs(invoke: Invoke, motion: Path) -> None:
    result = invoke("info", motion, "--json")
    card = json.loads(result.stdout)
    assert (card["path"], card["kind"]) == (str(motion), "bundle")
    assert (card["backend"], card["problem"]) == ("dense", None)
    assert [row["name"] for row in card["considered"]] == ["moody"]
    assert card["parameters"]["model_parameters"]["input_features_count"] == 6
    assert isinstance(parse_impulse(json.dumps(card["impulse"]).encode()), Impulse)
    assert card["tensors"]["3"]["inputs"][0]["shape"] == [1, 6]


def test_a_model_with_all_kinds_of_blocks_has_a_card(
    invoke: Invoke, no_backend: None, tmp_path: Path
) -> None:
    one = {"mean": [0.0], "scale": [1.0]}
    document = impulse_document(
        dsp=[
            {
                "id": 2,
                "type": "flatten",
                "outputs": 1,
                "axes": [1],
                "normalization": one,
            }
        ],
        learn=[
            {
                "type": "kmeans",
                "id": 3,
                "inputs": [2],
                "axes": [0],
                **one,
                "clusters": [{"centroid": [0.5], "max_error": 1.0}],
            },
            {"type": "gmm", "id": 5, "inputs": [2], "axes": [0], "files": ["network.dense"]},
        ],
        postprocessing=[{"id": 4, "type": "classification", "config": {"threshold": 0.6}}],
        anomaly="gmm",
    )
    result = invoke("info", write_bundle(tmp_path / "all", document))
    assert (result.exit_code, result.stderr) == (0, "")
    shown = words(result)
    assert "outputs=1, axes=[1], normalization=standard_scaler" in shown
    assert "kmeans inputs=[2], axes=[0], clusters=1" in shown
    assert "gmm inputs=[2], files=network.dense, axes=[0]" in shown
    assert "classification threshold=0.6" in shown


def test_without_a_backend_the_card_says_what_to_install(
    invoke: Invoke, no_backend: None, motion: Path, tmp_path: Path
) -> None:
    result = invoke("info", motion)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "backend no installed backend opens" in words(result)
    assert "labels 3: idle, up, down" in words(result)
    network = tmp_path / "network.tflite"
    network.write_bytes(b"\x1c\0\0\0TFL3")
    assert "full-tflite" in words(invoke("info", network))
    card = json.loads(invoke("info", network, "--json").stdout)
    assert card["backend"] is None
    assert "full-tflite" in card["problem"]


def test_a_model_that_tells_nothing_has_a_card_too(
    invoke: Invoke, no_backend: None, tmp_path: Path
) -> None:
    (tmp_path / "model.eim").write_bytes(b"\x7fELF")
    result = invoke("info", "model.eim")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "path model.eim (eim)" in words(result)
    assert "pip install 'ei-runner[eim]'" in words(result)
    assert json.loads(invoke("info", "model.eim", "--json").stdout)["impulse"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no model was given"),
        (["nowhere"], "there is no model at nowhere"),
        (["motion", "-m", "motion"], "name the model once"),
        (["motion", "--backend", "moody"], "cannot open"),
        (["motion", "--backend", "onnx"], "pip install 'ei-runner[onnx]'"),
        (["wrong"], "$.labels"),
    ],
)
def test_info_on_what_is_no_model_is_one_line(
    invoke: Invoke, no_own_backend: None, motion: Path, arguments: list[str], message: str
) -> None:
    wrong = shutil.copytree(motion, motion.parent / "wrong") / "impulse.json"
    wrong.write_text(wrong.read_text().replace('["idle", "up", "down"]', "7"))
    result = invoke("info", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("ei-runner: error: ")
    assert result.stderr.count("\n") == 1
    assert message in result.stderr


def test_backends_lists_what_works_what_not_and_what_could_be_installed(
    invoke: Invoke, no_own_backend: None, broken: None
) -> None:
    rows = json.loads(invoke("backends", "--json").stdout)
    assert all(
        set(row)
        == {
            "kind", "name", "status", "reason", "plugin", "distribution", "version", "summary",
            "opens", "compiles_to", "python_versions", "installed_megabytes", "engine_license",
            "never_run",
        }
        for row in rows
    )  # fmt: skip
    by_name = {row["name"]: row for row in rows}
    assert by_name["dense"]["status"] == "ok"
    assert (by_name["dense"]["distribution"], by_name["dense"]["version"]) == (
        "ei-runner-dense",
        "0.3.1",
    )
    assert by_name["ei-broken"]["status"] == "failed"
    assert "no_such_module_at_all" in by_name["ei-broken"]["reason"]
    assert by_name["raw"]["kind"] == "preprocessor"
    assert by_name["onnx"]["status"] == "not installed"
    assert by_name["onnx"]["reason"] == "pip install 'ei-runner[onnx]'"


def test_backends_are_shown_with_their_reasons(
    invoke: Invoke, no_own_backend: None, broken: None
) -> None:
    result = invoke("backends")
    assert (result.exit_code, result.stderr) == (0, "")
    shown = words(result)
    assert "plugins that do not work" in shown
    assert "ei-broken failed ei-broken 1.0: its import failed: ModuleNotFoundError" in shown
    assert "dense ok ei-runner-dense 0.3.1" in shown
    assert "pip install 'ei-runner[onnx]'" in shown


def test_a_blocked_backend_is_not_offered_for_installation(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_distribution(tmp_path / "more", "ei-runner-onnx", "raise RuntimeError", entry="onnx")
    monkeypatch.syspath_prepend(tmp_path / "more")
    monkeypatch.setenv("EI_RUNNER_DISABLE", "onnx")
    plugins.refresh()
    rows = json.loads(invoke("backends", "--json").stdout)
    assert [row["status"] for row in rows if row["name"] == "onnx"] == ["disabled"]


def checks(result: Result) -> dict[str, dict[str, Any]]:
    return {check["what"]: check for check in json.loads(result.stdout)["checks"]}


def test_a_sound_installation_is_well(invoke: Invoke) -> None:
    result = invoke("doctor", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    found = checks(result)
    assert found["ei-runner"]["detail"] == __version__
    assert found["backend dense"] == {
        "what": "backend dense",
        "status": "ok",
        "detail": "ei-runner-dense 0.3.1",
    }
    assert found["command dense-hello"]["status"] == "ok"
    assert found["EI_RUNNER_PLUGINS"]["detail"] == "dense,moody,dense-hello"
    assert json.loads(result.stdout)["ok"] is True


def test_a_backend_may_give_the_doctor_a_hint(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TensorBackend, "hint", lambda _: "its library is missing")
    found = checks(invoke("doctor", "--json"))["backend dense"]
    assert found["status"] == "ok"
    assert found["detail"] == "ei-runner-dense 0.3.1; its library is missing"


def test_a_hint_that_fails_is_the_fault_of_its_plugin(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TensorBackend, "hint", lambda _: 1 / 0)
    found = checks(invoke("doctor", "--json"))["backend dense"]
    assert found["status"] == "broken"
    assert "'dense' gives no hint: ZeroDivisionError" in found["detail"]


def test_without_a_backend_the_doctor_says_what_to_install(
    invoke: Invoke, no_backend: None
) -> None:
    result = invoke("doctor")
    assert (result.exit_code, result.stderr) == (1, "")
    last = result.stdout.splitlines()[-1]
    assert last.startswith("Next: ")
    assert last.endswith("pip install 'ei-runner[full-tflite]'")


def test_a_broken_plugin_is_named(invoke: Invoke, broken: None) -> None:
    result = invoke("doctor")
    assert (result.exit_code, result.stderr) == (1, "")
    assert "plugin ei-broken broken its import failed" in words(result)
    assert "Next: repair what is broken: plugin ei-broken" in words(result)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("no_such_module:Backend", "ModuleNotFoundError"),
        ("fractions:Nothing", "AttributeError"),
        ("ei_runner_core.contract:TensorBackend", "cannot be made: TypeError"),
    ],
)
def test_a_backend_that_cannot_be_loaded_is_broken(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, message: str
) -> None:
    from fake_distributions import backend_code

    add_distribution(tmp_path / "more", "hollow", backend_code("hollow", [".x"], target))
    monkeypatch.syspath_prepend(tmp_path / "more")
    monkeypatch.setenv("EI_RUNNER_PLUGINS", "dense,hollow")
    plugins.refresh()
    result = invoke("doctor", "--json")
    assert result.exit_code == 1
    found = checks(result)
    assert found["backend hollow"]["status"] == "broken"
    assert message in found["backend hollow"]["detail"]
    assert found["backend dense"]["status"] == "ok"
    sys.modules.pop("hollow", None)


def test_a_blocked_plugin_is_not_broken(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EI_RUNNER_DISABLE", "moody")
    result = invoke("doctor", "--json")
    assert result.exit_code == 0
    assert checks(result)["plugin moody"]["status"] == "disabled"


def test_a_backend_of_another_version_than_the_core_is_broken(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "from ei_runner_core import hookimpl\n@hookimpl\ndef ei_runner_backends(): return []"
    add_distribution(tmp_path / "old", "ei-runner-tvm", code, entry="tvm", version="0.0.1")
    monkeypatch.syspath_prepend(tmp_path / "old")
    plugins.refresh()
    result = invoke("doctor", "--json")
    assert result.exit_code == 1
    found = checks(result)["ei-runner-tvm"]
    assert found["status"] == "broken"
    assert f"0.0.1 does not go with ei-runner {__version__}" in found["detail"]
    assert "pip install -U 'ei-runner[tvm]'" in found["detail"]


def test_a_secret_is_never_shown(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks(invoke("doctor", "--json"))["EI_API_KEY"]["detail"] == "not set"
    monkeypatch.setenv("EI_API_KEY", "ei_0123456789")
    for arguments in (["doctor", "--json"], ["doctor"]):
        result = invoke(*arguments)
        assert "0123456789" not in result.output
    assert checks(invoke("doctor", "--json"))["EI_API_KEY"]["detail"] == "set"


def test_the_model_that_is_used_when_none_is_named_is_checked(
    invoke: Invoke, motion: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert checks(invoke("doctor", "--json"))["model"]["status"] == ""
    monkeypatch.setenv("EI_MODEL", str(motion))
    result = invoke("doctor", "--json")
    assert checks(result)["model"] == {
        "what": "model",
        "status": "ok",
        "detail": f"{motion} (bundle)",
    }
    assert json.loads(result.stdout)["next"].startswith("ei-runner info")
    monkeypatch.setenv("EI_MODEL", "nowhere")
    result = invoke("doctor", "--json")
    assert result.exit_code == 1
    assert checks(result)["model"]["status"] == "broken"


def test_a_variable_that_names_no_backend_is_broken(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EI_BACKEND", "nope")
    result = invoke("doctor")
    assert result.exit_code == 1
    assert "EI_BACKEND broken there is no backend 'nope'" in words(result)


@pytest.mark.parametrize("columns", ["40", "80", "120"])
@pytest.mark.parametrize("arguments", [["backends"], ["doctor"], ["info", "motion"]])
def test_no_line_is_wider_than_the_terminal_and_nothing_is_cut(
    invoke: Invoke,
    motion: Path,
    monkeypatch: pytest.MonkeyPatch,
    columns: str,
    arguments: list[str],
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    lines = invoke(*arguments).stdout.splitlines()
    assert all(len(line) <= int(columns) for line in lines if not line.startswith("Next: "))
    assert "…" not in "".join(lines)


@pytest.mark.parametrize("command", ["backends", "doctor", "info", "demo"])
def test_no_line_in_a_pipe_ends_with_blanks(
    execute: Any, full_tflite: None, motion: Path, command: str
) -> None:
    answer = execute(
        command, EI_RUNNER_PLUGINS="dense,full-tflite", EI_MODEL=str(motion), COLUMNS="90"
    )
    assert answer.returncode == 0, answer.stderr
    lines = answer.stdout.decode().splitlines()
    assert lines
    assert [line for line in lines if line != line.rstrip()] == []


def test_a_model_that_does_not_open_is_seen_by_the_doctor(
    invoke: Invoke, motion: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EI_MODEL", str(motion))
    rows = checks(invoke("doctor", "--json"))
    assert rows["model"]["status"] == "ok"
    (motion / "network.dense").write_text("no network")
    rows = checks(invoke("doctor", "--json"))
    assert rows["model"]["status"] == "broken"
    assert "network.dense" in rows["model"]["detail"]


def test_options_reach_the_backend_of_info_too(invoke: Invoke, motion: Path) -> None:
    result = invoke("info", motion, "-o", "threads=2")
    assert result.exit_code == 2
    assert "dense has no options, got ['threads']" in result.stderr
