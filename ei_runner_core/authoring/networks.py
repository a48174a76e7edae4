"""Networks that a backend hands on to another one, which runs nothing but networks."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from ..contract import Network, TensorSession
from ..errors import UnsupportedModelError
from ..locate import network_source
from ..opening import open_tensor_session
from ..plugins import registry
from ..selection import named_backend, tensor_backends

__all__ = ["installed_tensor_backends", "open_network"]


def installed_tensor_backends(suffix: str = "") -> tuple[str, ...]:
    """The names of the installed backends that run networks, the preferred ones first.

    Args:
        suffix: only those that open this format, such as ``".tflite"``; empty for all.
    """
    return tensor_backends(suffix)


def open_network(
    backend: str, network: Network, options: Mapping[str, Any] | None = None
) -> TensorSession:
    """Open a network on a backend that runs networks, checked as when a user asks for it.

    Args:
        backend: the name of the backend.
        network: the network, on disk or in memory; its ``name`` is told in messages.
        options: the options of that backend, by name.

    Returns:
        The session, which the caller closes.

    Raises:
        BackendNotFoundError: there is no such backend, or it is not installed.
        BackendUnavailableError: it is there but cannot be used, or fails in an unknown way.
        UnsupportedModelError: it cannot open this network, or runs whole impulses only.
        ModelFormatError: the network is damaged.
        InvalidInputError: an option is unknown or has a wrong value.
        PluginError: the backend breaks the contract.
    """
    if registry().backend(backend).kind != "tensor":
        raise UnsupportedModelError(
            f"the backend {backend!r} runs whole impulses, expected one that runs networks "
            f"(installed: {', '.join(installed_tensor_backends()) or 'none'})"
        )
    source = network_source(network)
    selection = named_backend(source, backend)
    with ExitStack() as on_failure:
        session = open_tensor_session(selection, network, source, options or {}, on_failure)
        on_failure.pop_all()  # from here on it belongs to the caller
    return session
