"""Which model comes from Studio, and in what form."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from studio_downloads import BUILD, RUNNER, count, files_in, program
from studio_exports import LIBRARY, PROGRAM

from ei_runner_core import (
    BackendNotFoundError,
    InvalidInputError,
    ModelNotFoundError,
    StudioError,
)
from ei_runner_core.locate import locate
from ei_runner_core.studio import ModelCache, Progress, download, requested
from ei_runner_core.testing.studio import (
    LocalBuild,
    LocalImpulse,
    LocalProject,
    LocalStudio,
    LocalTarget,
)

# What there is to get


@pytest.mark.parametrize("form", ["library", "eim", "bundle"])
def test_each_form_is_built_downloaded_and_kept(project: LocalProject, form: str) -> None:
    if form == "bundle":
        pytest.importorskip("tree_sitter_cpp")
    target = RUNNER if form == "eim" else "zip"
    project.builds[target] = LocalBuild(PROGRAM if form == "eim" else LIBRARY, log=["one", "two"])
    steps: list[Progress] = []
    model = download(form=form, target=target, on_progress=steps.append)
    assert (model.version, model.target, model.engine) == (1, target, "tflite")
    assert (model.form, model.was_cached, model.impulse_id) == (form, False, 1)
    kinds = {"library": "cpp-export", "eim": "eim", "bundle": "bundle"}
    assert locate(model.path).kind == kinds[form]
    assert os.access(model.path, os.X_OK) == (form != "library" or model.path.is_dir())
    assert [s.message for s in steps if s.stage == "log"] == ["one", "two"]
    assert steps[-2].done == steps[-2].total
    again = download(form=form, target=target)
    assert (again.path, again.was_cached) == (model.path, True)


def test_what_was_downloaded_is_a_path(project: LocalProject) -> None:
    model = program()
    (kept,) = ModelCache.find().models()
    assert os.fspath(model) == os.fspath(kept) == str(model.path)
    assert locate(model).path == locate(kept).path == model.path


def test_only_a_program_can_be_executed(project: LocalProject) -> None:
    assert program().path.stat().st_mode & 0o111
    library = download(form="library").path
    assert not any(p.stat().st_mode & 0o111 for p in library.rglob("*") if p.is_file())


def test_a_model_without_a_source_is_the_one_of_the_project(
    project: LocalProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tree_sitter_cpp")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(requested, "wanted_forms", lambda *_: ("bundle",))
    source = locate()
    assert source.kind == "bundle"
    assert source.path == download(form="bundle").path
    monkeypatch.setenv("EI_MODEL", str(tmp_path / "other"))
    with pytest.raises(ModelNotFoundError, match="EI_MODEL"):
        locate()


def test_the_folder_model_is_looked_at_where_no_project_is_named(
    project: LocalProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    download(form="library", folder=tmp_path / "model")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EI_API_KEY")
    assert locate().kind == "cpp-export"


def test_a_key_alone_says_which_project(
    project: LocalProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EI_PROJECT_ID")
    assert program().project_id == project.id


def test_an_existing_build_is_used(studio: LocalStudio, project: LocalProject) -> None:
    project.add_deployment("zip", LIBRARY, model_type="int8", version=7)
    model = download(form="library")
    assert (model.version, model.variant, count(studio, BUILD)) == (7, "int8", 0)


def test_refresh_builds_anew(studio: LocalStudio, project: LocalProject) -> None:
    first, second = program(), program(refresh=True)
    assert (first.version, second.version) == (1, 2)
    assert program().version == 2
    assert first.path.exists()


def test_a_new_build_in_studio_is_a_new_model(project: LocalProject) -> None:
    program()
    project.add_deployment(RUNNER, PROGRAM + b"new", model_type="float32")
    model = program()
    assert (model.version, model.was_cached) == (2, False)
    assert model.path.read_bytes() == PROGRAM + b"new"


def test_what_changed_since_a_build_is_said(
    project: LocalProject, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    program()
    assert not [r for r in caplog.records if r.levelname == "WARNING"]
    from ei_runner_core.studio.records import Deployment

    changed = Deployment(1, RUNNER, "tflite", 1, impulse_has_changed_since_deployment=True)
    monkeypatch.setattr("ei_runner_core.studio.api.Studio.deployment", lambda *_: changed)
    assert program().was_cached
    assert "has changed since version 1 was built" in caplog.text


# Which one


def test_an_impulse_is_named_by_id_or_name(project: LocalProject) -> None:
    project.impulses.append(LocalImpulse(id=5, name="second"))
    assert [program(impulse=i).impulse_id for i in (None, 5, "5", "second")] == [1, 5, 5, 5]


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"impulse": 9}, "no impulse 9; it has 1 ('Impulse #1')"),
        ({"version": 99}, "No deployment with version 99"),
        ({"project": 777}, "777"),
        ({"target": "runner-toaster"}, "does not offer 'runner-toaster'"),
    ],
)
def test_what_studio_does_not_have_is_one_clear_error(
    project: LocalProject, choices: dict[str, object], message: str, cache: Path
) -> None:
    with pytest.raises(StudioError) as caught:
        download(**{"form": "auto", "target": RUNNER} | choices)  # type: ignore[arg-type]
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not files_in(cache)


def test_a_project_without_an_impulse_says_so(project: LocalProject) -> None:
    project.impulses.clear()
    with pytest.raises(StudioError, match="has no impulse; design one in Studio"):
        program()


def test_several_impulses_without_a_default_are_listed() -> None:
    from ei_runner_core.studio.choices import choose_impulse
    from ei_runner_core.studio.records import ProjectImpulse

    impulses = [ProjectImpulse(1, "a"), ProjectImpulse(2, "b"), ProjectImpulse(3, "b")]
    with pytest.raises(StudioError, match=r"no default one.*1 \('a'\), 2 \('b'\)"):
        choose_impulse(None, impulses, 7, lambda: None)
    with pytest.raises(StudioError, match="2 impulses named 'b'"):
        choose_impulse("b", impulses, 7, lambda: 1)
    assert choose_impulse(None, impulses, 7, lambda: 2) == (impulses[1], True)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"variant": "int4"}, "no variant 'int4' .* there is float32, int8"),
        ({"engine": "akida"}, "no engine 'akida'; it has tflite"),
        ({"form": "library"}, "gives no library"),
        ({"form": "nonsense"}, "expected auto, library, eim, bundle"),
        ({"version": 0}, "version is 0"),
        ({"version": "7"}, "version is a str"),
        ({"timeout": 0}, "timeout is 0"),
        ({"refresh": True, "version": 3}, "leave one out"),
    ],
)
def test_what_cannot_be_is_refused(
    project: LocalProject, choices: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        download(**{"form": "eim", "target": RUNNER} | choices)  # type: ignore[arg-type]


def test_engines_are_chosen_for_the_form(
    project: LocalProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.targets.append(LocalTarget(format="runner-x", name="x", engines=("tensorrt", "tflite")))
    project.builds["runner-x"] = PROGRAM
    assert download(target="runner-x").engine == "tensorrt"
    assert download(target="zip").engine == "tflite"
    assert download(target="zip", engine="tflite-eon").engine == "tflite-eon"
    monkeypatch.setenv("EI_ENGINE", "tflite-eon")
    assert download(target="zip").engine == "tflite-eon"
    monkeypatch.setenv("USE_FULL_TFLITE", "1")
    with pytest.raises(InvalidInputError, match="USE_FULL_TFLITE exclude each other"):
        download(target="zip")


def test_a_bundle_is_made_of_a_build_that_holds_the_network(
    project: LocalProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tree_sitter_cpp")
    monkeypatch.setenv("EI_ENGINE", "tflite-eon")
    assert download(form="bundle").engine == "tflite"
    with pytest.raises(InvalidInputError, match="holds? no network"):
        download(form="bundle", engine="tflite-eon")


def test_a_target_that_is_switched_off_says_why(project: LocalProject) -> None:
    project.targets[:] = [LocalTarget(format=RUNNER, name="x", disabled_because="too large")]
    with pytest.raises(StudioError, match="is switched off .too large."):
        program()


def test_nothing_that_runs_a_model_is_told(
    project: LocalProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EI_RUNNER_PLUGINS", "nothing-of-that-name")
    with pytest.raises(BackendNotFoundError, match=r"pip install 'ei-runner\[full-tflite\]'"):
        download()


# Keys


@pytest.mark.parametrize("key", ["ei_wrong00000000000000", "nonsense"])
def test_a_wrong_key_is_one_error_that_does_not_show_it(project: LocalProject, key: str) -> None:
    program()
    with pytest.raises((StudioError, InvalidInputError)) as caught:
        program(api_key=key)
    assert key not in repr(caught.value)


def test_no_key_says_what_to_do(project: LocalProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EI_API_KEY")
    with pytest.raises(InvalidInputError, match="EI_API_KEY"):
        program()


def test_the_key_is_in_no_file(project: LocalProject, tmp_path: Path) -> None:
    program()
    download(form="library")
    contents = [p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()]
    assert contents
    assert not any(project.api_key.encode() in content for content in contents)
