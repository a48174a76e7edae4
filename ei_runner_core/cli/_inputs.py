"""What the user wants the model to look at: files, folders, stdin, numbers."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import InvalidInputError
from ..files import MAX_BYTES, SUFFIXES, fit_window, parse_features, read_window

if TYPE_CHECKING:
    from ..files import WindowInput
    from ..parameters import ModelParameters

__all__ = ["FeaturesInput", "FileInput", "Input", "StdinInput", "find_inputs", "is_folder"]


@dataclass(frozen=True)
class FileInput:
    """A file; whether it is there shows when it is read."""

    path: str

    @property
    def shown(self) -> str:
        """The path as it was typed, if it can be printed."""
        return click.format_filename(self.path)

    def read(self, parameters: ModelParameters) -> WindowInput:
        """Read the window that the file holds."""
        return read_window(Path(self.path), parameters, self.shown)


@dataclass(frozen=True)
class StdinInput:
    """What comes through the pipe."""

    shown: str = "-"

    def read(self, parameters: ModelParameters) -> WindowInput:
        """Read stdin to its end."""
        try:
            content = sys.stdin.buffer.read(MAX_BYTES + 1) if sys.stdin is not None else b""
        except OSError as error:  # a folder, for example
            raise InvalidInputError(
                f"stdin: cannot be read: {error.strerror}; pipe a file into it"
            ) from error
        return read_window(content, parameters, "stdin")


@dataclass(frozen=True)
class FeaturesInput:
    """Numbers from the command line."""

    text: str
    shown: str = "--features"

    def read(self, parameters: ModelParameters) -> WindowInput:
        """Read the numbers."""
        try:
            return fit_window(parse_features(self.text), parameters)
        except InvalidInputError as error:
            raise InvalidInputError(f"--features: {error}") from error


@dataclass(frozen=True)
class UnusableFolder:
    """A folder without anything to read, which is a mistake more likely than a wish."""

    path: str
    problem: str

    @property
    def shown(self) -> str:
        """The path as it was typed, if it can be printed."""
        return click.format_filename(self.path)

    def read(self, parameters: ModelParameters) -> WindowInput:
        """Say what is wrong with it."""
        raise InvalidInputError(f"{self.shown}: the folder {self.problem}")


Input = FileInput | StdinInput | FeaturesInput | UnusableFolder


def find_inputs(arguments: Iterable[str]) -> Iterator[Input]:
    """What the arguments name: ``-`` is stdin, a folder stands for all files in it, sorted."""
    for argument in arguments:
        if argument == "-":
            yield StdinInput()
        elif is_folder(argument):
            yield from _inputs_in(argument)
        else:
            yield FileInput(argument)


def is_folder(argument: str) -> bool:
    """Whether an argument names a folder, as far as one can see."""
    return os.path.isdir(argument)  # noqa: PTH112 - pathlib raises where access is denied


def _inputs_in(folder: str) -> Sequence[Input]:
    """The files in a folder and below, and the folders there that cannot be read, by path."""
    refused: list[OSError] = []
    found: list[FileInput | UnusableFolder] = [*map(FileInput, _files_in(folder, refused.append))]
    for error in refused:
        problem = f"cannot be read: {error.strerror}; check its permissions"
        found.append(UnusableFolder(error.filename or folder, problem))
    return sorted(found, key=lambda one: one.path) or [_empty(folder)]


def _files_in(folder: str, refuse: Callable[[OSError], None]) -> Iterator[str]:
    for parent, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if Path(name).suffix.lower() in SUFFIXES and not name.startswith("."):
                yield os.path.join(parent, name)  # noqa: PTH118 - keeps the folder as it was typed


def _empty(folder: str) -> UnusableFolder:
    known = ", ".join(sorted(suffix.removeprefix(".") for suffix in SUFFIXES))
    return UnusableFolder(folder, f"holds no file that can be read; expected one of: {known}")
