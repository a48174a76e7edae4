"""Which compiler builds a library: the one that the user names, or the first that is installed."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from ei_runner_core import BuildError

from .options import BuildOptions
from .probes import answer_of
from .targets import Target, machine_of, this_machine

__all__ = ["Kind", "Toolchain", "find_toolchain", "usual_toolchain"]

Kind = Literal["gcc", "clang", "zig"]
Words = tuple[str, ...]


@dataclass(frozen=True)
class Toolchain:
    """The compilers of C++ and C, as the first words of a command.

    ``identity``: what makes their objects differ from those of another: version text and target.
    ``static_runtime``: whether the C++ runtime can go into the library, so that an older one that
    the process has loaded does not matter. ``problem``: why nothing can be built with it; a plan
    can still be made and printed.
    """

    kind: Kind
    cxx: Words
    c: Words
    identity: str
    static_runtime: bool = False
    problem: str = ""


def find_toolchain(options: BuildOptions, target: Target) -> Toolchain:
    """The compiler for a target: the one that the options name, else the first that answers.

    Raises:
        BuildError: there is none; the message says what was looked for and what to install.
    """
    passed_over: list[str] = []
    for cxx in _candidates(options, target):
        version = answer_of((*cxx, "--version" if _is_zig(cxx) else "-v"))
        makes = re.search(r"^Target: (\S+)", version or "", re.MULTILINE)
        if version and makes and machine_of(makes[1]) == target.name:
            return _toolchain(cxx, version, options, target)
        is_named = options.cxx and not options.compiler and not passed_over
        if is_named and target == this_machine():
            _refuse_broken(str(options.cxx), version)
        reason = f"makes code for {makes[1]}" if makes else "not found"
        passed_over.append(f"{shlex.join(_shown(cxx))} ({reason})")
    raise BuildError(_nothing_found(passed_over, target))


def _refuse_broken(cxx: str, version: str | None) -> None:
    """One for another platform does no harm, as that of an environment; one that fails is wrong."""
    if not version:
        raise BuildError(
            f"CXX={cxx} of the environment is no C++ compiler that works; name one that does, or "
            "unset CXX"
        )


def usual_toolchain(target: Target, problem: str) -> Toolchain:
    """What usually builds for a target: to show a plan where nothing is installed that could."""
    if target.is_mac:
        return Toolchain("clang", ("clang++",), ("clang",), "", problem=problem)
    prefix = "" if target == this_machine() else f"{target.gcc}-"
    return Toolchain("gcc", (f"{prefix}g++",), (f"{prefix}gcc",), "", problem=problem)


def _toolchain(cxx: Words, version: str, options: BuildOptions, target: Target) -> Toolchain:
    c = _c_compiler(cxx, options, target)
    kind = _kind(cxx, version)
    versions = [version] if c[: len(cxx)] == cxx else [version, answer_of((*c, "-v")) or ""]
    identity = "\n".join([target.name, *map(_what_counts, versions)])
    return Toolchain(kind, cxx, c, identity, kind != "zig" and _has_static_runtime(cxx, target))


def _candidates(options: BuildOptions, target: Target) -> Iterator[Words]:
    """Compilers to ask, the first that answers and fits is taken."""
    if options.compiler in ("gcc", "clang", "zig"):
        yield from _INSTALLED[options.compiler](target)
    elif options.compiler:
        yield _for_target(_words(options.compiler), target)
    else:
        if options.cxx:
            yield _for_target(_words(options.cxx), target)
        for kind in ("clang", "gcc", "zig") if target.is_mac else ("gcc", "clang", "zig"):
            yield from _INSTALLED[kind](target)


def _gcc(target: Target) -> Iterator[Words]:
    if target == this_machine():
        yield ("g++",)
    if target.gcc:
        yield (f"{target.gcc}-g++",)


def _clang(target: Target) -> Iterator[Words]:
    # For another platform clang needs a sysroot, of which nothing is known here.
    if target == this_machine() or (target.is_mac and sys.platform == "darwin"):
        yield _for_target(("clang++",), target)


def _zig(target: Target) -> Iterator[Words]:
    if find_spec("ziglang"):
        yield _for_target((sys.executable, "-m", "ziglang", "c++"), target)
    elif shutil.which("zig"):
        yield _for_target(("zig", "c++"), target)


_INSTALLED = {"gcc": _gcc, "clang": _clang, "zig": _zig}


def _for_target(cxx: Words, target: Target) -> Words:
    if _is_zig(cxx) and target.zig:
        return (*cxx, "-target", target.zig)
    if target.is_mac and sys.platform == "darwin":
        return (*cxx, "-arch", target.machine)
    return cxx


def _words(command: str) -> Words:
    """The words of a variable such as ``CXX="ccache g++"``; a path may hold spaces."""
    return (command,) if Path(command).exists() else tuple(shlex.split(command))


def _c_compiler(cxx: Words, options: BuildOptions, target: Target) -> Words:
    """The compiler of C: ``CC`` beside ``CXX`` or on this machine, else the same one as for C++."""
    goes_with = options.cxx and cxx == _for_target(_words(options.cxx), target)
    if options.cc and not options.compiler and (goes_with or target == this_machine()):
        return _for_target(_words(options.cc), target)
    return (*cxx, "-x", "c")


def _kind(cxx: Words, version: str) -> Kind:
    if _is_zig(cxx):
        return "zig"
    return "clang" if re.search(r"\bclang version\b", version) else "gcc"


def _is_zig(cxx: Words) -> bool:
    return "ziglang" in cxx or Path(cxx[0]).name.startswith("zig")


def _has_static_runtime(cxx: Words, target: Target) -> bool:
    if target.is_mac:
        return False
    found = answer_of((*cxx, "-print-file-name=libstdc++.a"))
    return found is not None and Path(found).is_absolute()


def _what_counts(version: str) -> str:
    """The lines of a version text that do not tell where the compiler is and how it was called."""
    lines = (line for line in version.splitlines() if "/" not in line)
    return "\n".join(line for line in lines if "Target: " in line or " version " in line)


def _shown(cxx: Words) -> Words:
    return ("python", *cxx[1:]) if cxx[0] == sys.executable else cxx


def _nothing_found(passed_over: list[str], target: Target) -> str:
    tried = ", ".join(passed_over) or "zig"
    zig = 'or pip install "ei-runner-sdk-ffi[zig]"'
    if target.is_mac and sys.platform == "darwin":
        remedy = "install Apple's command line tools with xcode-select --install"
    elif target.is_mac:
        remedy, zig = 'pip install "ei-runner-sdk-ffi[zig]"', "which can build for macOS"
    elif target == this_machine() or not target.gcc:
        remedy = "install one, such as with apt install g++"
    else:
        remedy = f"install one, such as with apt install g++-{target.gcc.replace('_', '-')}"
    return f"there is no C++ compiler for {target.name}; tried {tried}; {remedy}, {zig}"
