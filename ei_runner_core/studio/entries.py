"""What the cache keeps about a model, and which of the kept ones a request means."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import msgspec

__all__ = ["FORMS", "CachedModel", "Manifest", "Wish"]

FORMS = ("library", "eim", "bundle")
"""In what form a model is kept: an unpacked C++ library, a program, or networks as data."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST = 60


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Facts about a kept model. There are no secrets among them.

    ``content`` is the path of the model below the folder of the entry, ``size`` counts the bytes
    of all its ``files``. ``is_default`` tells whether the impulse is the one that is meant when
    none is named. ``variant`` is empty for a model without a network.
    """

    host: str
    project_id: int
    impulse_id: int
    version: int
    engine: str
    variant: str
    target: str
    form: str
    content: str
    impulse_name: str = ""
    is_default: bool = True
    size: int = 0
    files: int = 1
    created: float = 0.0

    @property
    def place(self) -> PurePosixPath:
        """The folder of the entry, below the folder of all."""
        what = (self.engine, self.variant or "none", self.target, self.form)
        return PurePosixPath(
            safe_name(self.host),
            str(self.project_id),
            f"impulse-{self.impulse_id}",
            f"v{self.version}-{'-'.join(map(safe_name, what))}",
        )


class CachedModel(msgspec.Struct, frozen=True):
    """A model in the cache, and a path; ``last_used`` counts seconds since the epoch."""

    folder: Path
    manifest: Manifest
    last_used: float

    @property
    def path(self) -> Path:
        """Where the model itself is."""
        return self.folder / self.manifest.content

    def __fspath__(self) -> str:
        """Where the model itself is, for all that takes a path."""
        return str(self.path)


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a model must be like; ``None`` leaves a thing open.

    ``targets`` limits the targets of programs, which do not run everywhere.
    """

    host: str
    project_id: int | None = None
    impulse: int | str | None = None
    version: int | None = None
    engine: str | None = None
    variant: str | None = None
    target: str | None = None
    form: str | None = None
    runnable: tuple[str, ...] = ()

    def is_met_by(self, model: Manifest) -> bool:
        """Whether a model is like that."""
        pairs = (
            (self.project_id, model.project_id),
            (self.version, model.version),
            (self.engine, model.engine),
            (self.variant, model.variant),
            (self.target, model.target),
            (self.form, model.form),
        )
        return (
            self.host == model.host
            and all(wanted is None or wanted == found for wanted, found in pairs)
            and self._is_impulse(model)
            and self._runs(model)
        )

    def _is_impulse(self, model: Manifest) -> bool:
        if self.impulse is None:
            return model.is_default or self.version is not None
        return str(self.impulse) in (str(model.impulse_id), model.impulse_name)

    def _runs(self, model: Manifest) -> bool:
        return self.target is not None or model.form != "eim" or model.target in self.runnable


def safe_name(text: str) -> str:
    """A part of a path made of a text that comes from elsewhere."""
    name = _UNSAFE.sub("_", text)[:_LONGEST]
    return name if name.strip(".") else f"_{name}"
