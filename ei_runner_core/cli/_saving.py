"""Copying a demo out of the package, to work on."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InvalidInputError

if TYPE_CHECKING:
    from ..demos import Demo

__all__ = ["SavedDemo", "save_demo"]


@dataclass(frozen=True)
class SavedDemo:
    """Where the bundle and the folder of samples are now."""

    model: Path
    samples: Path

    @property
    def command(self) -> str:
        """What runs the model on the samples."""
        words = ["ei-runner", "run", "-m", str(self.model), str(self.samples)]
        return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)

    def to_dict(self) -> dict[str, Any]:
        """The paths and the command as JSON."""
        return {"model": str(self.model), "samples": str(self.samples), "next": self.command}


def save_demo(demo: Demo, variant: str, folder: str) -> SavedDemo:
    """Copy one variant of a demo to ``folder/model`` and its samples to ``folder/samples``.

    Raises:
        InvalidInputError: there is no such variant, one of the two is there already, or they
            cannot be written.
    """
    bundle = demo.model(variant)
    if not folder:
        raise InvalidInputError("the folder to save the demo in has no name; name one")
    saved = SavedDemo(Path(folder, "model"), Path(folder, "samples"))
    try:
        for path in (saved.model, saved.samples):
            if os.path.lexists(path):
                raise InvalidInputError(f"{path} is there already; choose another folder")
        shutil.copytree(bundle, saved.model)
        saved.samples.mkdir()
        for sample in demo.samples():
            shutil.copy(sample.path, saved.samples)
    except (OSError, ValueError) as error:
        if isinstance(error, InvalidInputError):
            raise
        raise InvalidInputError(f"cannot save the demo in {folder!r}: {error}") from error
    return saved
