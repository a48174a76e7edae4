"""OpenVINO, imported on first use, and what its errors say."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from ei_runner_core import BackendUnavailableError, InvalidInputError
from ei_runner_core.authoring import one_line

__all__ = ["ENGINE_ERRORS", "core", "explained", "find_device", "version"]

# What it raises; the second when it quotes bytes of a damaged file.
ENGINE_ERRORS = (RuntimeError, UnicodeDecodeError, MemoryError)


@cache
def core() -> Any:
    """OpenVINO's core, which holds the drivers of the devices: one for the process.

    Raises:
        BackendUnavailableError: OpenVINO is not installed, or does not work here.
    """
    try:
        engine = import_module("openvino").Core()
        engine.set_property({"ENABLE_MMAP": False})  # or a changed file changes the answers
    except (ImportError, RuntimeError) as error:
        raise BackendUnavailableError(
            f"OpenVINO cannot be used ({explained(error)}); install it anew with: "
            "pip install --force-reinstall openvino"
        ) from error
    return engine


def version() -> str:
    """The version of OpenVINO."""
    return str(import_module("openvino").__version__)


def find_device(name: str) -> str:
    """A device by the name that the user gave; ``"GPU"`` is the first of several.

    Raises:
        InvalidInputError: this machine has no such device.
    """
    devices: list[str] = core().available_devices
    if name == "AUTO" or any(name in (device, device.partition(".")[0]) for device in devices):
        return name
    raise InvalidInputError(
        f"the option 'device' of openvino is {name!r}, which OpenVINO does not find here: it finds "
        f"{', '.join(devices)}, and AUTO chooses among them; for another one install its driver"
    )


def explained(error: BaseException) -> str:
    """The reason in an error of OpenVINO, without the places in its sources."""
    lines = (line.strip() for line in str(error).splitlines())
    reasons = [line for line in lines if line and not line.startswith("Exception from ")]
    return " ".join(reasons)[:600] or one_line(error)
