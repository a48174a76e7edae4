"""A backend of a stranger: one dense layer with softmax, weights in a `.dense` file (npz)."""

import io

import click
import numpy as np

from ei_runner_core import (
    BackendSpec,
    InferenceError,
    InvalidInputError,
    ModelFormatError,
    Support,
    TensorBackend,
    TensorSession,
    TensorSpec,
    hookimpl,
)


@hookimpl
def ei_runner_backends():
    return BackendSpec("dense", "tensor", "ei_runner_dense:DenseBackend", opens=(".dense",))


class DenseBackend(TensorBackend):
    def supports(self, network):
        return Support(network.format == ".dense", "it runs .dense files only")

    def open(self, network, options):
        if options:
            raise InvalidInputError(f"dense has no options, got {sorted(options)}")
        try:
            weights = np.load(io.BytesIO(network.read()))
        except ValueError as error:
            raise ModelFormatError(f"{network.name} is not a .dense file: {error}") from error
        return DenseSession(weights["kernel"], weights["bias"])


class DenseSession(TensorSession):
    def __init__(self, kernel, bias):
        self._kernel, self._bias = kernel, bias
        self.inputs = (TensorSpec("features", (1, kernel.shape[0]), "float32"),)
        self.outputs = (TensorSpec("scores", (1, kernel.shape[1]), "float32"),)

    def run(self, inputs):
        if self._kernel is None:
            raise InferenceError("the session is closed")
        logits = inputs[0] @ self._kernel + self._bias
        scores = np.exp(logits - logits.max())
        return ((scores / scores.sum()).astype(np.float32),)

    def close(self):
        self._kernel = None


@click.command()
def hello():
    """Say hello."""
    click.echo("hello from dense")
