"""From object files to a library: which compiler links, and what it says when it fails."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from ei_runner_core import BuildError, DeadlineError

from .messages import shortened
from .targets import Target, platform_of, this_platform

__all__ = ["find_linker", "link"]

Words = tuple[str, ...]

_DEADLINE = 600.0  # s; zig makes its own C library first
_PROBE_DEADLINE = 60.0  # s; zig unpacks itself
_SHARED: Words = ("-shared", "-fPIC", "-o")
# No needless library has to be on the device, and no path of this machine gets into the file.
_OF_LINUX: Words = ("-Wl,--as-needed", "-Wl,-s", "-Wl,--build-id=none", "-lm")
_OF_MAC: Words = ("-undefined", "dynamic_lookup", "-Wl,-install_name,network.so")


def find_linker(target: Target, cc: str = "") -> Words:
    """The command that links for a platform: the first that is there and makes code for it.

    Args:
        target: the platform.
        cc: the command that the user wants; else the variable ``CXX`` and what is installed.

    Raises:
        BuildError: there is none, or the one that was asked for does not work.
    """
    if cc:
        command = _for_target(_words(cc), target)
        _require(command, target, cc)
        return command
    if (cxx := os.environ.get("CXX", "").strip()) and (command := _from_environment(cxx, target)):
        return command
    for command in _installed(target):
        if _makes(command) == target.name:
            return command
    raise BuildError(_nothing_found(target))


def link(command: Sequence[str], objects: Sequence[str], output: Path, target: Target) -> None:
    """Make a shared library.

    Args:
        command: of :func:`find_linker`.
        objects: the paths of the object files.
        output: where the library goes.
        target: the platform.

    Raises:
        BuildError: the linker failed; the message has its own words.
        DeadlineError: it did not end.
    """
    flags = _OF_MAC if target.is_mac else _OF_LINUX
    words = [*command, *_SHARED, os.fspath(output), *objects, *flags]
    code, said = _run(words, _DEADLINE)
    if code is None:
        raise DeadlineError(
            f"{_shown(command)} has not linked the network for {target.name} within "
            f"{_DEADLINE:g} s; try another compiler with the option cc"
        )
    if code != 0 or not output.is_file():
        raise BuildError(
            f"{_shown(command)} cannot link the network for {target.name} (exit code {code}): "
            f"{shortened(said) or 'it says nothing'}; try another compiler with the option cc"
        )


def _from_environment(cxx: str, target: Target) -> Words:
    """Nothing, where it makes code for another platform: then it is meant for others."""
    command = _for_target(_words(cxx), target)
    makes = _makes(command)
    if not makes and target.name == this_platform():
        raise BuildError(
            f"CXX={shortened(cxx, 200)} of the environment is no C++ compiler that works; name one "
            "that does, or unset CXX"
        )
    return command if makes == target.name else ()


def _installed(target: Target) -> Iterator[Words]:
    is_here = target.name == this_platform()
    if is_here:
        names = ("clang++", "g++") if target.is_mac else ("g++", "clang++")
        yield from ((name,) for name in (*names, "c++", "gcc", "clang", "cc") if shutil.which(name))
    elif target.is_mac and sys.platform == "darwin" and shutil.which("clang++"):
        yield ("clang++", "-arch", "arm64" if target.machine == "aarch64" else target.machine)
    if target.gcc:
        names = (f"{target.gcc}-g++", f"{target.gcc}-gcc")
        yield from ((name,) for name in names if shutil.which(name))
    if find_spec("ziglang"):
        yield _for_target((sys.executable, "-m", "ziglang", "cc"), target)
    elif shutil.which("zig"):
        yield _for_target(("zig", "cc"), target)


def _words(command: str) -> Words:
    """The words of a command such as ``ccache g++``; a path may hold spaces."""
    with contextlib.suppress(OSError, ValueError):  # it is too long for a path
        if Path(command).exists():
            return (command,)
    try:
        return tuple(shlex.split(command))
    except ValueError:
        return (command,)


def _for_target(command: Words, target: Target) -> Words:
    """Zig makes code for every platform, but has to be told which."""
    is_zig = "ziglang" in command or (command and Path(command[0]).name in ("zig", "zig.exe"))
    return (*command, "-target", target.zig) if is_zig and "-target" not in command else command


def _makes(command: Sequence[str]) -> str:
    """The platform that a compiler makes code for; empty where it does not tell."""
    _, said = _run([*command, "-v"], _PROBE_DEADLINE)
    target = re.search(r"\bTarget: (\S+)", said)
    return platform_of(target[1]) if target else ""


def _require(command: Words, target: Target, cc: str) -> None:
    if not command or not shutil.which(command[0]):
        found = "is not found"
    elif makes := _makes(command):
        found = f"makes code for {makes}" if makes != target.name else ""
    else:
        found = "is no compiler that works"
    if found:
        raise BuildError(
            f"{shortened(repr(cc), 200)} of the option cc {found}, expected a compiler that links "
            f"for {target.name}"
        )


def _run(words: Sequence[str], deadline: float) -> tuple[int | None, str]:
    """Exit code, None after the deadline, and what a program and those it started said.

    The others stay in the group of this process, which is ended as a whole.
    """
    try:
        finished = subprocess.run(  # noqa: S603 - the compiler that the user chose
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "LC_ALL": "C"},
            timeout=deadline,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None, ""
    except OSError as error:
        return -1, str(error)
    return finished.returncode, " ".join(finished.stdout.decode(errors="replace").split())


def _shown(command: Sequence[str]) -> str:
    words = ["python" if word == sys.executable else word for word in command]
    return shortened(shlex.join(words), 200)


def _nothing_found(target: Target) -> str:
    zig = "pip install ziglang"
    if target.is_mac:
        on_mac = "install Apple's command line tools with xcode-select --install, or "
        remedy = f"{on_mac if sys.platform == 'darwin' else ''}{zig}, which can link for macOS"
    elif target.name == this_platform():
        remedy = f"install one, such as with apt install g++, or {zig}"
    else:
        remedy = f"install one, such as with apt install g++-{target.gcc}, or {zig}"
    return (
        f"there is no compiler that links for {target.name}; {remedy}; or name one with the option "
        "cc, or the variable CXX"
    )
