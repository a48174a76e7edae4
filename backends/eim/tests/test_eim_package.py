"""Packaged models: one file that serves itself, wherever Python with ei-runner is."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fake_distributions import hide_backends

from ei_runner_core import (
    BackendNotFoundError,
    EdgeImpulseModel,
    InvalidInputError,
    ModelFormatError,
    ModelNotFoundError,
    UnsupportedModelError,
    plugins,
)
from ei_runner_core.demos import demo
from ei_runner_core.impulse.bundle import read_bundle
from ei_runner_eim.serving.archive import package_model

NETWORKS = Path(__file__).parents[2] / "onnx" / "tests" / "models"
NOWHERE = "/nowhere/python"


@pytest.fixture
def digits(demo_path, tmp_path) -> Path:
    return package_model(demo_path("digits"), tmp_path / "digits.eim")


def run(*command: object, cwd: Path | None = None, **variables: str) -> tuple[int, str, str]:
    paths = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [str(part) for part in command],
        env={**os.environ, **paths, **variables},
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def info(*command: object, cwd: Path | None = None, **variables: str) -> str:
    """The name of the model that a packaged file describes."""
    code, out, errors = run(*command, "--print-info", cwd=cwd, **variables)
    assert code == 0, errors
    return json.loads(out.partition("\n")[2])["project"]["name"]


@pytest.mark.parametrize("target", ["", "stdin"])
def test_a_packaged_demo_answers_like_the_model_itself(demo_path, digits, start, target):
    window = np.arange(64, dtype=np.float32) * 0x010101
    with EdgeImpulseModel(demo_path("digits")) as model:
        expected = model.infer(window).classification
    server = start(digits, packaged=True, target=target)
    if target:
        server.wait_for("listening")
    server.ask(hello=1)
    assert server.ask(classify=window.tolist())["result"]["classification"] == expected
    server.disconnect()
    assert server.end()[0] == 0


def test_the_file_is_a_bundle_itself(demo_path, digits):
    packaged, original = read_bundle(digits), read_bundle(demo_path("digits"))
    assert packaged.impulse == original.impulse
    assert [n.read() for files in packaged.networks.values() for n in files] == [
        n.read() for files in original.networks.values() for n in files
    ]


def test_the_file_is_executable(digits):
    assert stat.S_IMODE(digits.stat().st_mode) & 0o111
    assert digits.read_bytes().startswith(b"#!/bin/sh\n")


def test_without_an_argument_it_tells_its_usage(digits):
    code, out, _ = run(digits)
    assert code == 1
    assert out.startswith("Requires one parameter (either: '--print-info', 'stdin'")


def test_it_works_wherever_and_however_it_is_started(digits, tmp_path):
    folder = tmp_path / "a folder; with 'odd' $names"
    folder.mkdir()
    moved = shutil.move(digits, folder / "my model.eim")
    moved.chmod(0o555)
    folder.chmod(0o555)
    (tmp_path / "link").symlink_to(moved)
    try:
        assert info(moved) == "digits demo"
        assert info("./my model.eim", cwd=folder) == "digits demo"
        assert info("/bin/sh", "my model.eim", cwd=folder) == "digits demo"
        if bash := shutil.which("bash"):  # which looks for scripts on the path
            assert info(bash, "link", PATH=f"{tmp_path}:/usr/bin:/bin") == "digits demo"
        assert info("/usr/bin/env", "link", PATH=f"{tmp_path}:/usr/bin:/bin") == "digits demo"
        assert info(tmp_path / "link", cwd=Path("/")) == "digits demo"
    finally:
        folder.chmod(0o755)


def test_a_copy_is_the_same_model(digits, tmp_path):
    copy = shutil.copy(digits, tmp_path / "copy.eim")
    digits.unlink()
    assert info(copy) == "digits demo"


def test_it_never_opens_itself_through_the_backend_eim(digits):
    assert info(digits, EI_BACKEND="eim") == "digits demo"
    assert info(digits, EI_BACKEND="EIM") == "digits demo"


def test_its_own_backend_wins(demo_path, tmp_path):
    bundle = demo_path("digits")
    with EdgeImpulseModel(bundle) as model:
        backend = model.backend_name
    options = {"num_threads": 1}
    path = package_model(bundle, tmp_path / "a.eim", backend=backend, options=options)
    assert info(path, EI_BACKEND="nonsense") == "digits demo"


def test_wrong_options_are_one_line(demo_path, tmp_path, monkeypatch):
    bundle = demo_path("digits")
    with monkeypatch.context() as patch:  # a machine that cannot try the model
        patch.setenv("EI_RUNNER_PLUGINS", "eim")
        path = package_model(bundle, tmp_path / "a.eim", options={"nonsense": 1})
    code, _, errors = run(path, tmp_path / "s.sock")
    assert code == 1
    assert "a.eim: error: " in errors
    assert "has no option 'nonsense'" in errors
    assert errors.count("error: ") == 1
    assert "Traceback" not in errors
    assert not (tmp_path / "s.sock").exists()


def test_the_first_python_that_has_ei_runner_is_taken(demo_path, tmp_path, monkeypatch):
    real = sys.executable
    wrapper = tmp_path / "bin" / "python"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\necho used >>"{tmp_path}/used"\nexec "{real}" "$@"\n')
    wrapper.chmod(0o755)
    without = tmp_path / "bin" / "python3"
    without.write_text("#!/bin/sh\nexit 1\n")
    without.chmod(0o755)
    monkeypatch.setattr(sys, "executable", NOWHERE)
    path = package_model(demo_path("digits"), tmp_path / "a.eim")

    assert info(path, EI_RUNNER_PYTHON=str(wrapper), PATH="") == "digits demo"
    assert (tmp_path / "used").exists()
    (tmp_path / "used").unlink()
    assert info(path, PATH=str(wrapper.parent)) == "digits demo"
    assert (tmp_path / "used").exists()


def test_without_any_python_it_says_what_to_install(demo_path, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", NOWHERE)
    path = package_model(demo_path("digits"), tmp_path / "a.eim")
    code, out, errors = run(path, "stdin", PATH=str(tmp_path))
    assert (code, out) == (127, "")
    assert "pip install 'ei-runner[eim]'" in errors
    assert errors.count("\n") == 1


def test_a_module_in_the_working_directory_is_not_taken(demo_path, tmp_path, monkeypatch):
    bare = tmp_path / "bin" / "python"
    bare.parent.mkdir()
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S -E "$@"\n')  # nothing is installed
    bare.chmod(0o755)
    monkeypatch.setattr(sys, "executable", NOWHERE)
    path = package_model(demo_path("digits"), tmp_path / "a.eim")
    trap = tmp_path / "trap" / "ei_runner_eim"
    trap.mkdir(parents=True)
    (trap / "__init__.py").touch()
    code, _, errors = run(path, "stdin", cwd=trap.parent, PATH=str(bare.parent))
    assert code == 127, errors


def test_the_same_model_gives_the_same_bytes(demo_path, digits, tmp_path):
    again = package_model(demo_path("digits"), tmp_path / "again.eim")
    assert again.read_bytes() == digits.read_bytes()


def test_a_zip_and_a_bare_network_are_packaged_too(demo_path, start, tmp_path):
    pytest.importorskip("ei_runner_onnx", reason="needs the backend onnx")
    zipped = shutil.make_archive(str(tmp_path / "digits"), "zip", demo_path("digits"))
    assert info(package_model(zipped, tmp_path / "zip.eim")) == "digits demo"
    bare = package_model(NETWORKS / "add.onnx", tmp_path / "bare.eim", backend="onnx")
    server = start(bare, packaged=True)
    server.ask(hello=1)
    assert server.ask(classify=[0, 1, 2, 3])["result"] == {"freeform": [[1, 2, 3, 4]]}


def test_what_cannot_be_served_is_not_packaged(tmp_path):
    pytest.importorskip("ei_runner_onnx", reason="needs the backend onnx")
    with pytest.raises(UnsupportedModelError, match="one float32 input of fixed shape"):
        package_model(NETWORKS / "scalars.onnx", tmp_path / "a.eim", backend="onnx")
    assert not list(tmp_path.iterdir())


def test_an_eim_is_refused(digits, tmp_path):
    with pytest.raises(InvalidInputError, match=r"digits\.eim is an \.eim already: copy it"):
        package_model(digits, tmp_path / "again.eim")


@pytest.mark.parametrize("name", ["model", "num_threads=2", "model.zip"])
def test_the_file_to_make_ends_in_eim(demo_path, tmp_path, name):
    with pytest.raises(InvalidInputError, match=r"expected a name that ends in \.eim"):
        package_model(demo_path("digits"), tmp_path / name)
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"backend": "nope"}, BackendNotFoundError, "there is no backend 'nope'"),
        ({"options": {"num_treads": 2}}, InvalidInputError, "has no option 'num_treads'"),
    ],
)
def test_what_would_fail_everywhere_is_refused_now(demo_path, tmp_path, settings, error, message):
    with pytest.raises(error, match=message):
        package_model(demo_path("digits"), tmp_path / "a.eim", **settings)
    assert not (tmp_path / "a.eim").exists()


@pytest.fixture
def without_backends(monkeypatch):
    hide_backends(monkeypatch)
    yield
    monkeypatch.undo()
    plugins.refresh()


def test_a_model_for_another_machine_is_packaged_with_a_warning(tmp_path, caplog, without_backends):
    package_model(demo("digits").model(), tmp_path / "a.eim", backend="tvm")
    assert "could not be tried here" in caplog.text


def test_a_packaged_model_that_is_cut_off_is_told(digits, tmp_path):
    cut = tmp_path / "cut.eim"
    cut.write_bytes(digits.read_bytes()[:-100])
    with pytest.raises(ModelFormatError, match="cut.eim is damaged: it is cut off"):
        EdgeImpulseModel(cut, backend="eim")


def test_an_option_is_no_socket(digits, tmp_path):
    ended = subprocess.run([digits, "--help"], capture_output=True, cwd=tmp_path, timeout=30)
    assert (ended.returncode, b"Requires one parameter" in ended.stdout) == (1, True)
    assert not any(tmp_path.glob("--*"))


def test_the_backend_of_eims_is_refused(demo_path, tmp_path):
    with pytest.raises(InvalidInputError, match="the backend 'eim' runs .eim files"):
        package_model(demo_path("digits"), tmp_path / "a.eim", backend="eim")


def test_a_model_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ModelNotFoundError):
        package_model(tmp_path / "nothing", tmp_path / "a.eim")


def test_an_existing_file_is_replaced_with_force_only(demo_path, tmp_path):
    path = tmp_path / "a.eim"
    path.write_text("mine")
    with pytest.raises(InvalidInputError, match="exists already.*--force"):
        package_model(demo_path("digits"), path)
    assert path.read_text() == "mine"
    package_model(demo_path("digits"), path, force=True)
    assert info(path) == "digits demo"
    assert [one.name for one in tmp_path.iterdir()] == ["a.eim"]


def test_neither_a_folder_nor_the_model_is_replaced(demo_path, tmp_path):
    zipped = shutil.make_archive(str(tmp_path / "digits"), "zip", demo_path("digits"))
    for place in (tmp_path, Path(zipped)):
        with pytest.raises(InvalidInputError, match="a folder or the model itself"):
            package_model(zipped, place, force=True)


def test_a_place_that_cannot_be_written_is_one_clear_error(demo_path, tmp_path):
    with pytest.raises(InvalidInputError, match="cannot write .*No such file or directory"):
        package_model(demo_path("digits"), tmp_path / "no" / "a.eim")
