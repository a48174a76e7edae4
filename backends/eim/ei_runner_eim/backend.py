"""The backend ``eim``: whole models in a program of their own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ei_runner_core import ImpulseBackend, ModelSource, Support

from .keeper import Keeper
from .options import read_eim_options
from .session import EimSession
from .starting import attach, start

__all__ = ["EimBackend"]


class EimBackend(ImpulseBackend):
    """Starts ``.eim`` files, or attaches to the socket of one that runs already."""

    def supports(self, source: ModelSource) -> Support:
        """Whether it is an ``.eim``; the file is looked into when it is opened."""
        if source.kind == "eim":
            return Support(ok=True)
        return Support(ok=False, reason=f"it opens .eim files, not {source.kind}")

    def open(self, source: ModelSource, options: Mapping[str, Any]) -> EimSession:
        """Start or attach to the program; see :func:`ei_runner_eim.starting.start` for errors."""
        chosen = read_eim_options(options)
        begin = attach if source.path.is_socket() else start
        path = source.path.absolute()
        keeper = Keeper(path.name, partial(begin, path, chosen), chosen.may_restart)
        try:
            return EimSession(keeper)
        except BaseException:
            keeper.close()
            raise
