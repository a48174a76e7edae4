"""Network files into TVM's form, by their format."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from importlib import import_module

from msgspec.structs import replace

from ei_runner_core import BackendUnavailableError, Network, UnsupportedModelError
from ei_runner_core.authoring import one_line

from .guards import guarded
from .networks import Imported
from .onnx_networks import import_onnx
from .tflite_networks import import_tflite

__all__ = ["SOURCES", "import_network"]

Importer = Callable[[bytes, str, Mapping[str, tuple[int, ...]]], Imported]

_IMPORTERS: dict[str, tuple[Importer, tuple[str, ...]]] = {
    ".onnx": (import_onnx, ("onnx", "tvm.relax.frontend.onnx")),
    ".tflite": (import_tflite, ("tflite", "tvm.relax.frontend.tflite")),
}
SOURCES = tuple(_IMPORTERS)
"""The formats that can be compiled."""


def import_network(
    network: Network, content: bytes, input_shapes: Mapping[str, tuple[int, ...]]
) -> Imported:
    """TVM's form of a network.

    Args:
        network: the file; its format decides.
        content: its bytes.
        input_shapes: the shapes of dynamic inputs by name.

    Raises:
        ModelFormatError: the file is damaged.
        UnsupportedModelError: TVM lacks something that it needs; all missing operators are named.
        InvalidInputError: the shapes do not suit it.
        BackendUnavailableError: what reads such files is not installed.
    """
    if network.format not in _IMPORTERS:
        raise UnsupportedModelError(
            f"TVM compiles {' and '.join(SOURCES)} files, {network.name} is {network.format}"
        )
    importer, needed = _IMPORTERS[network.format]
    for module in needed:
        _require(module, network.format)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about names and checks, of which the errors tell
        imported = importer(content, network.name, input_shapes)
    return replace(imported, module=guarded(imported.module, network.name))


def _require(module: str, suffix: str) -> None:
    try:
        import_module(module)
    except ImportError as error:
        raise BackendUnavailableError(
            f"compiling {suffix} files needs {module}, which cannot be imported "
            f"({one_line(error)}); install it with: pip install 'ei-runner[tvm]'"
        ) from error
