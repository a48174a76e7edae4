"""Why the system does not load a program or a library, as far as its loader says so."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

__all__ = ["explain_loading"]

_OWNERS = (
    (r"libstdc\+\+\.", "the package libstdc++6"),
    (r"libc\+\+(abi)?\.", "the packages libc++1 and libc++abi1"),
    (r"libunwind\.", "the package libunwind8, or that of LLVM"),
    (r"libgomp\.", "the package libgomp1"),
    (r"libatomic\.", "the package libatomic1"),
    (r"libGL\.", "the package libgl1"),
    (r"libasound\.", "the package libasound2"),
    (r"libusb-1", "the package libusb-1.0-0"),
    (r"libOpenCL\.", "the package ocl-icd-libopencl1 and the driver of the GPU"),
    (r"libnvinfer|libnvonnxparser|libnvparsers", "TensorRT, on a Jetson with JetPack"),
    (r"libcuda|libcudart|libcudnn|libcublas", "CUDA and cuDNN, on a Jetson with JetPack"),
    (r"libQnn|libSnpe|libcdsprpc", "the Qualcomm AI runtime (QNN)"),
    (r"libonnxruntime", "ONNX Runtime"),
    (r"libtensorflowlite|libtflite", "TensorFlow Lite"),
    (r"libmemx|libmx", "the MemryX driver package"),
    (r"libdrpai|libmmngr|libtvm", "the DRP-AI runtime of the board"),
)


def explain_loading(text: str) -> str:
    """A clause about what may help where something native does not load; empty without an idea.

    Args:
        text: what the loader of the system said, among other lines or as an ``OSError``.
    """
    for pattern, hint in _HINTS:
        if found := re.search(pattern, text, re.IGNORECASE):
            return hint(*found.groups())
    return ""


def _flex() -> str:
    return (
        "the model uses operators of full TensorFlow: put the library libtensorflowlite_flex for "
        "this machine into /usr/lib, or train it without such operators"
    )


def _old_library(name: str, version: str) -> str:
    if name.upper() != "GLIBC":
        return f"it needs a newer libstdc++ ({name}_{version}): use a newer release of the system"
    return (
        f"it needs glibc {version}, this machine has {_own_libc()}: use a newer release of the "
        "system, or a model that was built for an older one"
    )


def _own_libc() -> str:
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or "another C library"
    except (AttributeError, ValueError):
        return "another C library"


def _missing_library(library: str) -> str:
    name = os.path.basename(library)  # noqa: PTH119 - it is text
    owner = next((owner for start, owner in _OWNERS if re.match(start, name)), "")
    return f"the shared library {library} is missing: install {owner or 'what brings it'}" + (
        "" if owner else ", or name its folder in LD_LIBRARY_PATH"
    )


def _wrong_processor() -> str:
    return "it, or a library or program that it uses, is built for another processor"


_HINTS: tuple[tuple[str, Callable[..., str]], ...] = (
    (r"libtensorflowlite_flex|select tensorflow op", _flex),
    (r"\b(GLIBC|GLIBCXX|CXXABI)_([\d.]+)['`\"]? not found", _old_library),
    (r"wrong ELF class|exec format error|cannot execute binary|bad CPU type", _wrong_processor),
    (r"loading shared librar(?:ies|y):? ([^\s:]+): cannot open", _missing_library),
    (r"Error loading shared library ([^\s:]+):", _missing_library),
    (r"Library not loaded: (\S+)", _missing_library),
    (r"(?:^|[\s:'\"])([^\s:'\"]+): cannot open shared object file", _missing_library),
)
