"""What cannot be built, and why: flags that exclude each other or lack their vendor's SDK."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

from ei_runner_core import InvalidInputError

from .flags.demands import asked_engines, demands_of_full
from .flags.jetson import VERSIONS
from .flags.qnn import FOLDERS
from .options import BuildOptions
from .targets import Target, choose_target, named_boards

__all__ = ["refuse_contradictions"]

_SDK_VARIABLES = {"use_tvm": "tvm_home", "use_qualcomm_qnn": "qnn_sdk_root"}
_AKIDA_TARGETS = ("linux-x86_64", "linux-aarch64")


def refuse_contradictions(options: BuildOptions) -> None:
    """Check options against each other.

    Raises:
        InvalidInputError: two of them exclude each other, or one lacks what it needs.
    """
    target = choose_target(options)
    for refusal in chain(_vendors(options, target), *(rule(options) for rule in _RULES)):
        raise InvalidInputError(refusal)


def _sdk_variables(options: BuildOptions) -> Iterator[str]:
    for flag, variable in _SDK_VARIABLES.items():
        if getattr(options, flag) and getattr(options, variable) is None:
            yield (
                f"{flag.upper()} needs {variable.upper()}, which is not set; set it to the "
                "folder where the vendor's SDK is installed"
            )


def _one_engine(options: BuildOptions) -> Iterator[str]:
    engines = asked_engines(options)
    if len(engines) > 1:
        first, second = (flag.upper() for flag in engines[:2])
        yield f"{first} and {second} ask for two engines, a library runs one; leave one out"
    if options.use_qualcomm_qnn and options.ei_classifier_use_gpu_delegates:
        yield (
            "USE_QUALCOMM_QNN and EI_CLASSIFIER_USE_GPU_DELEGATES ask for two delegates, the SDK "
            "takes one; leave one out"
        )


def _full_tflite(options: BuildOptions) -> Iterator[str]:
    demands = demands_of_full(options)
    if demands and options.use_full_tflite is False:
        yield f"{demands[0].upper()} needs full TensorFlow Lite; leave USE_FULL_TFLITE=0 out"
    if options.use_akida and options.use_full_tflite:
        yield (
            "USE_AKIDA takes the place of USE_FULL_TFLITE and brings full TensorFlow Lite by "
            "itself; leave USE_FULL_TFLITE=1 out"
        )
    if options.ei_engine == "tflite-eon" and (demands or options.use_full_tflite):
        asks = demands[0].upper() if demands else "USE_FULL_TFLITE=1"
        yield (
            f"EI_ENGINE=tflite-eon asks for compiled code and {asks} for full TensorFlow Lite, "
            "which cannot run it; set EI_ENGINE=tflite"
        )


def _network(options: BuildOptions) -> Iterator[str]:
    network, demands = options.network, (*demands_of_full(options), *asked_engines(options))
    if network == "compiled" and options.use_full_tflite:
        yield "network='compiled' and USE_FULL_TFLITE=1 exclude each other; leave one out"
    if network not in (None, "compiled") and options.use_full_tflite is False:
        yield (
            f"network={network!r} and USE_FULL_TFLITE=0 exclude each other: 0 stands for "
            "TensorFlow Lite Micro; leave one out"
        )
    if network == "compiled" and demands_of_full(options):
        yield f"{demands[0].upper()} needs full TensorFlow Lite; leave network='compiled' out"
    if network not in (None, "compiled", "linked") and demands:
        yield (
            f"{demands[0].upper()} runs the network inside of the library and "
            f"network={network!r} outside of it; leave one out"
        )


def _tidl(options: BuildOptions) -> Iterator[str]:
    if options.use_onnx and "target_tda4vm" not in named_boards(options):
        yield (
            "USE_ONNX stands for Texas Instruments' TIDL; set TARGET_TDA4VM, TARGET_AM62A, "
            "TARGET_AM68A or TARGET_AM68PA too, or take network='onnx' for ONNX Runtime"
        )


def _tensorrt(options: BuildOptions) -> Iterator[str]:
    version, boards = options.tensorrt_version, named_boards(options)
    if version is None:
        return
    if version not in VERSIONS:
        yield f"TENSORRT_VERSION={version} is unknown; there are {', '.join(VERSIONS)}"
    if not {"target_jetson", "target_jetson_orin"} & set(boards):
        yield (
            "TENSORRT_VERSION is for Jetson boards; set TARGET_JETSON_NANO, TARGET_JETSON or "
            "TARGET_JETSON_ORIN, or leave it out"
        )


def _vendors(options: BuildOptions, target: Target) -> Iterator[str]:
    if options.use_memryx and target.name != "linux-x86_64":
        yield (
            f"MemryX has drivers and a runtime for linux-x86_64 only, this is {target.name}; "
            "set TARGET_LINUX_X86=1 or leave USE_MEMRYX out"
        )
    if options.ei_classifier_use_memryx_software and not options.use_memryx:
        yield "EI_CLASSIFIER_USE_MEMRYX_SOFTWARE chooses MemryX' simulation; set USE_MEMRYX=1 too"
    if options.use_akida and target.name not in _AKIDA_TARGETS:
        yield _only_for("USE_AKIDA", _AKIDA_TARGETS, target)
    if options.use_qualcomm_qnn and target.name not in FOLDERS:
        yield _only_for("USE_QUALCOMM_QNN", tuple(FOLDERS), target)
    if options.use_ethos and target.is_mac:
        yield _only_for("USE_ETHOS", ("linux-aarch64", "linux-armv7"), target)


def _python(options: BuildOptions) -> Iterator[str]:
    embeds = options.use_akida or options.ei_classifier_use_memryx_software
    if options.python_cross_path and not embeds:
        yield (
            "PYTHON_CROSS_PATH names the Python that USE_AKIDA and "
            "EI_CLASSIFIER_USE_MEMRYX_SOFTWARE embed; set one of them or leave it out"
        )


def _only_for(flag: str, platforms: tuple[str, ...], target: Target) -> str:
    return (
        f"{flag} is for {' and '.join(platforms)}, this is {target.name}; choose a target of them"
    )


_RULES: tuple[Callable[[BuildOptions], Iterator[str]], ...] = (
    _sdk_variables,
    _one_engine,
    _full_tflite,
    _network,
    _tidl,
    _tensorrt,
    _python,
)
