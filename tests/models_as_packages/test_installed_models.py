"""A model that is installed as a package opens by its name."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from dense_models import write_bundle

from ei_runner_core import (
    EdgeImpulseModel,
    ModelFormatError,
    ModelNotFoundError,
    PluginError,
)
from ei_runner_core.cli._app import ei_runner
from ei_runner_core.installed_models import InstalledModel, installed_models
from ei_runner_core.locate import locate


def opened_path(source=None):
    with EdgeImpulseModel(source) as model:
        assert len(model.infer([0.0] * 6).classification) == 3
        return model.path


def test_the_name_opens_the_folder_of_the_package(add_model):
    folder = add_model("gestures")
    assert opened_path("gestures") == folder


@pytest.mark.parametrize("name", ["Left-Hand", "left_hand", "LEFT.HAND", "left--hand"])
def test_names_are_compared_as_those_of_plugins(add_model, name):
    folder = add_model("left_Hand")
    assert opened_path(name) == folder


def test_the_code_of_the_package_is_never_run(add_model):
    folder = add_model("deep", package="vendor_models.deep")
    assert opened_path("deep") == folder
    assert "vendor_models" not in sys.modules


def test_a_path_that_exists_wins_over_a_name(add_model):
    add_model("gestures")
    mine = write_bundle(Path("gestures"))
    assert opened_path("gestures") == mine


def test_even_a_link_that_leads_nowhere_wins_over_a_name(add_model):
    add_model("gestures")
    Path("gestures").symlink_to("gone")
    with pytest.raises(ModelNotFoundError, match="there is no model at gestures; expected"):
        EdgeImpulseModel("gestures")


@pytest.mark.parametrize(
    "path", ["./gestures", "a/gestures", "gestures/", Path("gestures"), "~/gestures", ".gestures"]
)
def test_what_is_a_path_is_never_looked_up(add_model, path):
    add_model("gestures")
    with pytest.raises(ModelNotFoundError, match="there is no model at") as caught:
        EdgeImpulseModel(path)
    assert "installed" not in str(caught.value)


def test_the_variable_takes_a_name_too(add_model, monkeypatch):
    folder = add_model("gestures")
    monkeypatch.setenv("EI_MODEL", "gestures")
    assert opened_path() == folder
    monkeypatch.setenv("EI_MODEL", "gesture")
    with pytest.raises(ModelNotFoundError, match=r"at gesture \(from EI_MODEL\), and no installed"):
        EdgeImpulseModel()


def test_the_command_line_takes_a_name_too(add_model):
    folder = add_model("gestures")
    arguments = ["run", "-m", "gestures", "--json", "--features", "0,0,0,0,0,0"]
    result = CliRunner().invoke(ei_runner, arguments)
    assert set(json.loads(result.stdout)["result"]["classification"]) == {"idle", "up", "down"}
    card = json.loads(CliRunner().invoke(ei_runner, ["info", "gestures", "--json"]).stdout)
    assert card["path"] == str(folder)


def test_an_unknown_name_lists_those_that_are_installed(add_model):
    add_model("gestures")
    add_model("faces")
    with pytest.raises(ModelNotFoundError, match=r"\(installed: faces, gestures\); expected a"):
        EdgeImpulseModel("gesture")


def test_an_unknown_name_says_so_where_no_model_is_installed(site):
    with pytest.raises(ModelNotFoundError, match=r"no installed model of that name \(installed: "):
        EdgeImpulseModel("gestures")


def test_two_distributions_with_one_name_are_a_clear_error(add_model):
    add_model("gestures", "one-model")
    add_model("Gestures", "two-model")
    other = add_model("faces")
    message = "offered by two-model 1.0 and by one-model 1.0; uninstall all but one"
    with pytest.raises(PluginError, match=message):
        EdgeImpulseModel("gestures")
    assert opened_path("faces") == other
    reasons = {model.distribution: model.reason for model in installed_models()}
    assert message in reasons["one-model"]
    assert message in reasons["two-model"]
    assert reasons["faces-model"] == ""


def no_package(folder: Path) -> None:
    shutil.rmtree(folder)


def no_model(folder: Path) -> None:
    (folder / "impulse.json").unlink()


def several_models(folder: Path) -> None:
    no_model(folder)
    (folder / "a.tflite").write_bytes(b"a")
    (folder / "b.tflite").write_bytes(b"b")


def only_a_module(folder: Path) -> None:
    no_package(folder)
    folder.with_suffix(".py").write_text("raise SystemExit(9)")


def damaged(folder: Path) -> None:
    (folder / "impulse.json").write_text("{")


def incomplete(folder: Path) -> None:
    (folder / "network.dense").unlink()


@pytest.mark.parametrize(
    ("damage", "error", "message"),
    [
        (no_package, ModelNotFoundError, "there is no package 'gestures_model' with a folder"),
        (only_a_module, ModelNotFoundError, "there is no package 'gestures_model' with a folder"),
        (no_model, ModelFormatError, "holds neither impulse.json nor"),
        (several_models, ModelNotFoundError, r"holds 2 models \(a.tflite, b.tflite\)"),
        (damaged, ModelFormatError, "impulse.json is not valid JSON"),
        (incomplete, ModelNotFoundError, "there is no file 'network.dense'"),
    ],
)
def test_a_broken_one_is_a_clear_error_and_disturbs_no_other(add_model, damage, error, message):
    other = add_model("faces")
    damage(add_model("gestures"))
    blame = f"^the installed model 'gestures' of gestures-model 1.0 is broken: .*{message}"
    with pytest.raises(error, match=rf"{blame}.*; reinstall it"):
        EdgeImpulseModel("gestures")
    assert opened_path("faces") == other
    broken, good = sorted(installed_models(), key=lambda model: not model.reason)
    assert (broken.name, good.reason) == ("gestures", "")


@pytest.mark.parametrize(
    "package", ["no_such_package", "gestures model", "..", "/etc", "os", "os.path", "sys", "a:b",
                "gestures_model..sub", "gestures_model./etc", "gestures_model.nothing"]
)  # fmt: skip
def test_an_entry_point_that_names_no_folder_is_a_clear_error(add_model, package):
    add_model("other", "gestures-model")
    add_model("gestures", "bad-model", package=package, holds=False)
    with pytest.raises(ModelNotFoundError, match="'gestures' of bad-model 1.0 is broken: there is"):
        EdgeImpulseModel("gestures")


def test_distributions_may_share_a_namespace(site, add_model):
    left = add_model("left", package="hands.left")
    right = add_model("right", package="hands.right")
    (site / "hands" / "__init__.py").unlink()
    assert (opened_path("left"), opened_path("right")) == (left, right)


def test_a_package_that_is_spread_over_folders_is_a_clear_error(
    add_model, site, tmp_path, monkeypatch
):
    folder = add_model("left", package="hands.left")
    (site / "hands" / "__init__.py").unlink()
    shutil.copytree(site / "hands", tmp_path / "more" / "hands")
    monkeypatch.syspath_prepend(tmp_path / "more")
    with pytest.raises(ModelNotFoundError, match=f"is in several folders: .*{folder.name}"):
        EdgeImpulseModel("left")


def test_a_package_inside_an_archive_is_a_clear_error(add_model, site, tmp_path, monkeypatch):
    add_model("gestures")
    archive = shutil.make_archive(str(tmp_path / "packed"), "zip", site)
    shutil.rmtree(site)
    monkeypatch.syspath_prepend(archive)
    with pytest.raises(ModelNotFoundError, match=r"is inside the archive .*packed\.zip; install"):
        EdgeImpulseModel("gestures")


def test_a_finder_that_fails_is_a_clear_error(add_model, monkeypatch):
    class BadFinder:
        def find_spec(self, name, path=None, target=None):
            if name == "gestures_model":
                raise LookupError("no such luck")

    add_model("gestures")
    monkeypatch.setattr(sys, "meta_path", [BadFinder(), *sys.meta_path])
    with pytest.raises(ModelNotFoundError, match="cannot be looked up: LookupError: no such luck"):
        EdgeImpulseModel("gestures")


def test_a_package_may_hold_one_network_file(add_model):
    folder = add_model("gestures")
    (folder / "impulse.json").unlink()
    (folder / "network.dense").rename(folder / "network.tflite")
    source = locate("gestures")
    assert (source.kind, source.path) == ("network", folder / "network.tflite")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_read_is_a_clear_error(add_model):
    folder = add_model("gestures")
    folder.chmod(0)
    try:
        with pytest.raises(ModelNotFoundError, match="'gestures' of gestures-model"):
            EdgeImpulseModel("gestures")
    finally:
        folder.chmod(0o755)


def test_models_are_data_that_the_filter_of_plugins_does_not_touch(add_model, monkeypatch):
    folder = add_model("gestures")
    monkeypatch.setenv("EI_RUNNER_DISABLE", "*")
    monkeypatch.setenv("EI_RUNNER_PLUGINS", "")
    assert locate("gestures").path == folder


def test_a_path_that_exists_costs_no_look_at_what_is_installed(fresh, bundle):
    code = f"""if True:
        import sys
        from ei_runner_core.locate import locate
        locate({str(bundle)!r})
        print("importlib.metadata" in sys.modules, "ei_runner_core._model_packages" in sys.modules)
    """
    assert fresh(code) == "False False"


def test_all_installed_models_are_listed(add_model):
    faces = add_model("faces")
    add_model("gone", package="no_such_package", holds=False)
    good, broken = installed_models()
    assert good == InstalledModel("faces", faces, "faces-model", "1.0")
    assert (broken.name, broken.path, broken.distribution) == ("gone", None, "gone-model")
    assert "there is no package 'no_such_package'" in broken.reason


def test_the_doctor_shows_installed_models(add_model):
    faces = add_model("faces")
    result = CliRunner().invoke(ei_runner, ["doctor", "--json"])
    checks = {check["what"]: check for check in json.loads(result.stdout)["checks"]}
    assert checks["installed model faces"] == {
        "what": "installed model faces",
        "status": "ok",
        "detail": f"from faces-model 1.0, {faces}",
    }
    (faces / "impulse.json").write_text("{")
    result = CliRunner().invoke(ei_runner, ["doctor", "--json"])
    checks = {check["what"]: check for check in json.loads(result.stdout)["checks"]}
    assert result.exit_code == 1
    assert checks["installed model faces"]["status"] == "broken"
    assert "faces-model 1.0: impulse.json is not valid" in checks["installed model faces"]["detail"]
