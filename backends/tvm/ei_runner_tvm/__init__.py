"""Runs networks that Apache TVM compiled, for ei-runner, and compiles them.

Nothing here is meant to be called directly: installing the distribution is enough, ei-runner finds
it by its entry point and opens models with it.
"""

from __future__ import annotations

__all__: list[str] = []
