"""Chips, in this machine and virtual ones, and which layers they take."""

from __future__ import annotations

import logging
from typing import Any

from ei_runner_core import InvalidInputError, UnsupportedModelError
from ei_runner_core.authoring import one_line

from .options import SOFTWARE, Options
from .runtime import ENGINE_ERRORS, akida

__all__ = ["place"]

_LOG = logging.getLogger("ei_akida")


def place(model: Any, name: str, options: Options) -> None:
    """Put a model where the options want it; without a word it stays in software.

    Args:
        model: Akida's.
        name: the network, for messages.
        options: the options of the user.

    Raises:
        InvalidInputError: there is no such chip in this machine.
        UnsupportedModelError: the chip does not take the model, or not all of it.
    """
    if options.fits_on:
        _map(model, getattr(akida(), options.fits_on)(), name, options.fits_on)
        _refuse_software(model, name, options.fits_on)
        model.map(None)  # a virtual chip computes nothing
    if options.device != SOFTWARE:
        chip = _chip(options.device)
        _map(model, chip, name, chip.desc)
        if not options.allow_cpu:
            _refuse_software(model, name, f"{chip.desc}, without the option 'allow_cpu',")


def _chip(number: int) -> Any:
    chips = akida().devices()
    if number < len(chips):
        return chips[number]
    raise InvalidInputError(
        f"the option 'device' of akida asks for chip {number}, and Akida finds {len(chips)} in "
        "this machine: look whether its driver is loaded, or take 'software'"
    )


def _map(model: Any, chip: Any, name: str, title: str) -> None:
    try:
        model.map(chip)
    except ENGINE_ERRORS as error:
        raise UnsupportedModelError(
            f"{title} cannot take {name}: {one_line(error)}; convert the network for this chip"
        ) from error
    for sequence in model.sequences:
        _LOG.info("%s on %s: %s", name, title, sequence.name)


def _refuse_software(model: Any, name: str, title: str) -> None:
    left = [
        layer.name
        for sequence in model.sequences
        if sequence.backend.name == "Software"
        for part in sequence.passes
        for layer in part.layers
    ]
    if left:
        raise UnsupportedModelError(
            f"{title} cannot take all of {name}: {', '.join(left)} would run in software; convert "
            "the network for this chip"
        )
