"""An export becomes a bundle that holds the same, or nothing is written at all."""

from __future__ import annotations

import os
import sys
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
from ei_runner_core.locate import locate
from ei_runner_core.reading import read_source


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


def foreign_things(place, source):
    """Places that hold something which is dear to somebody, by what a refusal says."""
    folder = write_bundle(source, place / "with more")
    (folder / "thesis.txt").write_text("long work")
    yield r"holds more than a bundle \(thesis.txt\)", folder
    folder = write_bundle(source, place / "with a folder")
    (folder / "empty").mkdir()
    yield r"holds more than a bundle \(empty\)", folder
    folder = write_bundle(source, place / "of a program")
    (folder / "impulse.json").write_text('{"name": "rocket"}')
    yield "holds no bundle", folder
    folder = write_bundle(source, place / "incomplete")
    next(folder.glob("*.tflite")).unlink()
    yield "holds no bundle", folder
    for name in ("file", "file.zip"):
        (place / name).write_text("thesis")
        yield "is not a folder" if name == "file" else "holds no bundle", place / name
    with zipfile.ZipFile(place / "nested.zip", "w") as archive:
        archive.writestr("bundle/impulse.json", "{}")
    yield "holds no bundle", place / "nested.zip"
    zipped = write_bundle(source, place / "with more.zip")
    with zipfile.ZipFile(zipped, "a") as archive:
        archive.writestr("thesis.txt", "long work")
    yield r"holds more than a bundle \(thesis.txt\)", zipped
    yield "is no zip", write_bundle(source, place / "folder").rename(place / "folder.zip")
    yield "is not a folder", write_bundle(source, place / "a.zip").rename(place / "zip")
    for name in ("link", "link.zip"):
        target = write_bundle(source, place / name)
        target.rename(place / f"real {name}")
        target.symlink_to(place / f"real {name}")
        yield "is a symbolic link", target
    if hasattr(os, "mkfifo"):
        for name in ("pipe", "pipe.zip"):
            os.mkfifo(place / name)
            yield "is not a folder" if name == "pipe" else "is no zip", place / name


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_force_replaces_nothing_but_bundles(source, tmp_path):
    place = tmp_path / "place"
    place.mkdir()
    refusals = list(foreign_things(place, source))
    before = sorted((path, path.lstat().st_ino) for path in place.rglob("*"))
    for message, target in refusals:
        with pytest.raises(InvalidInputError, match=message) as caught:
            write_bundle(source, target, force=True)
        assert str(target) in str(caught.value)
        assert "\n" not in str(caught.value)
    assert sorted((path, path.lstat().st_ino) for path in place.rglob("*")) == before


def test_a_bundle_with_its_networks_in_a_folder_is_a_bundle(source, tmp_path):
    bundle = write_bundle(source, tmp_path / "bundle")
    (network,) = bundle.glob("*.tflite")
    (bundle / "networks").mkdir()
    network.rename(bundle / "networks" / network.name)
    document = bundle / "impulse.json"
    document.write_text(document.read_text().replace(network.name, f"networks/{network.name}"))
    assert read_bundle(write_bundle(source, bundle, force=True)).impulse == source.impulse
    assert not (bundle / "networks").exists()


@pytest.mark.parametrize("target", ["export", "export/bundle", "export/a.zip", ".", "x/../export"])
@pytest.mark.parametrize("force", [False, True])
def test_a_bundle_and_its_model_are_apart(target, force, source, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InvalidInputError, match="are in one another"):
        write_bundle(source, tmp_path / target, force=force)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_bundle_does_not_replace_the_bundle_that_it_is_made_of(source, tmp_path):
    for name in ("bundle", "bundle.zip"):
        bundle = read_bundle(write_bundle(source, tmp_path / name))
        with pytest.raises(InvalidInputError, match="are in one another"):
            write_bundle(bundle, tmp_path / name, force=True)


@pytest.mark.parametrize("suffix", ["", ".zip"])
def test_a_name_may_be_as_long_as_a_file_can_have(suffix, source, tmp_path):
    target = tmp_path / ("a" * (255 - len(suffix)) + suffix)
    assert read_bundle(write_bundle(source, target)).impulse == source.impulse
    assert write_bundle(source, target, force=True) == target


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
@pytest.mark.parametrize("suffix", ["", ".zip"])
@pytest.mark.parametrize(
    "name", ["a" * 300, "a\0b", "\ud800", "file/bundle", "loop/bundle", "not/there"]
)
def test_an_impossible_name_is_one_clear_error(name, suffix, source, tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(InvalidInputError) as caught:
        write_bundle(source, tmp_path / f"{name}{suffix}", force=True)
    assert str(tmp_path) in str(caught.value)
    assert ".tmp" not in str(caught.value)
    str(caught.value).encode()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["export", "file", "loop"]


@pytest.mark.parametrize("target", [None, 3, b"bundle", ["bundle"]])
def test_a_place_that_is_no_path_is_one_clear_error(target, source):
    with pytest.raises(InvalidInputError, match=f"named by a path, got {type(target).__name__}"):
        write_bundle(source, target)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may do all")
@pytest.mark.parametrize("mode", [0o000, 0o500])
def test_a_folder_without_permission_is_one_clear_error(mode, source, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=mode)
    with pytest.raises(InvalidInputError, match=r"cannot write .*bundle: Permission denied"):
        write_bundle(source, closed / "bundle", force=True)
    closed.chmod(0o700)
    assert not list(closed.iterdir())


def test_a_lone_file_becomes_a_bundle_only_if_a_backend_opens_it(tmp_path):
    (tmp_path / "README.md").write_text("# Hello")
    (tmp_path / "net.tflite").write_bytes(NETWORK)
    with pytest.raises(InvalidInputError, match=r"README.md is no network .*\.tflite, \.onnx"):
        write_bundle(locate(tmp_path / "README.md"), tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()
    assert read_bundle(write_bundle(locate(tmp_path / "net.tflite"), tmp_path / "bundle")).networks


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes exist there only")
def test_a_network_whose_name_is_no_text_gets_another_one(source, tmp_path):
    network = tmp_path / os.fsdecode(b"n\xfft.tflite")
    network.write_bytes(NETWORK)
    bundle = write_bundle(read_source(source, network=network), tmp_path / "bundle")
    assert sorted(path.name for path in bundle.iterdir()) == ["impulse.json", "nt.tflite"]


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
