"""What a user may say about a build: variables of the environment and options of the same name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from ei_runner_core import InvalidInputError
from ei_runner_core.authoring import read_options

from . import values

__all__ = ["OPTION_NAMES", "BuildOptions"]


class BuildOptions(Struct, frozen=True, kw_only=True):
    """How an export is compiled. Every name in capitals is the variable of the environment.

    The flags of Edge Impulse's own builds keep their names and meanings (``USE_FULL_TFLITE`` is
    the option ``use_full_tflite``); a variable that is empty counts as not set.

    ``network``: what runs the network: None decides, ``"compiled"`` for TensorFlow Lite Micro or
    EON, ``"linked"`` for full TensorFlow Lite inside of the library, else a tensor backend's name.
    ``target``: what the library is for, such as ``"linux-aarch64"``; None stands for this machine.
    ``compiler``: ``"gcc"``, ``"clang"``, ``"zig"`` or the path of a compiler.
    ``march``: the processor to optimise for; None is portable, ``"native"`` is this machine.
    ``jobs``: compilers at once; None takes the processors (``NUM_JOBS``).
    ``sdk``: a folder to take the C++ SDK from instead of the export's own.
    ``build_timeout``: seconds that a build may take.
    """

    network: str | None = None
    target: str | None = None
    compiler: str | None = None
    march: str | None = None
    jobs: int | None = None
    sdk: Path | None = None
    build_timeout: float = 1800.0

    use_full_tflite: bool | None = None
    target_linux_x86: bool = False
    target_linux_aarch64: bool = False
    target_linux_armv7: bool = False
    target_mac_x86_64: bool = False
    target_mac_arm64: bool = False
    target_renesas_rzv2l: bool = False
    target_renesas_rzg2l: bool = False
    target_am68pa: bool = False
    target_am62a: bool = False
    target_am68a: bool = False
    target_tda4vm: bool = False
    target_jetson_nano: bool = False
    target_jetson: bool = False
    target_jetson_orin: bool = False
    use_tvm: bool = False
    use_onnx: bool = False
    use_qualcomm_qnn: bool = False
    use_ethos: bool = False
    use_akida: bool = False
    use_memryx: bool = False
    ei_classifier_use_memryx_software: bool = False
    ei_classifier_use_gpu_delegates: bool = False
    link_tflite_flex_library: bool = False
    force_rebuild: bool = False
    tensorrt_version: str | None = None
    python_cross_path: str | None = None
    ei_engine: str | None = None
    tvm_home: Path | None = None
    qnn_sdk_root: Path | None = None
    tidl_tools_path: Path | None = None
    ei_tflite_dir: Path | None = None
    cc: str | None = None
    cxx: str | None = None
    cflags: str | None = None
    cxxflags: str | None = None

    @classmethod
    def read(cls, options: Mapping[str, Any], environment: Mapping[str, str]) -> BuildOptions:
        """Read what was given as options, then what the environment says besides.

        Args:
            options: values by name; what is None was not given. Names in capitals, as the
                variables are written, are taken too.
            environment: variables by name, such as ``os.environ``. Empty ones are not set.

        Raises:
            InvalidInputError: an option is unknown, or a value is not what it takes.
        """
        given = read_options("sdk-ffi", _by_option(options), _READERS)
        return cls(**{**_from_environment(environment, given), **given})


_CHOICES: dict[str, Callable[[Any], Any]] = {
    "build_timeout": values.seconds,
    "jobs": values.positive,
    **dict.fromkeys(
        ("sdk", "tvm_home", "qnn_sdk_root", "tidl_tools_path", "ei_tflite_dir"), values.path
    ),
    **dict.fromkeys(("network", "target", "march", "ei_engine"), values.text),
    **dict.fromkeys(("compiler", "cc", "cxx", "cflags", "cxxflags"), values.words),
    **dict.fromkeys(("tensorrt_version", "python_cross_path"), values.text),
}
_READERS = {name: _CHOICES.get(name, values.switch) for name in BuildOptions.__struct_fields__}
OPTION_NAMES = frozenset(_READERS)

# Options of ours have no variable: names such as TARGET mean other things to other programs.
_WITHOUT_VARIABLE = {"network", "target", "compiler", "march", "sdk", "build_timeout", "jobs"}
_VARIABLES = {name.upper(): name for name in OPTION_NAMES - _WITHOUT_VARIABLE} | {
    "NUM_JOBS": "jobs"
}


def _by_option(options: Mapping[str, Any]) -> dict[str, Any]:
    return {_VARIABLES.get(name, name): value for name, value in options.items()}


def _from_environment(environment: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, Any]:
    """What the variables say, but for those that an option overrides."""
    return {
        option: _read_variable(variable, environment[variable], _READERS[option])
        for variable, option in _VARIABLES.items()
        if option not in given and environment.get(variable, "").strip()
    }


def _read_variable(variable: str, value: str, reader: Callable[[Any], Any]) -> Any:
    try:
        return reader(value)
    except ValueError as error:
        raise InvalidInputError(
            f"the variable {variable} of the environment is {value!r}, expected {error}"
        ) from None
