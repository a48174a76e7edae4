"""What a plugin did wrong, in words; nothing that comes from a plugin is trusted to have any."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ._text import one_line
from .errors import EdgeImpulseError

__all__ = ["blamed_on_plugin", "described", "shown", "text_of"]

VALUE_LENGTH = 200
ERROR_LENGTH = 400


def shown(value: object) -> str:
    """The repr of a value as a short line, also of one whose ``__repr__`` raises."""
    try:
        text = repr(value)
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - the value is a stranger's
        return f"a {type(value).__name__} whose repr() fails"
    return _shortened(one_line(text), VALUE_LENGTH)


def text_of(error: BaseException) -> str:
    """The message of an error as one line, also of one whose ``__str__`` raises."""
    try:
        return one_line(str(error))
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - the error is a stranger's
        return "its message cannot be read"


def described(error: BaseException) -> str:
    """The type and the message of an error as a short line."""
    text = _shortened(text_of(error), ERROR_LENGTH)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


@contextmanager
def blamed_on_plugin(error_type: type[EdgeImpulseError], what: str) -> Iterator[None]:
    """Turn what a plugin raises here into ``error_type``, with ``what`` before its description.

    Errors of this library are the plugin's own clear words and pass, as does Ctrl-C.
    """
    try:
        yield
    except (EdgeImpulseError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise error_type(f"{what}: {described(error)}") from error


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 3]}..."
