"""The options of the backend: checked once, before anything is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ei_runner_core.authoring import read_choice, read_options, read_thread_count

__all__ = ["Options"]


@dataclass(frozen=True)
class Options:
    """How a network is opened.

    ``device``: ``"AUTO"`` or one of this machine, such as ``"CPU"``, ``"GPU.1"`` or ``"NPU"``.
    ``precision``: ``"float32"``, or ``"any"`` for what the device computes fastest with.
    ``num_threads``: threads of the CPU; None leaves it to OpenVINO.
    ``cache``: whether the compiled network is kept for the next time.
    """

    device: str = "CPU"
    precision: str = "float32"
    num_threads: int | None = None
    cache: bool = False

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> Options:
        """Check what the user passed; None stands for the default of every option.

        Raises:
            InvalidInputError: an option is unknown or has a wrong value.
        """
        return cls(**read_options("openvino", options, _READERS))

    @property
    def properties(self) -> dict[str, Any]:
        """What OpenVINO is told when it compiles."""
        properties: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}
        if self.precision == "float32":
            # Else a CPU that has bfloat16 computes with three digits, and answers unlike others.
            properties["INFERENCE_PRECISION_HINT"] = "f32"
        if self.num_threads is not None:
            properties["INFERENCE_NUM_THREADS"] = self.num_threads
        return properties


def _device(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError('the name of a device, such as "CPU", "GPU", "NPU" or "AUTO"')
    return value.strip().upper()


def _cache(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


_READERS = {
    "device": _device,
    "precision": read_choice("float32", "any"),
    "num_threads": read_thread_count,
    "cache": _cache,
}
