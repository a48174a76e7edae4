"""The backend: what ei-runner makes and asks to open networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ei_runner_core import Network, Support, TensorBackend, UnsupportedModelError
from ei_runner_core.authoring import EngineSession, one_line

from .devices import place
from .options import Options
from .reading import read_model
from .runtime import ENGINE_ERRORS, akida
from .specs import input_spec, output_spec

__all__ = ["AkidaBackend", "AkidaSession"]

Call = Callable[[Sequence[np.ndarray]], tuple[np.ndarray, ...]]


class AkidaSession(EngineSession):
    """A network in Akida."""

    engine_name = "Akida"
    engine_errors = ENGINE_ERRORS


class AkidaBackend(TensorBackend):
    """Runs networks on Akida, or in its software simulation."""

    def __init__(self) -> None:
        akida()

    def supports(self, network: Network) -> Support:
        """Whether the file is of the right format."""
        return Support(network.format == ".fbz", "it runs .fbz files only")

    def open(self, network: Network, options: Mapping[str, Any]) -> AkidaSession:
        """Load a network and make ready to run.

        Args:
            network: a ``.fbz`` file.
            options: any of ``device`` (``"software"``, ``"hardware"``, ``"hardware:1"``),
                ``allow_cpu`` (bool), ``fits_on`` (``"AKD1000"``, ``"AKD1500"``), ``softmax`` (bool)
                and ``input_scale`` (float).

        Raises:
            ModelNotFoundError: the file cannot be read.
            ModelFormatError: it is damaged, or of another version of Akida.
            UnsupportedModelError: the chip does not take it, or it ends in an activation.
            InvalidInputError: an option is unknown or wrong, or there is no such chip.
        """
        wanted = Options.parse(options)
        model = read_model(network)
        place(model, network.name, wanted)
        inputs = (input_spec(model, network.name, wanted.input_scale),)
        call = _scores(model) if wanted.softmax else _potentials(model)
        try:
            call([np.zeros(inputs[0].shape, inputs[0].dtype)])  # the first one takes longest
        except ENGINE_ERRORS as error:
            raise UnsupportedModelError(
                f"Akida cannot run {network.name}: {one_line(error)}; convert the network again"
            ) from error
        return AkidaSession(model, call, inputs, (output_spec(model),))


def _potentials(model: Any) -> Call:
    predict = model.predict
    return lambda arrays: (predict(arrays[0]),)


def _scores(model: Any) -> Call:
    """Akida has no softmax, so that the SDK of Edge Impulse, too, has it behind the network."""
    predict = model.predict

    def call(arrays: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
        potentials = predict(arrays[0])
        powers = np.exp(potentials - potentials.max(axis=-1, keepdims=True))
        return (powers / powers.sum(axis=-1, keepdims=True),)

    return call
