"""Networks that are given in place of a model's own: what is none is one clear error."""

from __future__ import annotations

import os

import pytest

from ei_runner_core import EdgeImpulseModel, InvalidInputError, ModelNotFoundError
from ei_runner_core._network_formats import check_format
from ei_runner_core.locate import locate
from ei_runner_core.reading import read_source

pytestmark = pytest.mark.usefixtures("dense")


@pytest.fixture
def found(bundle):
    return locate(bundle)


@pytest.fixture
def block(found):
    return found.impulse.networks[0].id


def test_a_network_is_given_by_its_path_or_by_block(found, bundle, block, tmp_path):
    network = (bundle / "network.dense").rename(tmp_path / "Other.DENSE")
    for given in (network, str(network), {block: network}):
        (file,) = read_source(found, network=given).networks[block]
        assert (file.path, file.format) == (network, ".dense")
    assert read_source(found, network={}).networks == found.networks


@pytest.mark.parametrize("given", [b"x", 3, ["a"], 2.5, object()])
def test_what_is_no_path_is_one_clear_error(bundle, block, given):
    for network in (given, {block: given}):
        with pytest.raises(InvalidInputError, match=f"a path, got {type(given).__name__}"):
            EdgeImpulseModel(bundle, network=network)


def test_a_block_that_is_not_there_is_one_clear_error(found):
    with pytest.raises(InvalidInputError, match="names the learn block 55, but the networks"):
        read_source(found, network={55: 3})


@pytest.mark.parametrize("given", ["a" * 5000, "a\0b", "\ud800", "nowhere.dense", "", "f/x"])
def test_a_path_that_leads_nowhere_is_one_clear_error(found, given, tmp_path):
    (tmp_path / "f").touch()
    with pytest.raises((ModelNotFoundError, InvalidInputError)) as caught:
        read_source(found, network=given)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may do all")
def test_a_network_in_a_closed_folder_is_one_clear_error(found, tmp_path):
    (tmp_path / "closed").mkdir(mode=0)
    with pytest.raises(ModelNotFoundError, match=r"cannot read the network.*closed"):
        read_source(found, network=tmp_path / "closed" / "network.dense")
    (tmp_path / "closed").chmod(0o700)


def test_what_is_no_network_is_one_clear_error(found, tmp_path):
    (tmp_path / "passwd").write_text("root")
    (tmp_path / "notes.md").write_text("# Hello")
    (tmp_path / "empty.dense").touch()
    (tmp_path / "folder.dense").mkdir()
    messages = {
        "passwd": "passwd is no network that a backend opens, expected .*.tflite, .onnx, .tvm, .dense",
        "notes.md": "notes.md is no network",
        "empty.dense": "is an empty file",
        "folder.dense": "is not a regular file",
    }
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.dense")
        messages["pipe.dense"] = "is not a regular file"
    for name, message in messages.items():
        with pytest.raises(InvalidInputError, match=message):
            read_source(found, network=tmp_path / name)


def test_formats_are_known_before_their_backend_is_installed(found, tmp_path, block):
    (tmp_path / "net.onnx").write_bytes(b"network")
    (file,) = read_source(found, network=tmp_path / "net.onnx").networks[block]
    check_format(file)
