"""The options of ``ei-runner build`` that are fields of :class:`BuildOptions`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click

from ..build.options import OPTION_NAMES, BuildOptions
from ..build.targets import BOARDS, TARGETS
from .sections import SectionedOption

__all__ = ["build_options", "chosen"]

Command = TypeVar("Command", bound=Callable[..., Any])

_HOW = "How it is built"
_ENGINES = "Engines and vendors (each can be a variable: USE_TVM=1; each has a --no-...)"
_FOLDERS = "Their folders and versions (each can be a variable: TVM_HOME=...)"
_TARGETS = "Targets by the names of their variables (TARGET_JETSON=1; better: --target)"
_COMPILERS = "Compilers (variables too: CC, CXX, CFLAGS, CXXFLAGS)"

# Section, what stands for the value (none for a switch), help.
_OPTIONS = {
    "network": (
        _HOW,
        "NAME",
        "What runs the network: compiled, linked, or a backend such as full-tflite; else chosen.",
    ),
    "target": (_HOW, "NAME", f"What the library is for: {', '.join(TARGETS)}; else this machine."),
    "compiler": (_HOW, "NAME", "gcc, clang, zig, or the path of a compiler."),
    "march": (_HOW, "NAME", "The processor to optimise for, such as native; else portable."),
    "jobs": (_HOW, "COUNT", "Compilers at once; else what processors and memory allow."),
    "sdk": (_HOW, "FOLDER", "An edge-impulse-sdk to take in place of the export's."),
    "build_timeout": (_HOW, "SECONDS", "How long the build may take (1800)."),
    "force_rebuild": (_HOW, "", "Compile everything anew (FORCE_REBUILD=1)."),
    "use_full_tflite": (_ENGINES, "", "Full TensorFlow Lite; with --no-..., never."),
    "use_tvm": (_ENGINES, "", "TVM with DRP-AI of Renesas."),
    "use_onnx": (_ENGINES, "", "ONNX Runtime with TIDL of Texas Instruments."),
    "use_qualcomm_qnn": (_ENGINES, "", "The delegate of Qualcomm QNN."),
    "use_ethos": (_ENGINES, "", "The driver of Arm Ethos-U."),
    "use_akida": (_ENGINES, "", "Akida of BrainChip."),
    "use_memryx": (_ENGINES, "", "MemryX, on x86_64 only."),
    "ei_classifier_use_memryx_software": (_ENGINES, "", "MemryX in software."),
    "ei_classifier_use_gpu_delegates": (_ENGINES, "", "The GPU delegate of TensorFlow Lite."),
    "link_tflite_flex_library": (_ENGINES, "", "The operators of full TensorFlow."),
    "tensorrt_version": (_FOLDERS, "VERSION", "Of TensorRT on a Jetson: 8, 8.5.2 or 8.6.2."),
    "tvm_home": (_FOLDERS, "FOLDER", "TVM."),
    "qnn_sdk_root": (_FOLDERS, "FOLDER", "The SDK of Qualcomm QNN."),
    "tidl_tools_path": (_FOLDERS, "FOLDER", "The tools of TIDL."),
    "ei_tflite_dir": (_FOLDERS, "FOLDER", "Full TensorFlow Lite: linux-x86 ... are in it."),
    "python_cross_path": (_FOLDERS, "PREFIX", "Python for the target, for Akida."),
    "ei_engine": (_FOLDERS, "NAME", "What an export is made for: tflite or tflite-eon."),
    "cc": (_COMPILERS, "COMMAND", "The compiler of C."),
    "cxx": (_COMPILERS, "COMMAND", "The compiler of C++."),
    "cflags": (_COMPILERS, "FLAGS", "More flags for C and C++."),
    "cxxflags": (_COMPILERS, "FLAGS", "More flags for C++."),
}
_NAMES = {"build_timeout": "--timeout"}


def build_options(command: Command) -> Command:
    """Give a command an option for each field; their values are those that :func:`chosen` takes."""
    for option in reversed(list(_made())):
        command = option(command)
    return command


def chosen(values: dict[str, Any]) -> dict[str, Any]:
    """Those of the values of a command that are fields of the build and were given."""
    return {
        name: value for name, value in values.items() if name in OPTION_NAMES and value is not None
    }


def _made() -> Iterator[Callable[[Command], Command]]:
    known = {**_OPTIONS, **{flag: (_TARGETS, "", _board(flag)) for flag in BOARDS}}
    for name in sorted(BuildOptions.__struct_fields__, key=list(known).index):
        section, metavar, text = known[name]
        option = _NAMES.get(name) or f"--{name.replace('_', '-')}"
        declared = option if metavar else f"{option}/--no-{option[2:]}"
        yield click.option(
            declared, name, cls=SectionedOption, section=section, default=None, help=text,
            metavar=metavar or None,
        )  # fmt: skip


def _board(flag: str) -> str:
    """The platform that the flag of a board stands for in the end."""
    while flag not in TARGETS:
        flag = BOARDS[flag]
    return flag
