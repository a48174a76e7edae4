"""``.tflite`` networks: LiteRT runs them, and Qualcomm's delegate takes their operators over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ei_runner_core import (
    BackendUnavailableError,
    Network,
    TensorBackend,
    TensorSession,
    UnsupportedModelError,
)

from .delegate_options import DelegateOptions
from .dsp_path import dsp_libraries
from .library_check import load_library
from .sdk import backend_library, find_delegate, skel_folders

__all__ = ["open_with_delegate"]


def open_with_delegate(network: Network, options: DelegateOptions) -> TensorSession:
    """Load a ``.tflite`` network and make ready to run, which runs it once.

    Raises:
        BackendUnavailableError: full-tflite or Qualcomm's SDK is missing, or does not work here.
        InvalidInputError: the delegate cannot be loaded, or refuses its options.
        ModelNotFoundError: the network cannot be read.
        ModelFormatError: it is damaged.
        UnsupportedModelError: it has dynamic shapes, or the delegate does not take all of it.
    """
    backend = _full_tflite()
    library = find_delegate(options.library)
    settings = _settings(library, options)
    if "library_path" in settings:
        load_library(Path(settings["library_path"]), BackendUnavailableError)
    with dsp_libraries(_skel_folders(library, settings)):
        session = backend.open(network, _for_full_tflite(library, settings, options))
    _refuse_dynamic(session, network.name)
    return session


def _full_tflite() -> TensorBackend:
    try:
        from ei_runner_full_tflite.backend import FullTfliteBackend
    except ImportError as error:
        raise BackendUnavailableError(
            "qnn runs .tflite networks with LiteRT, which is not installed: "
            "pip install 'ei-runner-qnn[delegate]'"
        ) from error
    return FullTfliteBackend()


def _settings(library: Path, options: DelegateOptions) -> dict[str, str]:
    """With the backend's own library, where it can be told."""
    settings = dict(options.settings)
    beside = backend_library(library, settings["backend_type"])
    return ({"library_path": str(beside)} if beside else {}) | settings


def _skel_folders(library: Path, settings: dict[str, str]) -> tuple[Path, ...]:
    named = settings.get("skel_library_dir")
    return (Path(named),) if named else skel_folders(library)


def _for_full_tflite(
    library: Path, settings: dict[str, str], options: DelegateOptions
) -> dict[str, Any]:
    """Its options. Where the CPU may run the rest, XNNPACK does; else it is off."""
    return {
        "delegates": [{"path": library, "options": settings}],
        "allow_cpu": options.allow_cpu,
        "num_threads": options.num_threads,
        "input_shapes": options.input_shapes,
    }


def _refuse_dynamic(session: TensorSession, name: str) -> None:
    for spec in session.inputs:
        if -1 in spec.shape:
            session.close()
            raise UnsupportedModelError(
                f"the input {spec.name!r} of {name} has the shape {spec.shape}, where -1 is any "
                "size, and Qualcomm's chips need fixed ones: give it in the option 'input_shapes'"
            )
