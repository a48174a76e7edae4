"""Where models come from, and what happens to damaged and hostile ones."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from dense_models import impulse_document, write_bundle
from fake_distributions import hide_backends

from ei_runner_core import (
    BackendNotFoundError,
    EdgeImpulseModel,
    InvalidInputError,
    ModelFormatError,
    ModelNotFoundError,
)

pytestmark = pytest.mark.usefixtures("dense")


def write_zip(path: Path, members: dict[str, bytes | str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def members(bundle):
    return {path.name: path.read_bytes() for path in bundle.iterdir()}


def opened_path(source=None):
    with EdgeImpulseModel(source) as model:
        return model.path


def test_an_explicit_path_wins_over_the_variable_and_the_folder(bundle, tmp_path, monkeypatch):
    monkeypatch.setenv("EI_MODEL", str(write_bundle(tmp_path / "other")))
    write_bundle(tmp_path / "model")
    assert opened_path(bundle) == bundle
    assert opened_path(str(bundle)) == bundle


def test_the_variable_wins_over_the_folder(bundle, tmp_path, monkeypatch):
    write_bundle(tmp_path / "model")
    monkeypatch.setenv("EI_MODEL", str(bundle))
    assert opened_path() == bundle


def test_changing_the_variable_changes_the_model(bundle, tmp_path, monkeypatch):
    other = write_bundle(tmp_path / "other")
    monkeypatch.setenv("EI_MODEL", str(bundle))
    assert opened_path() == bundle
    monkeypatch.setenv("EI_MODEL", str(other))
    assert opened_path() == other


def test_the_folder_model_is_the_last_resort(tmp_path):
    write_bundle(tmp_path / "model")
    assert opened_path() == Path("model")


def test_one_model_inside_the_folder_model_is_found_beside_its_readme(bundle, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "README.md").write_text("put a model here")
    shutil.copytree(bundle, tmp_path / "model" / "gestures")
    assert opened_path() == Path("model/gestures")
    assert opened_path("model") == Path("model/gestures")


def test_two_models_inside_the_folder_model_are_one_too_many(bundle, tmp_path):
    shutil.copytree(bundle, tmp_path / "model" / "a")
    shutil.copytree(bundle, tmp_path / "model" / "b")
    with pytest.raises(
        ModelNotFoundError, match=r"folder model \(from ./model\) holds 2 models \(a, b\)"
    ):
        EdgeImpulseModel()


def test_no_model_at_all_says_how_to_give_one():
    with pytest.raises(ModelNotFoundError, match=r"EI_MODEL.*\./model.*ei-runner demo"):
        EdgeImpulseModel()


def test_a_path_to_nowhere_is_named(monkeypatch):
    with pytest.raises(ModelNotFoundError, match="there is no model at nowhere.zip"):
        EdgeImpulseModel("nowhere.zip")
    monkeypatch.setenv("EI_MODEL", "nowhere")
    with pytest.raises(ModelNotFoundError, match=r"at nowhere \(from EI_MODEL\)"):
        EdgeImpulseModel()


def test_a_nul_byte_in_a_path_is_no_crash():
    with pytest.raises(ModelNotFoundError, match="cannot read"):
        EdgeImpulseModel("a\0b")


def test_a_zip_is_as_good_as_a_folder(members, tmp_path):
    path = write_zip(tmp_path / "bundle.zip", members)
    with EdgeImpulseModel(path) as model:
        assert model.infer([0] * 6).ready
        assert model.path == path


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "is an empty file"), (b"\x00" * 64, "cannot tell what")],
)
def test_a_file_that_is_no_model(tmp_path, content, message):
    (tmp_path / "thing").write_bytes(content)
    with pytest.raises(ModelFormatError, match=message):
        EdgeImpulseModel(tmp_path / "thing")


def test_a_folder_that_is_no_model(tmp_path):
    (tmp_path / "photos").mkdir()
    with pytest.raises(ModelFormatError, match="holds neither impulse.json nor"):
        EdgeImpulseModel(tmp_path / "photos")


@pytest.mark.parametrize("name", ["model.eim", "model"])
def test_an_executable_needs_the_eim_backend(tmp_path, name, monkeypatch):
    hide_backends(monkeypatch)
    (tmp_path / name).write_bytes(b"\x7fELF" + bytes(60))
    with pytest.raises(BackendNotFoundError, match=r"pip install 'ei-runner\[eim\]'"):
        EdgeImpulseModel(tmp_path / name)


def test_the_socket_of_a_running_eim_is_a_model(tmp_path, monkeypatch):
    hide_backends(monkeypatch)
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("running")
        with pytest.raises(BackendNotFoundError, match=r"pip install 'ei-runner\[eim\]'"):
            EdgeImpulseModel("running")


@pytest.mark.parametrize("root", ["", "src"])
def test_an_export_that_says_nothing_is_refused(tmp_path, root):
    header = tmp_path / "export" / root / "model-parameters" / "model_metadata.h"
    header.parent.mkdir(parents=True)
    header.write_text("#define EI_CLASSIFIER_PROJECT_ID 1")
    with pytest.raises(ModelFormatError, match="says nothing about an impulse"):
        EdgeImpulseModel(tmp_path / "export")


def test_a_network_of_an_uninstalled_backend_says_what_to_install(tmp_path, monkeypatch):
    hide_backends(monkeypatch)
    (tmp_path / "net.onnx").write_bytes(b"\x08\x07 onnx")
    with pytest.raises(BackendNotFoundError, match=r"dense: it opens .dense, not .onnx.*\[onnx\]"):
        EdgeImpulseModel(tmp_path / "net.onnx")


def test_a_missing_network_file_is_named_with_its_field(bundle):
    (bundle / "network.dense").unlink()
    message = r"\$\.learn\[0\]\.files\[0\]: there is no file 'network.dense'"
    with pytest.raises(ModelNotFoundError, match=message):
        EdgeImpulseModel(bundle)


def test_a_missing_network_in_a_zip_is_named_too(members, tmp_path):
    del members["network.dense"]
    with pytest.raises(ModelNotFoundError, match="there is no file 'network.dense'"):
        EdgeImpulseModel(write_zip(tmp_path / "bundle.zip", members))


@pytest.mark.parametrize("name", ["../network.dense", "/etc/passwd", "a/../../b", "", "a\\b"])
def test_a_network_path_must_stay_in_the_bundle(bundle, name):
    document = impulse_document()
    document["learn"][0]["files"] = [name]
    (bundle / "impulse.json").write_text(json.dumps(document))
    with pytest.raises(ModelFormatError, match="is not a path inside the bundle"):
        EdgeImpulseModel(bundle)


def test_a_link_out_of_a_bundle_is_not_followed(bundle, tmp_path):
    (bundle / "network.dense").rename(tmp_path / "outside.dense")
    (bundle / "network.dense").symlink_to(tmp_path / "outside.dense")
    with pytest.raises(ModelFormatError, match="a link that leads out of the bundle"):
        EdgeImpulseModel(bundle)


def test_a_loop_of_links_is_one_clear_error(bundle):
    (bundle / "network.dense").unlink()
    (bundle / "network.dense").symlink_to("network.dense")
    with pytest.raises((ModelFormatError, ModelNotFoundError), match="network.dense"):
        EdgeImpulseModel(bundle)


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "a\\..\\evil"])
def test_a_zip_member_that_leads_out_is_refused(members, tmp_path, name):
    path = write_zip(tmp_path / "bundle.zip", members | {name: "x"})
    with pytest.raises(ModelFormatError, match="leads out of the archive"):
        EdgeImpulseModel(path)


def test_a_link_in_a_zip_is_refused(members, tmp_path):
    path = write_zip(tmp_path / "bundle.zip", members)
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(ModelFormatError, match="is a symbolic link"):
        EdgeImpulseModel(path)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(members, tmp_path):
    path = write_zip(tmp_path / "bundle.zip", members | {"bomb": bytes(64 * 1024 * 1024)})
    assert path.stat().st_size < 200_000
    with pytest.raises(ModelFormatError, match="refused as a zip bomb"):
        EdgeImpulseModel(path)


def test_a_zip_that_lies_about_its_sizes_is_refused(members, tmp_path):
    path = write_zip(tmp_path / "bundle.zip", members)
    data = bytearray(path.read_bytes())
    directory = data.index(b"PK\x01\x02")
    size_at = directory + 24
    (size,) = struct.unpack_from("<I", data, size_at)
    struct.pack_into("<I", data, size_at, size - 5)
    path.write_bytes(data)
    with pytest.raises(ModelFormatError, match="bundle.zip"):
        EdgeImpulseModel(path)


def test_a_member_that_is_there_twice_is_refused(members, tmp_path):
    path = write_zip(tmp_path / "bundle.zip", members)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("impulse.json", "{}")
    with pytest.raises(ModelFormatError, match="'impulse.json' is there twice"):
        EdgeImpulseModel(path)


@pytest.mark.parametrize("keep", [10, 200, -30])
def test_a_truncated_zip_is_one_clear_error(members, tmp_path, keep):
    path = write_zip(tmp_path / "bundle.zip", members)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ModelFormatError, match="is not a readable zip"):
        EdgeImpulseModel(path)


def test_a_zip_without_a_bundle_is_one_clear_error(tmp_path):
    with pytest.raises(ModelFormatError, match="holds no impulse.json at its top"):
        EdgeImpulseModel(write_zip(tmp_path / "holiday.zip", {"photo.jpg": "x"}))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_read_permission_is_one_clear_error(bundle):
    (bundle / "impulse.json").chmod(0)
    with pytest.raises(ModelNotFoundError, match="cannot read"):
        EdgeImpulseModel(bundle)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the platform has no pipes with names")
@pytest.mark.parametrize("name", ["pipe", "pipe.tflite", "pipe.zip", "pipe.eim"])
def test_a_pipe_is_refused_rather_than_waited_for(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(ModelFormatError, match="is not a regular file"):
        EdgeImpulseModel(tmp_path / name)


def test_a_link_to_a_device_is_refused(tmp_path):
    (tmp_path / "endless.tflite").symlink_to("/dev/zero")
    with pytest.raises(ModelFormatError, match="is not a regular file"):
        EdgeImpulseModel(tmp_path / "endless.tflite")


@pytest.mark.parametrize("path", ["~no-such-user-here/model", "x" * 5000, "a/" * 3000])
def test_paths_that_the_system_refuses_are_one_clear_error(path):
    with pytest.raises(ModelNotFoundError, match="the model"):
        EdgeImpulseModel(path)


@pytest.mark.parametrize("source", [5, b"model", ["model"], object()])
def test_what_is_no_path_is_one_clear_error(source):
    with pytest.raises(InvalidInputError, match="a model is named by a path, got"):
        EdgeImpulseModel(source)


def test_the_document_of_a_bundle_stands_for_its_folder(bundle):
    assert opened_path(bundle / "impulse.json") == bundle


def test_a_file_name_that_is_too_long_is_one_clear_error(bundle):
    document = impulse_document()
    document["learn"][0]["files"] = ["n" * 3000]
    (bundle / "impulse.json").write_text(json.dumps(document))
    with pytest.raises(ModelFormatError, match=r"files\[0\]: cannot follow"):
        EdgeImpulseModel(bundle)
