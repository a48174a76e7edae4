"""An opened network."""

from __future__ import annotations

from ei_runner_core.authoring import EngineSession

from .engine import Engine
from .failures import reason
from .runtime import engine_errors

__all__ = ["OnnxSession"]


class OnnxSession(EngineSession):
    """A network in ONNX Runtime. An input with dynamic dimensions may change its shape."""

    engine_name = "ONNX Runtime"

    def __init__(self, engine: Engine) -> None:
        self.engine_errors = engine_errors()
        super().__init__(engine, engine.call, engine.inputs, engine.outputs)

    def explain(self, error: Exception) -> str:
        """The reason that ONNX Runtime gives, without where in its sources."""
        return reason(error)
