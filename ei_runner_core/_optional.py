"""Libraries that an extra installs: imported on first use, with a hint where they are missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .errors import BackendUnavailableError

__all__ = ["need"]


def need(module: str, what: str, extra: str) -> Any:
    """Import a module of an extra.

    Args:
        module: its name, such as ``"scipy.fft"``.
        what: what needs it, the subject of the message.
        extra: the extra of ``ei-runner`` that installs it.

    Raises:
        BackendUnavailableError: it is not installed or cannot be imported.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise BackendUnavailableError(
            f"{what} needs {module.partition('.')[0]} ({error}); install it with: "
            f"pip install 'ei-runner[{extra}]'"
        ) from error
