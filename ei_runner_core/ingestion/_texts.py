"""Checks of the texts that users give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..contract import Unlabeled
from ..errors import InvalidInputError

__all__ = ["check_label", "check_text", "check_texts"]


def check_text(text: Any, what: str) -> None:
    """Refuse what is no text, or one that UTF-8 cannot hold.

    Raises:
        InvalidInputError: it says so of ``what``.
    """
    if not isinstance(text, str):
        raise InvalidInputError(f"{what} is {text!r}, expected a text")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidInputError(f"{what} is {text!r}, which UTF-8 cannot hold") from None


def check_texts(texts: Mapping[Any, Any], what: str) -> None:
    """Refuse a mapping with other keys or values than texts.

    Raises:
        InvalidInputError: it names the key.
    """
    if not isinstance(texts, Mapping):
        raise InvalidInputError(f"the {what} is {texts!r}, expected texts by name")
    for name, text in texts.items():
        check_text(name, f"a name in the {what}")
        check_text(text, f"{name!r} in the {what}")


def check_label(label: Any) -> None:
    """Refuse what is no :data:`ei_runner_core.Label`.

    Raises:
        InvalidInputError: it shows the label.
    """
    if isinstance(label, Mapping):
        check_texts(label, "label")
    elif isinstance(label, tuple):
        for one in label:
            check_text(one, "a label")
    elif label is not None and not isinstance(label, Unlabeled):
        check_text(label, "the label")
