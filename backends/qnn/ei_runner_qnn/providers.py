"""The execution provider for QNN: whether it is there and fits, and what it is told."""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from ei_runner_core import BackendUnavailableError, InvalidInputError
from ei_runner_onnx.failures import reason

from .claims import claim, claim_chip, claim_process
from .library_check import check_library, load_library
from .options import HtpOptions
from .versions import MODULE, PACKAGE, check_provider

__all__ = ["find_provider", "provider_option"]

_NAME = "QNNExecutionProvider"
_ENTRY_POINT = "QnnInterface_getProviders"
_ANEW = f"install it anew with: pip install --force-reinstall --no-deps {PACKAGE}"
_FLOAT16 = {"float32": "0", "float16": "1"}


@cache
def find_provider() -> Path:
    """The library that holds the execution provider; those of Qualcomm lie beside it.

    Raises:
        BackendUnavailableError: it is missing, broken, too old or for another machine.
    """
    try:
        check_provider()
        library = Path(import_module(MODULE).get_library_path()).resolve()
    except BackendUnavailableError:  # which is an ImportError too
        raise
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        raise BackendUnavailableError(
            f"{PACKAGE} does not work: {reason(error)}; {_ANEW}"
        ) from error
    _check_own(library)
    return library


def provider_option(options: HtpOptions) -> dict[str, Any]:
    """What the backend onnx is told to run a network on, by its option ``providers``.

    Raises:
        BackendUnavailableError: as of :func:`find_provider`, or QNN was used before this process
            was forked.
        InvalidInputError: ``backend_path`` is no library of a backend for this machine, or this
            process uses another one, or another chip.
    """
    library = find_provider()
    claim_process()
    claim_chip(options.soc_model)
    if options.backend_path:
        place = {"backend_path": str(_backend_library(options.backend_path, library.parent))}
    else:
        name = f"Qnn{options.backend_type.capitalize()}"
        own = library.with_name(library.name.replace("onnxruntime_providers_qnn", name))
        _check_own(own)
        claim(own, BackendUnavailableError)
        place = {"backend_type": options.backend_type}
    # The CPU would quantise what comes in and goes out, which is no reason to refuse a network.
    settings = {"offload_graph_io_quantization": "0"} | _settings(options) | place
    return {"name": _NAME, "library": library, "options": settings}


def _settings(options: HtpOptions) -> dict[str, str]:
    """All options but the backend, by the provider's own names."""
    named = {
        "htp_performance_mode": options.performance_mode,
        "soc_model": options.soc_model,
        "htp_arch": options.htp_arch,
        "vtcm_mb": options.vtcm_mb,
        "enable_htp_fp16_precision": _FLOAT16.get(options.precision or ""),
        "htp_graph_finalization_optimization_mode": options.graph_optimization,
        "device_id": options.device_id,
        "profiling_level": None if options.profiling == "off" else options.profiling,
        "profiling_file_path": options.profiling_file,
    }
    given = {name: str(value) for name, value in named.items() if value is not None}
    return given | dict(options.provider_options)


def _check_own(library: Path) -> None:
    if sys.platform != "win32":  # of whose libraries only what they are can be told
        check_library(library, BackendUnavailableError, _ANEW)


def _backend_library(path: Path, folder: Path) -> Path:
    """The library that the user names, by its path or as one of those beside the provider.

    The provider would leave all to the CPU for one that it cannot use, without a word.
    """
    path = folder / path if path.name == str(path) and not path.exists() else path.absolute()
    if sys.platform == "win32":
        return path
    load_library(path, InvalidInputError)
    if not hasattr(ctypes.CDLL(str(path)), _ENTRY_POINT):
        raise InvalidInputError(
            f"{path} is no backend of QNN: it lacks {_ENTRY_POINT}; the option 'backend_path' of "
            "qnn takes libraries such as libQnnHtp.so"
        )
    return path
