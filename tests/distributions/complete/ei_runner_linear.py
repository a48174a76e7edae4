import io
import threading
import zipfile

import numpy as np

from ei_runner_core import (
    InferenceError,
    ModelFormatError,
    Support,
    TensorBackend,
    TensorSession,
    TensorSpec,
)
from ei_runner_core.authoring import check_inputs, one_line, read_options


class LinearBackend(TensorBackend):
    def supports(self, network):
        return Support(
            network.format == ".linear", "" if network.format == ".linear" else "it runs .linear"
        )

    def open(self, network, options):
        read_options("linear", options, {})
        try:
            with np.load(io.BytesIO(network.read()), allow_pickle=False) as arrays:
                return self.session(arrays["weights"])
        except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ModelFormatError(f"{network.name} is not linear: {one_line(error)}") from error

    def session(self, weights):
        return LinearSession(weights)


class LinearSession(TensorSession):
    def __init__(self, weights):
        self.weights = weights
        self.lock = threading.Lock()
        self.inputs = (TensorSpec("x", (-1, weights.shape[0]), "float32"),)
        self.outputs = (TensorSpec("y", (-1, weights.shape[1]), "float32"),)

    def run(self, inputs):
        with self.lock:
            if self.weights is None:
                raise InferenceError("the session is closed")
            check_inputs(inputs, self.inputs)
            return (inputs[0] @ self.weights,)

    def close(self):
        with self.lock:
            self.weights = None
