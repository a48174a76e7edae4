"""Whether a copy of a model has all that the model needs."""

from __future__ import annotations

from pathlib import Path

from ..errors import EdgeImpulseError, UnsupportedModelError

__all__ = ["check_it_opens"]


def check_it_opens(copy: Path, original: Path) -> None:
    """Refuse a copy that does not open although the original does, such as one without its weights.

    A model that does not open in its own place is not judged: it may be for another machine.

    Raises:
        UnsupportedModelError: the copy lacks something.
    """
    problem = _problem(copy)
    if problem and not _problem(original):
        raise UnsupportedModelError(
            f"a network of {original} needs other files beside it, which a package does not hold: "
            f"{problem}; export the network as one file"
        )


def _problem(model: Path) -> str:
    from ..model import EdgeImpulseModel

    try:
        EdgeImpulseModel(model).close()
    except EdgeImpulseError as error:
        return str(error)
    return ""
