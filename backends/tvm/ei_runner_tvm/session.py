"""An opened network."""

from __future__ import annotations

from ei_runner_core.authoring import EngineSession

from .engine import Engine
from .failures import engine_errors
from .runtime import Runtime

__all__ = ["TvmSession"]


class TvmSession(EngineSession):
    """A compiled network in TVM's virtual machine, whose shapes are fixed."""

    engine_name = "TVM"

    def __init__(self, engine: Engine, runtime: Runtime) -> None:
        self.engine_errors = engine_errors(runtime.ffi)
        shapes = [spec.shape for spec in engine.inputs]
        super().__init__(engine, engine.call, engine.inputs, engine.outputs, shapes)
