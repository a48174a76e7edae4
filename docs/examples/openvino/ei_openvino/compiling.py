"""From a graph to what a device runs, or from the cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ei_runner_core import InvalidInputError, Network, UnsupportedModelError
from ei_runner_core.authoring import ContentCache, content_key

from .options import Options
from .runtime import ENGINE_ERRORS, core, explained, find_device, version

__all__ = ["compile_graph"]

_FILE = "network.blob"


def compile_graph(graph: Any, network: Network, options: Options) -> Any:
    """What a device runs.

    Args:
        graph: the graph of the network.
        network: the file that it came from, for messages and as a key of the cache.
        options: the options of the user.

    Raises:
        InvalidInputError: there is no such device, or it cannot keep what it compiles.
        UnsupportedModelError: the device does not take the network.
    """
    device = find_device(options.device)
    if options.cache and not _can_export(device):
        raise InvalidInputError(
            f"the option 'cache' of openvino is true, and {device} keeps nothing: name a device "
            "such as CPU, GPU or NPU, or leave the option out"
        )
    try:
        if options.cache:
            return _from_cache(graph, network, device, options)
        return core().compile_model(graph, device, options.properties)
    except ENGINE_ERRORS as error:
        raise UnsupportedModelError(
            f"the device {device} of OpenVINO cannot take {network.name}: {explained(error)}; try "
            "another device or other options"
        ) from error


def _can_export(device: str) -> bool:
    """Whether a device hands out what it compiles. AUTO, which may take several, does not."""
    return device != "AUTO" and "EXPORT_IMPORT" in _property(device, "OPTIMIZATION_CAPABILITIES")


def _from_cache(graph: Any, network: Network, device: str, options: Options) -> Any:
    def make(folder: Path) -> None:
        compiled = core().compile_model(graph, device, options.properties)
        (folder / _FILE).write_bytes(compiled.export_model().getvalue())

    key, cache = _key(graph, network, device, options), ContentCache("openvino")
    compiled = (cache.entry(key, make).folder / _FILE).read_bytes()
    try:
        return core().import_model(compiled, device, options.properties)
    except ENGINE_ERRORS:  # of a driver that has changed, say
        cache.drop(key)
        return core().compile_model(graph, device, options.properties)


def _key(graph: Any, network: Network, device: str, options: Options) -> str:
    """Whatever changes what is compiled changes the key; weights may lie in other files."""
    chip = _property(device, "FULL_DEVICE_NAME")
    constants = (node for node in graph.get_ordered_ops() if node.get_type_name() == "Constant")
    weights = (node.data.tobytes() for node in constants)
    return content_key(version(), device, chip, repr(options), network.read(), *weights)


def _property(device: str, name: str) -> Any:
    return core().get_property(device, name)
