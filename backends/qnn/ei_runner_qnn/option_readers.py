"""Reading single options for ``.onnx`` networks.

Each function raises ``ValueError`` with what it expects, or an ``InvalidInputError`` with the whole
message.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from ei_runner_core import InvalidInputError
from ei_runner_core.authoring import read_choice
from ei_runner_onnx.library_paths import is_text

__all__ = [
    "read_architecture",
    "read_backend_path",
    "read_backend_type",
    "read_boolean",
    "read_number",
    "read_profiling_file",
]

_ARCHITECTURES = (68, 69, 73, 75, 79, 81)
_NO_BACKENDS = {
    "cpu": (
        "onnxruntime-qnn brings no libQnnCpu.so; take the backend onnx for the CPU, or name that "
        "library of Qualcomm's SDK in 'backend_path'"
    ),
    "ir": "it writes the network down and runs nothing",
    "saver": "it writes calls down, runs nothing, and gives out zeros as answers",
}
_LIBRARIES = re.compile(r"(lib)?Qnn(Htp|Gpu|Cpu)\.(so|dll)", re.IGNORECASE)


def read_backend_type(value: object) -> str:
    """The name of a backend that runs networks."""
    if isinstance(value, str) and value in _NO_BACKENDS:
        raise InvalidInputError(
            f"the option 'backend_type' of qnn is {value!r}, expected 'htp' or 'gpu': "
            f"{_NO_BACKENDS[value]}"
        )
    return str(read_choice("htp", "gpu")(value))


def read_backend_path(value: object) -> Path:
    """Where it is, is told when the libraries of the provider are known: a name is enough."""
    # Others write networks down instead of running them, or end the process.
    if not isinstance(value, (str, Path)) or not is_text(value) or not _is_backend(Path(value)):
        raise ValueError("the path of libQnnHtp.so, libQnnGpu.so or libQnnCpu.so")
    return Path(value).expanduser()


def read_profiling_file(value: object) -> Path:
    """A file that can be written; it is not made."""
    if not isinstance(value, (str, Path)) or not is_text(value):
        raise ValueError("the path of a CSV file")
    try:
        path = Path(value).expanduser().absolute()
    except RuntimeError:
        raise ValueError("the path of a CSV file, of a user that is there") from None
    try:
        is_new = not path.exists()
        with path.open("ab"):  # the provider adds to what is there
            pass
        if is_new:  # it writes a heading into a file that it makes
            path.unlink()
    except OSError as error:
        raise InvalidInputError(
            f"the option 'profiling_file' of qnn is {path}, which cannot be written: "
            f"{error.strerror}; name a file in a folder that is there"
        ) from error
    return path


def read_number(first: int, last: int) -> Callable[[object], int]:
    """A reader for a whole number."""

    def read(value: object) -> int:
        if type(value) is not int or not first <= value <= last:
            raise ValueError(f"a number from {first} to {last}")
        return value

    return read


def read_architecture(value: object) -> int:
    """A version of the Hexagon processor."""
    if type(value) is not int or value not in _ARCHITECTURES:
        raise ValueError(f"a version of the Hexagon: {', '.join(map(str, _ARCHITECTURES))}")
    return value


def read_boolean(value: object) -> bool:
    """True or false, and nothing that only counts as such."""
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _is_backend(path: Path) -> bool:
    return _LIBRARIES.fullmatch(path.name) is not None
