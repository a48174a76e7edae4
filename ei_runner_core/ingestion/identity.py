"""What tells a sample from others, in a journal."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..contract import Sample

__all__ = ["identity_of"]


def identity_of(sample: Sample) -> str:
    """A fingerprint of all that is said about a sample, and of its bytes or its files as they are.

    Raises:
        OSError: a file is gone.
    """
    found = sha256()
    if sample.content is not None:
        found.update(sha256(sample.content).digest())
    elif sample.path is not None:
        found.update(_state(sample.path))
    for attachment in sample.attachments:
        found.update(_state(attachment))
    told = {name: getattr(sample, name) for name in sample.__struct_fields__}
    told["content"] = told["path"] = told["attachments"] = None
    found.update(repr(_plain(told)).encode("utf-8", "surrogateescape"))
    return found.hexdigest()[:32]


def _state(path: Path) -> bytes:
    about = path.stat()
    state = repr((str(path.absolute()), about.st_size, about.st_mtime_ns))
    return state.encode("utf-8", "surrogateescape")


def _plain(value: Any) -> Any:
    """The same for equal values, whatever order their keys are in."""
    if isinstance(value, Mapping):
        return sorted((key, _plain(item)) for key, item in value.items())
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return value
