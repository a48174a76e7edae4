"""The options for ``.onnx`` networks: checked once, before anything is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ei_runner_core import InvalidInputError
from ei_runner_core.authoring import (
    read_choice,
    read_input_shapes,
    read_options,
    read_thread_count,
)

from .option_readers import (
    read_architecture,
    read_backend_path,
    read_backend_type,
    read_boolean,
    read_number,
    read_profiling_file,
)
from .provider_vocabulary import read_provider_options

__all__ = ["PERFORMANCE_MODES", "HtpOptions"]

PERFORMANCE_MODES = (
    "default",
    "burst",
    "sustained_high_performance",
    "high_performance",
    "balanced",
    "low_balanced",
    "high_power_saver",
    "power_saver",
    "low_power_saver",
    "extreme_power_saver",
)
_PROFILING = ("off", "basic", "detailed", "optrace")
_LARGEST_SOC, _LARGEST_VTCM, _LARGEST_DEVICE = 65535, 1024, 255


@dataclass(frozen=True)
class HtpOptions:
    """How an ``.onnx`` network is opened; None leaves a setting to the execution provider.

    ``backend_type``: ``"htp"`` or ``"gpu"``. ``backend_path``: its library; None takes the one that
    comes with the execution provider. ``precision``: of float networks, on chips that have both.
    ``graph_optimization``: 0 to 3. ``context_cache``: whether compiled networks are kept.
    ``profiling_file``: where to the times go, as CSV. ``provider_options``: further ones, as text.
    ``allow_cpu``: whether the CPU may run what QNN does not take, ``num_threads`` how many threads
    it uses for that. ``input_shapes``: for networks with dynamic dimensions, by name of the input.
    ``self_check``: whether answers are compared with the CPU's when a network is compiled.
    """

    backend_type: str = "htp"
    backend_path: Path | None = None
    performance_mode: str = "burst"
    soc_model: int | None = None
    htp_arch: int | None = None
    vtcm_mb: int | None = None
    precision: str | None = None
    graph_optimization: int | None = None
    device_id: int | None = None
    context_cache: bool = True
    profiling: str = "off"
    profiling_file: Path | None = None
    provider_options: Mapping[str, str] = field(default_factory=dict)
    allow_cpu: bool = False
    num_threads: int | None = None
    input_shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    self_check: bool = True

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> HtpOptions:
        """Check what the user passed; None stands for the default of every option.

        Raises:
            InvalidInputError: an option is unknown or has a wrong value, or two exclude each other.
        """
        given = read_options("qnn", options, _READERS)
        parsed = cls(**given)
        if parsed.backend_path and "backend_type" in given:
            raise InvalidInputError(
                "the options 'backend_type' and 'backend_path' of qnn exclude each other; drop one"
            )
        if parsed.precision == "float16" and parsed.soc_model is None:
            raise InvalidInputError(
                "the option precision='float16' of qnn needs 'soc_model', the number of the chip "
                "in Qualcomm's list, such as 43; add it, or drop 'precision'"
            )
        if (parsed.profiling == "off") is (parsed.profiling_file is not None):
            raise InvalidInputError(
                "the options 'profiling' (basic, detailed or optrace) and 'profiling_file' of qnn "
                "need each other; add the other one, or drop this one"
            )
        return parsed


_READERS: dict[str, Callable[[Any], Any]] = {
    "allow_cpu": read_boolean,
    "backend_path": read_backend_path,
    "backend_type": read_backend_type,
    "context_cache": read_boolean,
    "device_id": read_number(0, _LARGEST_DEVICE),
    "graph_optimization": read_number(0, 3),
    "htp_arch": read_architecture,
    "input_shapes": read_input_shapes,
    "num_threads": read_thread_count,
    "performance_mode": read_choice(*PERFORMANCE_MODES),
    "precision": read_choice("float32", "float16"),
    "profiling": read_choice(*_PROFILING),
    "profiling_file": read_profiling_file,
    "provider_options": read_provider_options,
    "self_check": read_boolean,
    "soc_model": read_number(1, _LARGEST_SOC),
    "vtcm_mb": read_number(1, _LARGEST_VTCM),
}
