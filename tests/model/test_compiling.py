"""A backend that compiles ahead of time gives a model that it opens again."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest
from dense_models import expected_scores
from fake_distributions import add_distribution, backend_code, hide_backends

from ei_runner_core import (
    BackendNotFoundError,
    EdgeImpulseModel,
    InvalidInputError,
    UnsupportedModelError,
    plugins,
)
from ei_runner_core.cli import main
from ei_runner_core.compiling import compile_model

WINDOW = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
CODE = (
    backend_code("oven", (".baked", ".dense"), "oven:Oven", compiles_to=".baked")
    + """
from ei_runner_core import Network, Support
from ei_runner_dense import DenseBackend

class Oven(DenseBackend):
    def supports(self, network):
        return Support(network.format in (".dense", ".baked"), "it runs .dense and .baked files")

    def open(self, network, options):
        baked = network.read()
        assert network.format != ".baked" or baked.startswith(b"for ")
        raw = baked.partition(b":")[2] if network.format == ".baked" else baked
        return super().open(Network(network.name, ".dense", content=raw), options)

    def compile(self, network, options, target=""):
        head = f"for {target or 'here'} with {sorted(options)}:".encode()
        return Network("x.baked", ".baked", content=head + network.read())
"""
)


@pytest.fixture(autouse=True)
def oven(dense, monkeypatch):
    add_distribution(dense, "oven", CODE)
    monkeypatch.setenv("EI_RUNNER_PLUGINS", "oven,dense")
    plugins.refresh()


def scores(path):
    with EdgeImpulseModel(path, backend="oven") as model:
        return list(model.infer(WINDOW).classification.values())


def test_a_bundle_becomes_a_bundle_that_answers_the_same(bundle, tmp_path):
    made = compile_model(bundle, tmp_path / "baked", backend="oven")

    assert sorted(path.name for path in made.iterdir()) == ["impulse.json", "network.baked"]
    assert scores(made) == pytest.approx(expected_scores(np.array(WINDOW)), abs=1e-6)
    document = json.loads((made / "impulse.json").read_text())
    assert document["learn"][0]["files"] == ["network.baked"]


def test_a_bundle_becomes_a_zip_where_its_name_says_so(bundle, tmp_path):
    made = compile_model(bundle, tmp_path / "baked.zip", backend="oven", target="moon")

    with zipfile.ZipFile(made) as archive:
        assert archive.read("network.baked").startswith(b"for moon with []:")
    assert scores(made) == pytest.approx(expected_scores(np.array(WINDOW)), abs=1e-6)


def test_a_network_becomes_a_file(bundle, tmp_path):
    made = compile_model(
        bundle / "network.dense", tmp_path / "n.baked", backend="oven", options={"heat": 9}
    )

    assert made.read_bytes().startswith(b"for here with ['heat']:")
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".tmp"] == []


def test_without_an_output_the_name_tells_backend_and_target(bundle):
    assert str(compile_model(bundle, backend="oven")) == "bundle-oven"
    assert str(compile_model(bundle, backend="oven", target="moon")) == "bundle-oven-moon"
    lone = bundle / "network.dense"
    assert str(compile_model(lone, backend="oven", target="moon")) == "network-moon.baked"


@pytest.mark.parametrize("name", ["bundle", "bundle/network.dense"])
def test_what_is_there_is_replaced_only_by_force(name, tmp_path):
    from dense_models import write_bundle

    write_bundle(tmp_path / "bundle")
    first = compile_model(name, backend="oven")
    with pytest.raises(InvalidInputError, match="exists already.*--force"):
        compile_model(name, backend="oven")

    assert compile_model(name, backend="oven", force=True) == first


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("n.dense", r"n\.dense is to be a \.baked file; name it n\.baked"),
        ("no/such/n.baked", "cannot write no/such/n.baked"),
        ("n\0.baked", "cannot write"),
    ],
)
def test_an_output_that_cannot_be_is_refused(bundle, output, message):
    with pytest.raises(InvalidInputError, match=message):
        compile_model(bundle / "network.dense", output, backend="oven")


def test_a_bundle_does_not_become_a_folder_that_is_called_like_a_file(bundle):
    with pytest.raises(InvalidInputError, match="looks like a network file.*folder or a .zip"):
        compile_model(bundle, "n.baked", backend="oven")


def test_an_option_in_place_of_the_output_is_told(bundle, capsys):
    assert main(["compile", str(bundle), "--backend", "oven", "-o", "heat=9"]) == 2
    assert "write --option heat=9, or -o ./heat=9" in capsys.readouterr().err


def test_what_is_compiled_is_not_compiled_again(bundle, tmp_path):
    made = compile_model(bundle, tmp_path / "baked", backend="oven")
    with pytest.raises(UnsupportedModelError, match=r"is compiled already.*\.dense"):
        compile_model(made, tmp_path / "again", backend="oven")


def test_a_network_of_another_format_is_refused(tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"onnx")
    with pytest.raises(UnsupportedModelError, match=r"no network that oven compiles.*\.dense"):
        compile_model("a.onnx", backend="oven")


def test_a_backend_that_compiles_nothing_names_those_that_do(bundle):
    with pytest.raises(UnsupportedModelError, match="'dense' compiles nothing.*that do: oven"):
        compile_model(bundle, backend="dense")
    with pytest.raises(UnsupportedModelError, match="Backend compiles nothing ahead of time"):
        plugins.make_backend(plugins.registry().backend("dense")).compile(nothing(), {})


def nothing():
    from ei_runner_core import Network

    return Network("network.dense", ".dense", content=b"")


def test_a_backend_that_is_not_installed_says_how_to_get_it(bundle, monkeypatch):
    hide_backends(monkeypatch)
    with pytest.raises(BackendNotFoundError, match=r"pip install 'ei-runner\[tvm\]'"):
        compile_model(bundle, backend="tvm")


def test_the_command_prints_what_it_wrote(bundle, capsys):
    arguments = ["compile", str(bundle), "--backend", "oven", "--target", "moon"]
    assert main([*arguments, "-o", "out", "--option", "heat=9"]) == 0
    assert capsys.readouterr().out == "out\n"

    assert main([*arguments, "-o", "out", "--force", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"model": "out", "backend": "oven", "target": "moon"}


def test_of_several_files_a_backend_takes_the_format_that_it_names_first(bundle, tmp_path):
    made = compile_model(bundle, tmp_path / "both", backend="oven")
    (made / "network.dense").write_bytes((bundle / "network.dense").read_bytes())
    document = json.loads((made / "impulse.json").read_text())
    document["learn"][0]["files"] = ["network.dense", "network.baked"]
    (made / "impulse.json").write_text(json.dumps(document))
    (made / "network.dense").write_bytes(b"no network")

    assert scores(made) == pytest.approx(expected_scores(np.array(WINDOW)), abs=1e-6)
