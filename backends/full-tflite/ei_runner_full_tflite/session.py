"""An opened network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ei_runner_core.authoring import EngineSession

from .engine import Engine
from .failures import ENGINE_ERRORS

__all__ = ["FullTfliteSession"]


class FullTfliteSession(EngineSession):
    """A network in LiteRT or tflite-runtime.

    An input with dynamic dimensions may come in another shape than the time before; making the
    network ready for it costs more than a run.
    """

    engine_name = "the TensorFlow Lite runtime"
    engine_errors = ENGINE_ERRORS

    def __init__(self, engine: Engine) -> None:
        ready_for = engine.warm_up()
        super().__init__(engine, engine.call, engine.inputs, engine.outputs, ready_for)

    def run_in_new_shapes(self, inputs: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
        """Allocate for the shapes of these inputs, and run."""
        engine: Engine = self.engine
        try:
            return engine.run_resized(inputs)
        finally:
            if self.engine is not None:  # a signal handler may have closed it
                self.call = engine.call
