"""What a plugin tells about itself: small records that name the heavy class by a string."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

__all__ = ["API_VERSION", "BackendSpec", "PreprocessorSpec", "UploaderSpec"]

API_VERSION = 1
"""The version of this contract. A spec of another ``api`` is listed and not used."""


class BackendSpec(Struct, frozen=True):
    """What a backend plugin tells about itself before anything of it is imported.

    ``target`` is ``"package.module:Class"``. ``opens`` lists file suffixes (``".tflite"``) or
    kinds of source (``"eim"``, ``"cpp-export"``, ``"library"``). ``platforms`` lists prefixes such
    as ``"linux"`` or ``"linux-aarch64"``; empty means every platform. ``extra`` is the extra of
    ``ei-runner`` that installs the backend, for the hint in error messages. ``compiles_to`` is the
    suffix of what :meth:`TensorBackend.compile` makes; empty means that it compiles nothing.

    The rest is for people who choose an engine: the versions of Python that it has wheels for
    (``">=3.10"``, empty for all that ei-runner has), what installing it adds, the licence of the
    engine, and a clause that tells what was never run.
    """

    name: str
    kind: Literal["tensor", "impulse"]
    target: str
    opens: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    summary: str = ""
    extra: str = ""
    compiles_to: str = ""
    python_versions: str = ""
    installed_megabytes: int = 0
    engine_license: str = ""
    never_run: str = ""
    api: int = API_VERSION


class PreprocessorSpec(Struct, frozen=True):
    """A signal-processing block: ``target`` is called as ``target(config, context)``.

    ``config`` maps the field names of the block to their values, ``context`` is a
    :class:`BlockContext`; the call returns a :class:`Preprocessor`.
    """

    name: str
    target: str
    summary: str = ""
    api: int = API_VERSION


class UploaderSpec(Struct, frozen=True):
    """A place that samples can be sent to: ``target`` is called as ``target(options)``.

    ``options`` maps the names of the uploader's options to their values; the call returns an
    :class:`Uploader`, or raises InvalidInputError for an option that is unknown or wrong.
    """

    name: str
    target: str
    summary: str = ""
    api: int = API_VERSION
