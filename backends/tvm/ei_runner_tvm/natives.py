"""Shared libraries, looked at before they are loaded: what is wrong with them, if anything is."""

from __future__ import annotations

from typing import BinaryIO

from msgspec import Struct

from ei_runner_core.authoring.native_files import (
    Content,
    Damaged,
    describe,
    loads_here,
    read_native_file,
    this_machine,
)

__all__ = ["Verdict", "judge_library"]


class Verdict(Struct, frozen=True):
    """What keeps a library from being loaded: clauses that follow its name, empty if all is well.

    ``damage`` tells that it is none, or not whole; ``misfit`` that it is for another machine.
    """

    damage: str = ""
    misfit: str = ""

    def __bool__(self) -> bool:
        return not (self.damage or self.misfit)


def judge_library(file: BinaryIO) -> Verdict:
    """Look at the head of a file; errors of reading it are damage too."""
    try:
        head = read_native_file(Content(file))
    except (OSError, Damaged) as error:
        return Verdict(damage=f"is damaged: {error}")
    if head is None:
        return Verdict(damage="is no shared library")
    if not loads_here(head):
        system, machine = this_machine()
        here, there = describe(system, (machine,)), describe(head.system, head.machines)
        return Verdict(misfit=f"is for {there}, this machine is {here}")
    if head.damage:
        return Verdict(damage=f"is damaged: {head.damage}")
    return Verdict() if head.kind == "library" else Verdict(damage=f"is a {head.kind}, no library")
