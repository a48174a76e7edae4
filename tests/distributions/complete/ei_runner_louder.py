import threading

import numpy as np

from ei_runner_core import (
    BlockThresholds,
    ImpulseBackend,
    ImpulseSession,
    InferenceError,
    InferenceResult,
    InvalidInputError,
    ModelFormatError,
    ModelParameters,
    Support,
)
from ei_runner_core.authoring import read_options


class LouderBackend(ImpulseBackend):
    def supports(self, source):
        return Support(ok=True)

    def open(self, source, options):
        read_options("louder", options, {})
        try:
            limit = float(source.path.read_text(encoding="ascii").removeprefix("loud above "))
        except ValueError as error:
            raise ModelFormatError(f"{source.path} does not say above what it is loud") from error
        return LouderSession(limit)


class LouderSession(ImpulseSession):
    impulse = None
    parameters = ModelParameters(input_features_count=4, labels=("quiet", "loud"), slice_size=2)

    def __init__(self, limit):
        self.limit, self.last, self.is_open = limit, np.zeros(0, np.float32), True
        self.lock = threading.Lock()

    def classify(self, window, debug=False):
        with self.lock:
            if not self.is_open:
                raise InferenceError("the session is closed")
            is_loud = float(np.abs(window).max() > self.limit)
        return InferenceResult(classification={"quiet": 1 - is_loud, "loud": is_loud})

    def classify_continuous(self, piece, debug=False):
        self.last = np.concatenate([self.last, piece])[-4:]
        return (
            self.classify(self.last, debug) if self.last.size == 4 else InferenceResult(ready=False)
        )

    def reset(self):
        self.last = self.last[:0]

    def freeform(self, inputs):
        raise InvalidInputError("louder has no tensors")

    @property
    def thresholds(self):
        return (BlockThresholds(7, "loudness", {"limit": self.limit}),)

    def set_threshold(self, block_id, **values):
        if block_id != 7 or set(values) != {"limit"}:
            raise InvalidInputError(f"there is no {sorted(values)} in block {block_id}")
        self.limit = values["limit"]

    def close(self):
        with self.lock:
            self.is_open = False
