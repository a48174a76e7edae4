"""An export becomes a bundle that holds the same, or nothing is written at all."""

from __future__ import annotations

import os
import zipfile

import pytest
from cpp_exports import ERAS, render, write
from exported_impulses import CAMERA, KEYWORDS, MOTION, NETWORK
from msgspec.structs import replace

from ei_runner_core import InvalidInputError, ModelNotFoundError, UnsupportedModelError
from ei_runner_core.contract import ModelSource
from ei_runner_core.impulse import GmmBlock, read_bundle
from ei_runner_core.impulse.convert import write_bundle
from ei_runner_core.impulse.export import read_export


@pytest.fixture
def source(tmp_path):
    return read_export(write(render(ERAS["2026"], MOTION, {3: NETWORK}), tmp_path / "export"))


@pytest.mark.parametrize("name", ["bundle", "bundle.zip", "Bundle.ZIP", "two words"])
@pytest.mark.parametrize("impulse", [MOTION, KEYWORDS, CAMERA], ids=["motion", "words", "camera"])
def test_a_bundle_holds_what_the_export_holds(name, impulse, tmp_path):
    networks = {impulse.learn[0].id: NETWORK}
    export = read_export(write(render(ERAS["2025"], impulse, networks), tmp_path / "export"))
    target = write_bundle(export, tmp_path / name)

    assert target == tmp_path / name
    bundle = read_bundle(target)
    assert bundle.impulse == export.impulse
    assert {i: [n.read() for n in ns] for i, ns in bundle.networks.items()} == {
        i: [n.read() for n in ns] for i, ns in export.networks.items()
    }
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([name, "export"])


def test_the_same_export_gives_the_same_zip(source, tmp_path):
    first = write_bundle(source, tmp_path / "a.zip").read_bytes()
    assert write_bundle(source, tmp_path / "b.zip").read_bytes() == first


def test_networks_of_one_name_get_names_of_their_own(tmp_path):
    gmm = GmmBlock(id=9, files=("x",), inputs=(2,), axes=(0,))
    impulse = replace(MOTION, learn=(MOTION.learn[0], gmm), anomaly="gmm")
    files = render(ERAS["2026"], impulse, {3: NETWORK, 9: b"other"})
    source = read_export(write(files, tmp_path / "export"))
    networks = {i: (replace_name(n),) for i, (n,) in source.networks.items()}
    learn = tuple(replace(block, files=("same.tflite",)) for block in source.impulse.learn)
    source = ModelSource(source.path, "bundle", replace(source.impulse, learn=learn), networks)

    bundle = read_bundle(write_bundle(source, tmp_path / "bundle"))
    assert {i: n.read() for i, (n,) in bundle.networks.items()} == {3: NETWORK, 9: b"other"}


def replace_name(network):
    return type(network)("same.tflite", network.format, network.path, network.content)


def test_what_is_there_is_not_replaced_unless_it_is_allowed(source, tmp_path):
    for name in ("bundle", "bundle.zip"):
        target = write_bundle(source, tmp_path / name)
        with pytest.raises(InvalidInputError, match="exists already"):
            write_bundle(source, target)
        assert write_bundle(source, target, force=True) == target
        assert read_bundle(target).impulse == source.impulse
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bundle", "bundle.zip", "export"]


def test_a_folder_of_something_else_is_never_replaced(source, tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    assert write_bundle(source, str(precious), force=True) == precious
    (precious / "impulse.json").rename(precious / "thesis.txt")
    with pytest.raises(InvalidInputError, match="holds no bundle"):
        write_bundle(source, precious, force=True)
    assert (precious / "thesis.txt").is_file()


@pytest.mark.parametrize("target", ["", ".", "/"])
def test_a_bundle_has_a_name(target, source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidInputError, match="name"):
        write_bundle(source, target, force=True)


def test_a_place_that_cannot_be_written_is_one_clear_error(source, tmp_path):
    with pytest.raises(InvalidInputError, match=r"cannot write .*No such file"):
        write_bundle(source, tmp_path / "not" / "there")


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="no permissions as on POSIX")
def test_bundles_have_the_permissions_of_other_files(source, tmp_path):
    bundle = write_bundle(source, tmp_path / "bundle")
    plain = tmp_path / "plain"
    plain.mkdir()
    assert bundle.stat().st_mode == plain.stat().st_mode


def test_a_compiled_network_cannot_become_a_bundle(tmp_path):
    impulse = replace(MOTION, learn=(replace(MOTION.learn[0], files=()), MOTION.learn[1]))
    source = read_export(write(render(ERAS["2026"], impulse, {}), tmp_path / "export"))
    with pytest.raises(UnsupportedModelError, match="compiled with EON.*export the model"):
        write_bundle(source, tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


def test_a_network_that_is_missing_is_named(tmp_path):
    files = render(ERAS["2026"], MOTION, {3: NETWORK})
    del files["tflite-model/tflite_learn_43_3.tflite"]
    source = read_export(write(files, tmp_path / "export"))
    with pytest.raises(ModelNotFoundError, match="tflite_learn_43_3.tflite"):
        write_bundle(source, tmp_path / "bundle.zip")
    assert [p.name for p in tmp_path.iterdir()] == ["export"]


def test_a_disk_that_fails_leaves_nothing_behind(source, tmp_path, monkeypatch):
    def fail(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", fail)
    with pytest.raises(InvalidInputError, match="No space left"):
        write_bundle(source, tmp_path / "bundle.zip")
    assert [p.name for p in tmp_path.iterdir()] == ["export"]
