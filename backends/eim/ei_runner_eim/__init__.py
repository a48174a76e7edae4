"""Runs ``.eim`` executables, and turns any model into one, for ei-runner.

Nothing here is meant to be called directly: installing the distribution is enough, ei-runner finds
it by its entry points, opens models with it, and has the command ``ei-runner eim``.
"""

from __future__ import annotations

__all__: list[str] = []
