"""The backend keeps what every tensor backend promises, and reads handwritten digits."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ei_runner_core import (
    EdgeImpulseError,
    EdgeImpulseModel,
    InferenceError,
    InvalidInputError,
    Network,
    UnsupportedModelError,
)
from ei_runner_core.demos import demo
from ei_runner_core.plugins import make_backend, registry
from ei_runner_core.testing import NetworkCase, TensorBackendSuite

akida = pytest.importorskip("akida", reason="Akida has wheels for Python 3.10 to 3.12 only")

SCRIPT = Path(__file__).parents[1] / "make_digits.py"
Opener = Callable[..., Any]


def load_script() -> Any:
    """The program that makes the network, as a module."""
    spec = importlib.util.spec_from_file_location("make_digits", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make_digits = load_script()
IMAGES, LABELS = make_digits.digits()
WEIGHTS, STEP = make_digits.train(IMAGES[::2], LABELS[::2])
UNSEEN = slice(1, None, 2)


def as_network(*layers: Any) -> Network:
    """A network of these layers, with the weights that they have when they are made."""
    model = akida.Model()
    for layer in layers:
        model.add(layer)
    return as_file("made.fbz", model)


def second_generation() -> list[Any]:
    """Layers that the first chips do not have; the input is signed."""
    return [akida.InputData((1, 1, 8), input_bits=8), akida.Dense1D(4), akida.Dequantizer()]


def as_file(name: str, model: Any) -> Network:
    """What Akida saves a model as, in memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        model.save(str(path))
        return Network(name, ".fbz", content=path.read_bytes())


DIGITS = as_file("digits.fbz", make_digits.network(WEIGHTS, STEP))


class TestAkida(TensorBackendSuite):
    """The right answers are integers, computed without Akida, and a softmax of them."""

    backend = "akida"

    def cases(self) -> Sequence[NetworkCase]:
        scores = make_digits.softmax(IMAGES[1:2] @ WEIGHTS / STEP).reshape(1, 1, 1, 10)
        image = IMAGES[1].reshape(1, 8, 8, 1).astype(np.uint8)
        return [
            NetworkCase(
                "digits",
                DIGITS,
                inputs=(image,),
                outputs=(scores.astype(np.float32),),
                quantization=((1 / 15, 0), (0, 0)),
            )
        ]


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Which files Akida survives is kept here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EI_RUNNER_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def opened() -> Opener:
    """Opens a network with options."""
    backend = make_backend(registry().backend("akida"))
    return lambda network, **options: backend.open(network, options)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the program makes: the network and the impulse around it."""
    folder = tmp_path_factory.mktemp("bundle") / "digits"
    subprocess.run([sys.executable, SCRIPT, folder], timeout=120, check=True)
    return folder


def test_unseen_digits_are_read_right_through_the_whole_impulse(bundle: Path) -> None:
    images = np.load(demo("digits").held_out)["images"][UNSEEN]
    with EdgeImpulseModel(bundle, backend="akida") as model:
        answers = [int(model.infer_image(image).top()[0][0]) for image in images]
    expected = (IMAGES[UNSEEN] @ WEIGHTS).argmax(axis=1)
    assert answers == expected.tolist()
    assert np.mean(expected == LABELS[UNSEEN]) > 0.9


def test_the_command_line_takes_an_image(bundle: Path) -> None:
    sample = demo("digits").folder / "samples" / "7_009.png"
    command = ["run", "-m", bundle, "--backend", "akida", "-o", "fits_on=AKD1000", sample]
    run = subprocess.run(
        [sys.executable, "-m", "ei_runner_core", *map(str, command)],
        env=os.environ | {"NO_COLOR": "1"},
        cwd=bundle,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[1].startswith("7 ")


def test_potentials_come_as_they_are_without_softmax(opened: Opener) -> None:
    with opened(DIGITS, softmax=False) as session:
        got = session.run([IMAGES[:1].reshape(1, 8, 8, 1).astype(np.uint8)])[0]
    np.testing.assert_allclose(got.ravel(), IMAGES[0] @ WEIGHTS / STEP, rtol=1e-5)


def test_a_value_of_more_bits_than_the_input_has_is_an_error(opened: Opener) -> None:
    with opened(DIGITS) as session, pytest.raises(InferenceError, match="range"):
        session.run([np.full((1, 8, 8, 1), 16, np.uint8)])


@pytest.mark.parametrize("chip", ["AKD1000", "AKD1500"])
def test_a_network_that_fits_on_a_chip_runs_in_software(
    opened: Opener, chip: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "ei_akida"), opened(DIGITS, fits_on=chip) as session:
        session.run([np.zeros((1, 8, 8, 1), np.uint8)])
    assert caplog.messages == [f"digits.fbz on {chip}: HW/scores"]


def test_layers_that_a_chip_does_not_take_are_named(opened: Opener) -> None:
    first = akida.InputConvolutional((8, 8, 3), (7, 7), 64, name="too_wide")
    last = akida.FullyConnected(10, weights_bits=4, activation=False)
    network = as_network(first, last)
    opened(network).close()
    with pytest.raises(UnsupportedModelError, match="AKD1000 cannot take all .*: too_wide would"):
        opened(network, fits_on="AKD1000")


def test_a_network_for_another_generation_of_chips_is_refused(opened: Opener) -> None:
    network = as_network(*second_generation())
    opened(network).close()
    with pytest.raises(UnsupportedModelError, match="AKD1000 cannot take made.fbz: The IP version"):
        opened(network, fits_on="AKD1000")


def test_a_network_that_ends_in_an_activation_is_refused(opened: Opener) -> None:
    layers = akida.InputData((1, 1, 8), input_bits=4), akida.FullyConnected(4, act_bits=4)
    with pytest.raises(UnsupportedModelError, match="Akida cannot run made.fbz: .* no activation"):
        opened(as_network(*layers))


@pytest.mark.skipif(bool(akida.devices()), reason="there is a chip in this machine")
def test_a_chip_that_is_not_here_is_refused(opened: Opener) -> None:
    with pytest.raises(InvalidInputError, match="asks for chip 1, and Akida finds 0 in this"):
        opened(DIGITS, device="hardware:1")


def test_an_input_that_quantises_by_itself_takes_real_numbers(opened: Opener) -> None:
    layers = (
        akida.Quantizer((1, 1, 8), 8, output_signed=True),
        akida.Dense1D(4),
        akida.Dequantizer(),
    )
    with opened(as_network(*layers)) as session:
        assert session.inputs[0].dtype == "float32"


@pytest.mark.parametrize(("options", "scale"), [({}, 0.0), ({"input_scale": 0.5}, 0.5)])
def test_what_signed_inputs_stand_for_is_for_the_user_to_say(
    opened: Opener, options: dict[str, float], scale: float
) -> None:
    network = as_network(*second_generation())
    with opened(network, **options) as session:
        assert (session.inputs[0].dtype, session.inputs[0].scale) == ("int8", scale)


@pytest.mark.parametrize("seed", range(6))
def test_a_file_with_other_bytes_in_it_does_not_end_the_process(opened: Opener, seed: int) -> None:
    content = np.frombuffer(DIGITS.read(), np.uint8).copy()
    places = np.random.default_rng(seed).integers(len(content), size=20)
    content[places] ^= 0xFF
    with contextlib.suppress(EdgeImpulseError):
        opened(Network("damaged.fbz", ".fbz", content=content.tobytes())).close()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("device", "gpu"),
        ("device", "hardware:"),
        ("allow_cpu", 1),
        ("fits_on", "AKD9"),
        ("softmax", "no"),
        ("input_scale", 0),
    ],
)
def test_a_wrong_option_is_refused(opened: Opener, name: str, value: object) -> None:
    with pytest.raises(InvalidInputError, match=f"the option '{name}' of akida is"):
        opened(DIGITS, **{name: value})
