"""Which plugins the user lets in, and when two names are the same."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

__all__ = ["ALLOW_VARIABLE", "DISABLE_VARIABLE", "PluginFilter", "normal_name"]

DISABLE_VARIABLE = "EI_RUNNER_DISABLE"
ALLOW_VARIABLE = "EI_RUNNER_PLUGINS"


class PluginFilter(NamedTuple):
    """Which plugins the user lets in.

    ``disabled`` holds names of plugins, distributions or backends; ``"*"`` blocks everything that
    is not built in. ``allowed`` is ``None`` for all, else only these are let in.
    """

    disabled: frozenset[str] = frozenset()
    allowed: frozenset[str] | None = None

    @classmethod
    def from_environment(cls) -> PluginFilter:
        """Read ``EI_RUNNER_DISABLE`` and ``EI_RUNNER_PLUGINS``."""
        allowed = os.environ.get(ALLOW_VARIABLE)
        return cls(
            _names(os.environ.get(DISABLE_VARIABLE, "")),
            None if allowed is None else _names(allowed),
        )

    def blocks(self, *names: str) -> str:
        """Why something that goes by these names is blocked; empty if it is not."""
        known = {normal_name(name) for name in names if name}
        if "*" in self.disabled or known & self.disabled:
            return f"blocked by {DISABLE_VARIABLE}={','.join(sorted(self.disabled))}"
        if self.allowed is not None and not known & self.allowed:
            return f"not listed in {ALLOW_VARIABLE}={','.join(sorted(self.allowed))}"
        return ""


def normal_name(name: str) -> str:
    """The form in which names are compared: ``Full_TFLite`` is ``full-tflite``."""
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def _names(text: str) -> frozenset[str]:
    return frozenset(normal_name(name) for name in text.split(",") if name.strip())
