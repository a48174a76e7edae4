"""What runs the network of an export: compiled code, a linked engine or an installed backend."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from ei_runner_core import InvalidInputError
from ei_runner_core.plugins import FIRST_PARTY_EXTRAS

from .flags.demands import demands_of_full, needs_linked
from .flags.library_folder import library_folder
from .options import BuildOptions
from .targets import Target, named_boards, this_machine

if TYPE_CHECKING:
    from .export import Export

__all__ = ["choose_network"]

_FULL = "full-tflite"
_OF_WHOLE_IMPULSES = ("eim", "sdk-ffi")


def choose_network(
    export: Export, options: BuildOptions, target: Target, installed: Collection[str]
) -> str:
    """The network of the options where the export has one to run, else the fastest that fits.

    Raises:
        InvalidInputError: the export cannot be run as the options ask for, or a backend that they
            name is not installed.
    """
    asked = _asked(options)
    if export.engine == "NONE":
        return "compiled"
    if export.is_eon:
        if options.network and not _is_known(options.network, installed):
            raise InvalidInputError(_unknown(options.network, installed))
        if asked:
            raise InvalidInputError(_eon_refusal(asked))
        return "compiled"
    if options.network:
        return _named(options.network, export, target, installed)
    if options.use_full_tflite or demands_of_full(options):
        return _full(export, options, target, installed)
    fits = export.has_flatbuffer and _FULL in installed and target == this_machine()
    return _FULL if fits and _may_choose(options) else "compiled"


def _asked(options: BuildOptions) -> str:
    """What of the options asks for anything but compiled code, in the user's words."""
    if options.network not in (None, "compiled"):
        return f"network={options.network!r}"
    if options.use_full_tflite:
        return "USE_FULL_TFLITE=1"
    return next((flag.upper() for flag in demands_of_full(options)), "")


def _may_choose(options: BuildOptions) -> bool:
    return options.use_full_tflite is None and not needs_linked(options)


def _named(network: str, export: Export, target: Target, installed: Collection[str]) -> str:
    if network in ("compiled", "linked"):
        return network
    if not export.has_flatbuffer:
        raise InvalidInputError(
            f"network={network!r} runs a flatbuffer, and this export for {export.engine} has none; "
            "leave network out"
        )
    if target == this_machine() and network not in installed:
        raise InvalidInputError(_unknown(network, installed))
    return network


def _is_known(network: str, installed: Collection[str]) -> bool:
    return network in ("compiled", "linked", *installed, *FIRST_PARTY_EXTRAS)


def _unknown(network: str, installed: Collection[str]) -> str:
    return (
        f"network={network!r} is no installed backend that runs networks; there are compiled, "
        f"linked{''.join(f', {name}' for name in sorted(installed))}; {_way_to(network)}"
    )


def _way_to(network: str) -> str:
    if network in FIRST_PARTY_EXTRAS and network not in _OF_WHOLE_IMPULSES:
        return f"install it with: pip install 'ei-runner[{network}]'"
    return "see what is installed with: ei-runner backends"


def _full(export: Export, options: BuildOptions, target: Target, installed: Collection[str]) -> str:
    """Linked for a target that is named, a vendor's engine or libraries that are there."""
    is_named = bool(options.target or named_boards(options))
    folder = library_folder(export.root, options, target)
    if is_named or needs_linked(options) or folder.is_dir() or _FULL not in installed:
        return "linked"
    return _FULL


def _eon_refusal(asked: str) -> str:
    return (
        f"{asked} needs a network as a flatbuffer, and this export was made with the EON "
        "compiler, which turned it into code; export it again with the engine TensorFlow Lite "
        "(EI_ENGINE=tflite)"
    )
