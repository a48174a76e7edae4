"""Which files can be networks: those with a suffix that a backend opens."""

from __future__ import annotations

from .contract import Network
from .errors import InvalidInputError

__all__ = ["NETWORK_FORMATS", "check_format"]

NETWORK_FORMATS = (".tflite", ".onnx", ".tvm")
"""The formats of the backends of ei-runner, installed or not."""


def check_format(network: Network) -> None:
    """Raise InvalidInputError unless a backend opens files of a network's format."""
    if network.format in NETWORK_FORMATS:
        return
    from .plugins import registry

    offered = (suffix for spec in registry().backends.values() for suffix in spec.opens)
    formats = dict.fromkeys((*NETWORK_FORMATS, *(s for s in offered if s.startswith("."))))
    if network.format not in formats:
        raise InvalidInputError(
            f"{network.name} is no network that a backend opens, expected a file with one of the "
            f"suffixes {', '.join(formats)}"
        )
