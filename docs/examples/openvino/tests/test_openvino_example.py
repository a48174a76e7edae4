"""The backend keeps what every tensor backend promises, and what its own options say."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ei_runner_core import (
    EdgeImpulseModel,
    InvalidInputError,
    ModelFormatError,
    ModelNotFoundError,
    Network,
    UnsupportedModelError,
)
from ei_runner_core.demos import demo
from ei_runner_core.plugins import make_backend, registry
from ei_runner_core.testing import NetworkCase, TensorBackendSuite, golden_cases

openvino = pytest.importorskip("openvino", reason="OpenVINO has no wheel for this Python")

Opener = Callable[..., Any]


class TestOpenVino(TensorBackendSuite):
    """Networks in both formats, on the CPU."""

    backend = "openvino"


@pytest.fixture
def opened() -> Opener:
    """Opens a network with options."""
    backend = make_backend(registry().backend("openvino"))
    return lambda network, **options: backend.open(network, options)


@pytest.fixture
def case() -> NetworkCase:
    """A float network with its right answer."""
    return golden_cases([".onnx"])[0]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where compiled networks are kept."""
    monkeypatch.setenv("EI_RUNNER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "openvino"


@pytest.fixture
def saved(case: NetworkCase, tmp_path: Path) -> Network:
    """The case in OpenVINO's own format: a graph and its weights."""
    path = tmp_path / "dense.xml"
    openvino.save_model(openvino.Core().read_model(case.network.path), path, compress_to_fp16=False)
    return Network(path.name, ".xml", path=path)


@pytest.mark.parametrize("suffix", ["onnx", "tflite"])
@pytest.mark.parametrize("variant", ["float32", "int8"])
def test_the_digits_are_read_right(variant: str, suffix: str, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(demo("digits").model(variant), bundle)
    impulse = json.loads((bundle / "impulse.json").read_text(encoding="utf-8"))
    impulse["learn"][0]["files"] = [f"network.{suffix}"]
    (bundle / "impulse.json").write_text(json.dumps(impulse), encoding="utf-8")
    held_out = np.load(demo("digits").held_out)
    with EdgeImpulseModel(bundle, backend="openvino") as model:
        answers = [model.infer_image(image).top()[0][0] for image in held_out["images"]]
    assert np.mean(np.array(answers) == held_out["labels"].astype(str)) > 0.97


@pytest.mark.parametrize("device", ["AUTO", "CPU", "cpu"])
def test_a_device_that_is_here_runs_the_network(
    opened: Opener, case: NetworkCase, device: str
) -> None:
    with opened(case.network, device=device, num_threads=1) as session:
        case.check(case.ask(session))


def test_a_device_that_is_not_here_is_refused_with_those_that_are(
    opened: Opener, case: NetworkCase
) -> None:
    with pytest.raises(InvalidInputError, match=r"'NPU', which .* finds .*CPU, and AUTO"):
        opened(case.network, device="NPU")


@pytest.mark.parametrize(
    ("name", "value"), [("device", 3), ("precision", "int4"), ("num_threads", 0), ("cache", "yes")]
)
def test_a_wrong_option_is_refused(
    opened: Opener, case: NetworkCase, name: str, value: object
) -> None:
    with pytest.raises(InvalidInputError, match=f"the option '{name}' of openvino is"):
        opened(case.network, **{name: value})


def test_what_the_device_computes_fastest_with_is_near(opened: Opener, case: NetworkCase) -> None:
    with opened(case.network, precision="any") as session:
        np.testing.assert_allclose(session.run(case.inputs)[0], case.outputs[0], atol=0.05)


def test_a_kept_network_answers_the_same(opened: Opener, case: NetworkCase, cache: Path) -> None:
    opened(case.network, cache=True).close()
    (kept,) = cache.glob("*/network.blob")
    written = kept.stat().st_mtime_ns
    with opened(case.network, cache=True) as session:
        case.check(case.ask(session))
    assert kept.stat().st_mtime_ns == written
    opened(case.network, cache=True, num_threads=1).close()
    assert len(list(cache.glob("*/network.blob"))) == 2


def test_a_kept_network_that_is_damaged_is_made_anew(
    opened: Opener, case: NetworkCase, cache: Path
) -> None:
    opened(case.network, cache=True).close()
    (kept,) = cache.glob("*/network.blob")
    kept.write_bytes(b"\xff" * kept.stat().st_size)
    with opened(case.network, cache=True) as session:
        case.check(case.ask(session))


def test_other_weights_beside_the_same_graph_are_another_network(
    opened: Opener, case: NetworkCase, saved: Network, cache: Path
) -> None:
    assert saved.path is not None
    opened(saved, cache=True).close()
    weights = saved.path.with_suffix(".bin")
    weights.write_bytes(bytes(weights.stat().st_size))
    with opened(saved, cache=True) as session:
        answer = session.run(case.inputs)[0]
    assert np.abs(answer - case.outputs[0]).max() > 0.01


def test_a_choice_of_devices_keeps_nothing(opened: Opener, case: NetworkCase) -> None:
    with pytest.raises(InvalidInputError, match="'cache' of openvino is true, and AUTO keeps"):
        opened(case.network, cache=True, device="AUTO")


def test_its_own_format_runs(opened: Opener, case: NetworkCase, saved: Network) -> None:
    with opened(saved) as session:
        case.check(case.ask(session))


def test_its_own_format_without_the_weights_says_so(opened: Opener, saved: Network) -> None:
    assert saved.path is not None
    saved.path.with_suffix(".bin").unlink()
    with pytest.raises(ModelNotFoundError, match=r"the weights of dense.xml are missing"):
        opened(saved)
    with pytest.raises(ModelNotFoundError, match="unpack the model"):
        opened(Network("m.zip/dense.xml", ".xml", content=saved.path.read_bytes()))


def test_a_reason_has_no_places_in_the_sources_of_the_engine(opened: Opener) -> None:
    with pytest.raises((ModelFormatError, UnsupportedModelError)) as caught:
        opened(Network("x.onnx", ".onnx", content=b"nothing"))
    assert "Exception from" not in str(caught.value)


def test_the_command_line_takes_it_and_its_options(tmp_path: Path) -> None:
    sample = demo("digits").folder / "samples" / "7_009.png"
    command = ["run", "-m", demo("digits").model("int8"), "--backend", "openvino", sample]
    run = subprocess.run(
        [sys.executable, "-m", "ei_runner_core", *map(str, command), "-o", "device=CPU"],
        env=os.environ | {"NO_COLOR": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "7" in run.stdout
