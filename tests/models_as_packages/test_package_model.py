"""`package_model` makes a wheel of a model, and pip installs it."""

from __future__ import annotations

import base64
import csv
import email
import hashlib
import io
import json
import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from dense_models import expected_scores, impulse_document, write_bundle
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_core import (
    BuildError,
    EdgeImpulseModel,
    InvalidInputError,
    ModelFormatError,
    ModelNotFoundError,
    UnsupportedModelError,
    __version__,
)
from ei_runner_core.impulse import read_bundle
from ei_runner_core.packaging import package_model
from ei_runner_core.packaging.identity import identify

WINDOW = [0.5, -1.0, 2.0, 0.25, 1.0, -0.5]
OPEN = """if True:
    from ei_runner_core import EdgeImpulseModel
    with EdgeImpulseModel({name!r}) as model:
        print(model.path)
        print(*model.infer({window!r}).classification.values())
"""


def members(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def metadata(wheel: Path) -> email.message.Message:
    (content,) = (text for name, text in members(wheel).items() if name.endswith("/METADATA"))
    return email.message_from_string(content.decode())


def zipped(bundle: Path) -> Path:
    return Path(shutil.make_archive(str(bundle), "zip", bundle))


def test_the_wheel_that_pip_installs_opens_by_its_name(bundle, site, pip_install, fresh):
    wheel = package_model(bundle, "Left.Hand", version="2.1")
    assert wheel == Path("left_hand-2.1-py3-none-any.whl")
    pip_install(wheel)
    shutil.rmtree(bundle)
    path, scores = fresh(OPEN.format(name="left-hand", window=WINDOW)).splitlines()
    assert Path(path) == site / "ei_runner_model_left_hand"
    np.testing.assert_allclose(list(map(float, scores.split())), expected_scores(WINDOW), 1e-6)


def test_only_what_the_model_needs_goes_in(bundle):
    for junk in (".env", "notes.txt", "other.tflite", "__pycache__/x.pyc", "train.py", "a/b/c.npz"):
        (bundle / junk).parent.mkdir(parents=True, exist_ok=True)
        (bundle / junk).write_text("secret")
    assert set(members(package_model(bundle, "left-hand"))) == {
        "ei_runner_model_left_hand/__init__.py",
        "ei_runner_model_left_hand/impulse.json",
        "ei_runner_model_left_hand/network.dense",
        "left_hand-1.0.dist-info/METADATA",
        "left_hand-1.0.dist-info/RECORD",
        "left_hand-1.0.dist-info/WHEEL",
        "left_hand-1.0.dist-info/entry_points.txt",
    }


def test_the_record_of_the_wheel_is_right(bundle):
    files = members(package_model(bundle, "hand"))
    (record,) = (text for name, text in files.items() if name.endswith("/RECORD"))
    rows = {row[0]: row[1:] for row in csv.reader(io.StringIO(record.decode()))}
    assert rows.keys() == files.keys()
    for name, (digest, size) in rows.items():
        if digest:
            computed = base64.urlsafe_b64encode(hashlib.sha256(files[name]).digest())
            assert (digest, int(size)) == (
                f"sha256={computed.decode().rstrip('=')}",
                len(files[name]),
            )


def test_the_metadata_requires_the_matching_core_and_the_backend(bundle):
    major, minor = map(int, __version__.split(".")[:2])
    matching = f">={major}.{minor},<{major}.{minor + 1}"
    plain = metadata(package_model(bundle, "hand"))
    assert (plain["Name"], plain["Version"], plain["Summary"]) == (
        "hand",
        "1.0",
        "gestures, a model for ei-runner",
    )
    assert plain.get_all("Requires-Dist") == [f"ei-runner{matching}"]
    assert plain["License"] is plain["License-Expression"] is None
    wheel = package_model(bundle, "hand", version="1.1", backend="Full_TFLite")
    assert metadata(wheel).get_all("Requires-Dist") == [f"ei-runner[full-tflite]{matching}"]


def test_what_is_compiled_can_do_without_the_compiler(bundle):
    wheel = package_model(bundle, "hand", backend="tvm-runtime")

    (required,) = metadata(wheel).get_all("Requires-Dist")
    assert required.startswith("ei-runner[tvm-runtime]")


def test_the_impulse_of_the_package_is_that_of_the_model(bundle, site, pip_install):
    pip_install(package_model(bundle, "hand"))
    packed = read_bundle(site / "ei_runner_model_hand")
    assert packed.impulse == read_bundle(bundle).impulse


def test_a_zip_and_its_folder_give_the_same_wheel(bundle):
    from_folder = package_model(bundle, "hand", folder="a").read_bytes()
    assert package_model(zipped(bundle), "hand", folder="b").read_bytes() == from_folder


def test_the_same_model_gives_the_same_bytes(bundle, tmp_path, monkeypatch):
    first = package_model(bundle, "hand", folder="a").read_bytes()
    again = tmp_path / "elsewhere" / "renamed"
    shutil.copytree(bundle, again)
    for path in again.iterdir():
        os.utime(path, (1e9, 1e9))
        path.chmod(0o600)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    umask = os.umask(0o077)
    try:
        assert package_model(again, "hand", folder="b").read_bytes() == first
    finally:
        os.umask(umask)


def test_a_network_without_an_impulse_can_be_packaged(bundle, pip_install):
    pip_install(package_model(bundle / "network.dense", "bare"))
    with EdgeImpulseModel("bare") as model:
        assert model.parameters.model_type == "freeform"
        scores = model.infer_freeform(np.float32(WINDOW))["scores"]
    np.testing.assert_allclose(scores[0], expected_scores(WINDOW), rtol=1e-6)


@pytest.mark.parametrize("pack", [lambda bundle: bundle, zipped], ids=["folder", "zip"])
def test_several_networks_keep_their_names(bundle, pip_install, site, pack):
    files = ["fast/network.bin", "netz für alles.dense", "fast/deep/network.dense"]
    document = impulse_document()
    document["learn"][0]["files"] = files
    (bundle / "fast" / "deep").mkdir(parents=True)
    for name in files:
        shutil.copy(bundle / "network.dense", bundle / name)
    (bundle / "impulse.json").write_text(json.dumps(document))
    pip_install(package_model(pack(bundle), "several"))
    packed = site / "ei_runner_model_several"
    assert all((packed / name).is_file() for name in files)
    assert not (packed / "network.dense").exists()
    assert EdgeImpulseModel("several").path == packed


def test_a_large_network_goes_in_whole(bundle):
    content = os.urandom(1 << 20) * 40
    (bundle / "network.dense").write_bytes(content)
    wheel = members(package_model(bundle, "large"))
    assert wheel["ei_runner_model_large/network.dense"] == content


def test_a_file_that_no_package_can_hold_is_refused(bundle):
    with (bundle / "network.dense").open("r+b") as file:
        file.truncate(2_000_000_001)  # sparse: it takes no room
    with pytest.raises(UnsupportedModelError, match="has 2000000001 bytes, the file of a package"):
        package_model(bundle, "large")
    assert_nothing_written()


@pytest.mark.parametrize(
    "files",
    [["__init__.py"], ["a/b.PYC"], ["__pycache__/network.dense"], ["C:evil.dense"], ["a?.dense"],
     ["Impulse.json"], ["net.dense", "Net.dense"]],
)  # fmt: skip
def test_a_file_name_that_is_not_safe_everywhere_is_refused(bundle, tmp_path, files):
    document = impulse_document()
    document["learn"][0]["files"] = files
    with zipfile.ZipFile(tmp_path / "odd.zip", "w") as archive:
        archive.writestr("impulse.json", json.dumps(document))
        for name in files:
            archive.write(bundle / "network.dense", name)
    with pytest.raises(UnsupportedModelError, match="a package cannot hold a network"):
        package_model(tmp_path / "odd.zip", "code")
    assert_nothing_written()


def names_here() -> list[str]:
    return [path.name for path in Path().iterdir()]


def assert_nothing_written() -> None:
    assert names_here() == []


@pytest.mark.parametrize(
    "name",
    ["", " ", ".", "..", "../x", "a/b", "a\\b", "-a", "a-", "_", "a b", "a\n", "ä", "\u017f",
     "\u212a", "a\0b", "x" * 101, 5, None],
)  # fmt: skip
def test_a_name_that_no_package_can_have_is_refused_before_anything_is_written(bundle, name):
    with pytest.raises(InvalidInputError, match="a package cannot be called"):
        package_model(bundle, name, folder="new")
    assert_nothing_written()


@pytest.mark.parametrize("name", ["ei-runner", "EI_Runner", "ei.runner.onnx", "NumPy", "pytest"])
def test_the_name_of_a_package_of_programs_is_refused(bundle, name):
    with pytest.raises(InvalidInputError, match="is the name of a package of programs"):
        package_model(bundle, name)


@pytest.mark.parametrize("name", ["class", "none", "con", "2", "test", "impulse", "x" * 100])
def test_odd_names_are_no_problem(bundle, pip_install, name):
    pip_install(package_model(bundle, name))
    with EdgeImpulseModel(name) as model:
        assert model.path.name == f"ei_runner_model_{name}"


@pytest.mark.parametrize("version", ["", "one", "1.0-final!", "../1", "1/0", "1" * 101, None])
def test_what_is_no_version_is_refused_before_anything_is_written(bundle, version):
    with pytest.raises(InvalidInputError, match="is no version of a Python package"):
        package_model(bundle, "hand", version=version, folder="new")
    assert_nothing_written()


@pytest.mark.parametrize(
    ("version", "normal"), [("v1.0", "1.0"), ("1.0-RC1", "1.0rc1"), ("1!2.0+Cpu", "1!2.0+cpu")]
)
def test_a_version_is_written_in_its_normal_form(bundle, pip_install, version, normal):
    wheel = package_model(bundle, "hand", version=version)
    assert wheel.name == f"hand-{normal}-py3-none-any.whl"
    assert metadata(wheel)["Version"] == normal
    pip_install(wheel)


@given(st.text(), st.text(alphabet="0123456789.abrcpostdev+!-_/\\ \n"))
def test_any_text_is_refused_or_safe_in_a_path(name, version):
    try:
        identity = identify(name, version)
    except InvalidInputError:
        return
    assert identity.package.isidentifier()
    assert identity.package.isascii()
    assert not set(identity.wheel_name) & set('/\\:*?"<>| \n\0')


@pytest.mark.parametrize("backend", ["", "nope", "full tflite", "all]\nRequires-Dist: evil"])
def test_a_backend_that_ei_runner_has_not_is_refused(bundle, backend):
    with pytest.raises(InvalidInputError, match="there is no backend .* expected one of sdk-ffi"):
        package_model(bundle, "hand", backend=backend)
    assert_nothing_written()


@pytest.mark.parametrize(
    "title",
    ["", 'quo"ted \\ \'\'\' """', "two\nRequires-Dist: evil\n\nlines", "\x1b[31m\x7f", "für 🦊 \\u",
     "{name} %s $x", "x" * 5000],
)  # fmt: skip
def test_a_title_cannot_break_the_metadata(tmp_path, site, pip_install, title):
    document = impulse_document(name=title, project={"name": ""})
    wheel = package_model(write_bundle(tmp_path / "odd", document), "odd")
    told = metadata(wheel)
    assert len(told.get_all("Requires-Dist")) == 1
    assert told["Summary"].endswith("model for ei-runner")
    pip_install(wheel)
    assert read_bundle(site / "ei_runner_model_odd").impulse.name == title


def test_a_wheel_that_is_there_is_not_replaced_unless_forced(bundle):
    wheel = package_model(bundle, "hand")
    before = wheel.read_bytes()
    shutil.rmtree(bundle)
    write_bundle(bundle, seed=2)
    with pytest.raises(InvalidInputError, match=r"hand-1.0-py3-none-any.whl is there already"):
        package_model(bundle, "hand")
    assert wheel.read_bytes() == before
    package_model(bundle, "hand", force=True)
    assert wheel.read_bytes() != before
    assert names_here() == [wheel.name]


def test_the_folder_is_made_and_holds_nothing_but_the_wheel(bundle):
    wheel = package_model(bundle, "hand", folder=Path("a", "b"))
    assert list(Path("a").rglob("*")) == [Path("a/b"), wheel]
    assert wheel.stat().st_mode & 0o777 == 0o644 or os.name == "nt"


@pytest.mark.parametrize("folder", ["file", "file/below", "nul\0", "x" * 300])
def test_a_folder_that_cannot_be_written_to_is_one_clear_error(bundle, folder):
    Path("file").touch()
    with pytest.raises(InvalidInputError, match="cannot write the wheel into"):
        package_model(bundle, "hand", folder=folder)
    assert names_here() == ["file"]


def test_a_folder_in_the_place_of_the_wheel_is_one_clear_error(bundle):
    Path("hand-1.0-py3-none-any.whl").mkdir()
    with pytest.raises(InvalidInputError, match="cannot write the wheel into"):
        package_model(bundle, "hand", force=True)
    assert names_here() == ["hand-1.0-py3-none-any.whl"]


def test_a_damaged_bundle_is_refused_before_anything_is_written(bundle):
    (bundle / "network.dense").unlink()
    with pytest.raises(ModelNotFoundError, match="there is no file 'network.dense'"):
        package_model(bundle, "hand")
    (bundle / "impulse.json").write_text('{"version": 1}')
    with pytest.raises(ModelFormatError, match="impulse.json"):
        package_model(bundle, "hand")
    assert_nothing_written()


def test_a_link_out_of_the_bundle_is_not_followed(bundle, tmp_path):
    (bundle / "network.dense").rename(tmp_path / "secret")
    (bundle / "network.dense").symlink_to(tmp_path / "secret")
    with pytest.raises(ModelFormatError, match="leads out of the bundle"):
        package_model(bundle, "hand")


def eim(folder: Path) -> Path:
    path = folder / "model.eim"
    path.write_bytes(b"\x7fELF")
    return path


def export(folder: Path) -> Path:
    path = folder / "export" / "model-parameters" / "model_metadata.h"
    path.parent.mkdir(parents=True)
    path.touch()
    return folder / "export"


@pytest.mark.parametrize(
    ("make", "kind", "hint"),
    [(eim, "eim", ""), (export, "cpp-export", "; make a wheel of it with: ei-runner build --")],
)
def test_other_kinds_are_refused_with_what_can_be_packaged(site, tmp_path, make, kind, hint):
    message = f"of the kind '{kind}', which cannot be packaged; expected a bundle"
    with pytest.raises(UnsupportedModelError, match=message) as caught:
        package_model(make(tmp_path), "hand")
    assert caught.value.args[0].endswith(f"a network file{hint and f'{hint}wheel NAME'}")
    assert_nothing_written()


def test_a_builder_that_fails_is_one_clear_error(bundle, tmp_path, monkeypatch):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "flit_core.py").write_text("raise ImportError('out\\nof order')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "bad"))
    with pytest.raises(BuildError, match="the wheel could not be built: .*of order; flit_core"):
        package_model(bundle, "hand")
    assert_nothing_written()


def test_an_installed_model_can_be_packaged_again(bundle, pip_install):
    pip_install(package_model(bundle, "hand"))
    again = members(package_model("hand", "other"))
    assert "ei_runner_model_other/network.dense" in again
