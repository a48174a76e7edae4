"""Changing thresholds at a client's request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ei_runner_core import InvalidInputError

from .requests import Refused

if TYPE_CHECKING:
    from .served_model import ServedModel

__all__ = ["set_threshold"]

_NOT_VALUES = ("id", "type")
_UNKNOWN_KEY = -34
_LARGEST_ID = 2**31 - 1


def set_threshold(model: ServedModel, fields: dict[str, Any]) -> None:
    """Change the values of one block, all of them or none.

    Args:
        model: whose block it is.
        fields: the ``id`` of the block and the new values; a ``type`` is not looked at.

    Raises:
        Refused: there is no such block or value, or something is no number.
    """
    block_id = fields.get("id")
    if type(block_id) is not int or not -_LARGEST_ID <= block_id <= _LARGEST_ID:
        raise Refused("set_threshold should have a numeric field 'id'")
    if block_id not in model.block_ids:
        raise Refused(f"set_threshold: cannot find learn block with id {block_id}")
    values = {key: value for key, value in fields.items() if key not in _NOT_VALUES}
    known = {
        key for block in model.model.thresholds if block.id == block_id for key in block.values
    }
    for key, value in values.items():
        if type(value) not in (int, float):
            raise Refused(f"set_threshold, value for '{key}' should be numeric")
        if key not in known:
            raise Refused(f"set_threshold, setting key '{key}' failed with error {_UNKNOWN_KEY}")
    if values:
        _set(model, block_id, values)


def _set(model: ServedModel, block_id: int, values: dict[str, float]) -> None:
    try:
        model.model.set_threshold(block_id, **values)
    except InvalidInputError as error:
        keys = "', '".join(values)
        raise Refused(
            f"set_threshold, setting key '{keys}' failed with error {_UNKNOWN_KEY}: {error}"
        ) from error
