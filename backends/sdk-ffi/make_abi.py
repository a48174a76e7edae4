"""Writes ei_runner_sdk_ffi/_abi.py from the headers of the shim: run it after changing one.

cffi needs a parser of C to understand declarations. What it makes of them is kept, so that opening
a model does not wait for one.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from cffi import FFI

HERE = Path(__file__).parent / "ei_runner_sdk_ffi"
HEADERS = (HERE / "shim/ei_runner.h", HERE / "shim/tensorflow/ei_runner_network.h")
_DIRECTIVES = re.compile(r"^ *#.*(?:\\\n.*)*$", re.MULTILINE)
_LINKAGE = re.compile(r'^extern "C" \{$|^\}$', re.MULTILINE)


def make(target: Path) -> None:
    """Write the module to a file."""
    ffi = FFI()
    ffi.cdef("\n".join(map(declarations, HEADERS)))
    ffi.set_source("ei_runner_sdk_ffi._abi", None)
    ffi.emit_python_code(str(target))


def declarations(header: Path) -> str:
    """What a header declares, without what is for compilers only."""
    return _LINKAGE.sub("", _DIRECTIVES.sub("", header.read_text()))


if __name__ == "__main__":
    make(Path(sys.argv[1]) if sys.argv[1:] else HERE / "_abi.py")
