"""The causes of failed builds in plain words, by what compilers and linkers say."""

from __future__ import annotations

import re

__all__ = ["CAUSES", "HEADER", "LIBRARY", "OUT_OF_MEMORY", "UNDEFINED", "VENDORS"]


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.MULTILINE)


OUT_OF_MEMORY = _any(
    r"[Kk]illed signal", "internal compiler error: Killed", "out of memory", "ran out of memory",
    "Cannot allocate memory", r"terminated by signal 9",
)  # fmt: skip

HEADER = _any(r"fatal error: ([^:\s]+): No such file", r"fatal error: '([^']+)' file not found")

LIBRARY = _any(
    r"cannot find -l([^\s:]+)", r"unable to find library -l(\S+)", r"library '([^']+)' not found",
    r"library not found for -l(\S+)", r"cannot find (\S+\.(?:a|so))\b",
)  # fmt: skip

UNDEFINED = _any(
    r"undefined reference to [`'](.+?)'$", r"undefined symbol: (.+)$", r"^\s*\"(.+?)\", referenced",
    r"undefined reference to [`'](.+?)'",
)  # fmt: skip

VENDORS = (
    (re.compile(r"dlpack|dmlc|^tvm"), "set TVM_HOME to a build of Apache TVM"),
    (re.compile(r"[Qq]nn|QNN"), "set QNN_SDK_ROOT to Qualcomm's AI Engine Direct SDK"),
    (
        re.compile(r"onnxruntime|tidl|dlr|vx_|ti_rpmsg"),
        "set TIDL_TOOLS_PATH to TI's tools",
    ),
    (re.compile(r"[Nn]v[Ii]nfer|nvonnx|cuda|ei_debug"), "install TensorRT, see TENSORRT_VERSION"),
    (re.compile(r"memx|[Mm]emry[Xx]"), "install MemryX' runtime, or unset USE_MEMRYX"),
    (
        re.compile(r"pybind11|^Python\.h|^python"),
        "install Python's headers and pybind11, or set PYTHON_CROSS_PATH",
    ),
    (re.compile(r"[Aa]kida"), "install Akida's packages, or unset USE_AKIDA"),
    (re.compile(r"ethosu"), "get the driver of Ethos-U for Linux, or unset USE_ETHOS"),
    (
        re.compile(r"ll_aton"),
        "this export runs on the accelerator of an STM32N6 only; export again as a C++ library",
    ),
    (re.compile(r"flex"), "download the flex library, or unset LINK_TFLITE_FLEX_LIBRARY"),
)
"""What to do about a header or library that a vendor's SDK brings."""

CAUSES = (
    (
        _any("No space left on device", "Disk quota exceeded"),
        "the disk is full; make room, or set EI_RUNNER_CACHE to a folder on another one",
    ),
    (
        _any("Cannot use full TensorFlow Lite with EON"),
        "an export for EON has nothing for full TensorFlow Lite to run; unset USE_FULL_TFLITE",
    ),
    (
        _any(
            r"file not found: .*\.(?:tflite|onnx|bin)",
            "[Cc]ould not find incbin file",
            r"\.(?:tflite|onnx|bin)['\"]?:? No such file",
        ),
        "the network is missing from the export; export again",
    ),
    (
        _any(
            r"bad value .* for .-m(?:cpu|arch|tune)",
            r"unknown target CPU|unknown CPU",
            r"unsupported argument '[^']+' to option '-?m(?:cpu|arch)",
            r"unrecognized (?:argument in )?(?:command-line )?option .-m(?:cpu|arch|fpu|float)",
        ),
        "this compiler does not know the processor that was asked for; leave march out",
    ),
    (
        _any(
            "error trying to exec", "cannot execute", "cc1plus: not found", "installation problem"
        ),
        "the compiler is incomplete; install it again, as with apt install g++",
    ),
    (
        _any("multiple definition", "duplicate symbol"),
        "something is defined twice; remove stray files from tflite-model",
    ),
)
"""Each a pattern of the output and the cause; the first that fits counts."""
