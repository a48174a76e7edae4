"""What code may use of a processor: LLVM's names for it, and those of the kernel of Linux."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from msgspec import Struct

from ei_runner_core import InvalidInputError

from .compile_options import NATIVE, PORTABLE
from .machine import vector_features
from .targets import Target, this_platform

__all__ = ["Processor", "choose_processor"]

# What compilers use by themselves, by the kernel's name; it has the same one for LLVM if none is
# given. Scalable vectors are not among what is used of this machine: nothing here counts on them.
_FEATURES = {
    "x86_64": {
        "abm": "lzcnt", "avx": "", "avx2": "", "avx512_bf16": "avx512bf16",
        "avx512_bitalg": "avx512bitalg", "avx512_vbmi2": "avx512vbmi2",
        "avx512_vnni": "avx512vnni", "avx512_vpopcntdq": "avx512vpopcntdq", "avx512bw": "",
        "avx512cd": "", "avx512dq": "", "avx512f": "", "avx512ifma": "", "avx512vbmi": "",
        "avx512vl": "", "avx_vnni": "avxvnni", "bmi1": "bmi", "bmi2": "", "f16c": "", "fma": "",
        "movbe": "", "popcnt": "", "sse4_1": "sse4.1", "sse4_2": "sse4.2", "ssse3": "",
    },
    "aarch64": {
        "asimddp": "dotprod", "asimdfhm": "fp16fml", "asimdhp": "fullfp16", "asimdrdm": "rdm",
        "atomics": "lse", "bf16": "", "crc32": "crc", "fcma": "complxnum", "i8mm": "",
        "jscvt": "jsconv", "lrcpc": "rcpc", "sve": "", "sve2": "",
    },
    "arm": {"idiva": "hwdiv-arm", "idivt": "hwdiv", "vfpv4": "vfp4"},
}  # fmt: skip
_SCALABLE = {"sve", "sve2"}
_WIDE = "avx"
_MOST_NAMED = 8
_TYPICAL = {
    "linux-x86_64": ("haswell", "skylake", "znver3", "x86-64-v3"),
    "linux-aarch64": ("cortex-a53", "cortex-a72", "cortex-a76", "neoverse-n1"),
    "linux-armv7": ("cortex-a7", "cortex-a9", "cortex-a53"),
    "mac-arm64": ("apple-a14", "apple-m4"),
    "mac-x86_64": ("haswell", "skylake"),
}


class Processor(Struct, frozen=True):
    """A processor to compile for.

    ``llvm`` is TVM's target. ``features`` are what it has beyond the oldest processor of its
    platform, as the kernel of Linux spells it; ``vector_bits`` the size of a register.
    """

    llvm: Any
    features: tuple[str, ...]
    vector_bits: int


def choose_processor(target: Target, march: str) -> Processor:
    """The processor that the option ``march`` means.

    Raises:
        InvalidInputError: LLVM does not know it, cannot compile for it, or it is not of the target.
    """
    make, codegen = import_module("tvm.target").Target, import_module("tvm.target.codegen")
    config: dict[str, Any] = {"kind": "llvm", "mtriple": target.triple, **target.attributes}
    _check_architecture(target, map(str, codegen.llvm_get_targets()))
    features: Iterable[str] = ()
    if march == NATIVE:
        features = _features_here(target)
        config["mattr"] = [*config.get("mattr", []), *_attributes(target, features)]
    elif march != PORTABLE:
        _check_name(target, march, codegen)
        oldest = set(map(str, codegen.llvm_get_cpu_features(make(config))))
        config["mcpu"] = march
        newest = set(map(str, codegen.llvm_get_cpu_features(make(config))))
        features = _known(target, newest - oldest)
    if not config.get("mattr"):
        config.pop("mattr", None)
    chosen = tuple(sorted(features))
    return Processor(make(config), chosen, 256 if _WIDE in chosen else 128)


def _features_here(target: Target) -> list[str]:
    if target.name != this_platform():
        raise InvalidInputError(
            f"the option 'march' of tvm is {NATIVE!r}, which is this machine ({this_platform()}) "
            f"and not {target.name}; name a processor, or leave it out"
        )
    known = _FEATURES[target.machine].keys() - _SCALABLE
    return [name for name in vector_features() if name in known]


def _attributes(target: Target, features: Iterable[str]) -> list[str]:
    names = _FEATURES[target.machine]
    return [f"+{names[feature] or feature}" for feature in features]


def _known(target: Target, llvm_features: set[str]) -> list[str]:
    """By the kernel's names; elsewhere than on Linux nothing tells whether a machine has them."""
    if target.is_mac:
        return []
    names = _FEATURES[target.machine]
    return [name for name, other in names.items() if (other or name) in llvm_features]


def _check_architecture(target: Target, known: Iterable[str]) -> None:
    """LLVM may have been built without a kind of processor; using it would end the process."""
    names = set(known)
    if target.machine not in names:
        raise InvalidInputError(
            f"the LLVM of this TVM has no {target.machine} and cannot compile for {target.name}, "
            f"only for {', '.join(sorted(names))}; install another TVM: pip install "
            "--force-reinstall apache-tvm"
        )


def _check_name(target: Target, march: str, codegen: Any) -> None:
    if codegen.llvm_is_valid_cpu(march, target.triple):
        return
    config = {"kind": "llvm", "mtriple": target.triple, **target.attributes}
    llvm = import_module("tvm.target").Target(config)
    names = list(map(str, codegen.llvm_get_cpu_archlist(llvm)))
    alike = get_close_matches(march.lower(), names, _MOST_NAMED) or _TYPICAL[target.name]
    native = f", {NATIVE!r}" if target.name == this_platform() else ""
    raise InvalidInputError(
        f"the option 'march' of tvm is {march!r}, which LLVM does not know for {target.name}; "
        f"expected {PORTABLE!r}{native} or one of {len(names)} names, such as {', '.join(alike)}"
    )
