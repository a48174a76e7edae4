"""The form of a model follows what is installed to run it."""

from __future__ import annotations

from pathlib import Path

import pytest
from studio_downloads import RUNNER, program
from studio_exports import PROGRAM

from ei_runner_core import (
    BackendNotFoundError,
    BackendSpec,
    BackendUnavailableError,
    EdgeImpulseModel,
    InvalidInputError,
    StudioError,
)
from ei_runner_core.locate import locate
from ei_runner_core.plugins import PluginRow, Registry
from ei_runner_core.studio import download, requested
from ei_runner_core.studio.choices import choose_target, rank_variants
from ei_runner_core.studio.forms import wanted_forms
from ei_runner_core.studio.records import ModelVariant, Target, TargetVariant
from ei_runner_core.testing.studio import Fault, LocalProject, LocalStudio

CLASSES = """
from ei_runner_core import Support

class Can:
    def supports(self, source): return Support(ok=True)

class Cannot:
    def supports(self, source): return Support(ok=False, reason="no compiler")

class Broken:
    def supports(self, source): raise OSError("oops")
"""


@pytest.fixture
def backends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "studio_form_backends.py").write_text(CLASSES)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv("EI_BACKEND", raising=False)


def registry(*names: str, compiler: str = "Can") -> Registry:
    specs = {
        "sdk-ffi": BackendSpec(
            "sdk-ffi", "impulse", f"studio_form_backends:{compiler}", opens=("cpp-export",)
        ),
        "eim": BackendSpec("eim", "impulse", "studio_form_backends:Can", opens=("eim",)),
        "full-tflite": BackendSpec("full-tflite", "tensor", "x:Y", opens=(".tflite",)),
        "onnx": BackendSpec("onnx", "tensor", "x:Y", opens=(".onnx",)),
    }
    return Registry(PluginRow("backend", name, "ok", spec=specs[name]) for name in names)


def forms(plugins: Registry, backend: str | None = None, **environment: str) -> tuple[str, ...]:
    return wanted_forms("auto", None, backend, plugins=plugins, environment=environment)


def test_a_library_comes_before_a_program_before_a_bundle(backends: None) -> None:
    everything = ("full-tflite", "onnx", "eim", "sdk-ffi")
    assert forms(registry(*everything)) == ("library", "eim", "bundle")
    assert forms(registry("full-tflite", "eim")) == ("eim", "bundle")
    assert forms(registry("full-tflite")) == ("bundle",)


@pytest.mark.parametrize("compiler", ["Cannot", "Broken"])
def test_a_library_is_no_use_without_a_compiler(backends: None, compiler: str) -> None:
    assert forms(registry("sdk-ffi", "full-tflite", compiler=compiler)) == ("bundle",)


def test_the_backend_that_is_asked_for_decides(backends: None) -> None:
    plugins = registry("sdk-ffi", "eim", "full-tflite")
    assert forms(plugins, "eim") == ("eim",)
    assert forms(plugins, "full-tflite", EI_BACKEND="eim") == ("bundle",)
    assert forms(plugins, EI_BACKEND="sdk-ffi") == ("library",)
    with pytest.raises(BackendNotFoundError, match="'tvm' is not installed"):
        forms(plugins, "tvm")


@pytest.mark.parametrize("names", [(), ("onnx",)])
def test_nothing_that_runs_what_studio_builds_is_told(
    backends: None, names: tuple[str, ...]
) -> None:
    with pytest.raises(BackendNotFoundError, match="full-tflite.*form=") as caught:
        forms(registry(*names))
    assert str(caught.value).startswith("no backend that is installed runs a model that Studio")
    with pytest.raises(BackendNotFoundError, match="^the backend onnx runs no model that Studio"):
        forms(registry("onnx"), "onnx")


def test_the_next_form_is_taken_where_a_target_is_missing() -> None:
    library = Target("zip", disabled_for_project=True, reason_target_disabled="too large")
    offered = [library, Target("runner-b"), Target("runner-a")]
    order = ("library", "eim")
    form, target = choose_target(None, order, offered, ["runner-x", "runner-a"])
    assert (form, target.format) == ("eim", "runner-a")
    with pytest.raises(StudioError, match="'zip' is switched off .too large.; .*'runner-x'"):
        choose_target(None, order, offered, ["runner-x"])
    with pytest.raises(StudioError, match="no .eim for this platform"):
        choose_target(None, ("eim",), offered, [])


def test_the_variant_that_the_project_is_measured_by_comes_first() -> None:
    float32, int8, akida = (ModelVariant(name) for name in ("float32", "int8", "akida"))
    target = Target("zip", model_variants=(TargetVariant("akida", supported=False),))
    measured = ModelVariant("float32", is_reference_variant=True)
    seen = ModelVariant("float32", is_selected=True)
    assert rank_variants(None, [float32, int8, akida], target) == ("int8", "float32")
    assert rank_variants(None, [int8, measured], target) == ("float32", "int8")
    assert rank_variants(None, [int8, seen], target) == ("float32", "int8")
    assert rank_variants("int8", [measured, int8], target) == ("int8",)
    assert rank_variants(None, [], target) == ()
    with pytest.raises(InvalidInputError, match="takes none of the variants"):
        rank_variants(None, [akida], target)


def test_a_model_opens_without_a_source(
    project: LocalProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tree_sitter_cpp")
    pytest.importorskip("ai_edge_litert")
    pytest.importorskip("ei_runner_full_tflite")
    monkeypatch.chdir(tmp_path)
    with EdgeImpulseModel(backend="full-tflite") as model:
        assert model.backend_name == "full-tflite"
        answer = model.infer([0.5, -1.0, 0.25, 2.0, 0.0, 1.5])
    assert set(answer.classification) == {"idle", "snake", "up", "wave"}


def test_the_impulse_may_be_chosen_without_a_source(
    project: LocalProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tree_sitter_cpp")
    pytest.importorskip("ai_edge_litert")
    pytest.importorskip("ei_runner_full_tflite")
    monkeypatch.chdir(tmp_path)
    with EdgeImpulseModel(backend="full-tflite", impulse=1) as model:
        assert model.backend_name == "full-tflite"
    with pytest.raises(StudioError, match="no impulse"):
        EdgeImpulseModel(backend="full-tflite", impulse="no such impulse")


def test_a_login_is_as_good_as_a_key(
    project: LocalProject, studio: LocalStudio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ei_runner_core._http import Hosts, Secret
    from ei_runner_core.credentials import Login, remember_login

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(requested, "wanted_forms", lambda *_: ("library",))
    remember_login(Hosts.find().studio, Login(Secret(project.api_key), project.id))
    monkeypatch.delenv("EI_API_KEY")
    assert download(form="library").project_id == project.id
    assert locate(None, "sdk-ffi").kind == "cpp-export"


def test_a_bundle_needs_what_reads_exports_before_anything_is_built(
    project: LocalProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "tree_sitter_cpp", None)
    with pytest.raises(BackendUnavailableError, match=r"pip install 'ei-runner\[tensor\]'"):
        download(form="bundle")
    assert not project.jobs


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="status", status=404, path="history"),
        Fault(kind="status", status=400, path="history"),
        Fault(kind="refuse_json", path="history"),
    ],
    ids=["404", "400", "success false"],
)
def test_an_older_studio_gives_the_newest_build(
    studio: LocalStudio, project: LocalProject, fault: Fault
) -> None:
    studio.faults.add(fault)
    studio.faults.add(Fault(kind="cut_body", size=70_000, path="deployment/download", times=1))
    assert program().path.read_bytes() == PROGRAM
    last = studio.requests[-1]
    assert last.query == {
        "type": RUNNER, "modelType": "float32", "engine": "tflite", "impulseId": "1",
    }  # fmt: skip
    assert last.headers["range"].startswith("bytes=")


def test_a_cache_behind_a_link_is_found(
    project: LocalProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    monkeypatch.setenv("EI_RUNNER_CACHE", str(tmp_path / "link"))
    assert [program().was_cached, program().was_cached] == [False, True]


def test_a_manifest_cannot_lead_out_of_the_cache(project: LocalProject, tmp_path: Path) -> None:
    path = program().path
    manifest = path.parent / "manifest.json"
    (tmp_path / "model.eim").write_bytes(PROGRAM)
    text = manifest.read_text().replace('"model.eim"', f'"{tmp_path}/model.eim"')
    manifest.write_text(text)
    again = program()
    assert (again.path, again.was_cached) == (path, False)
