"""Everything that adds to a build, in the order in which compilers and linker read it."""

from __future__ import annotations

from .akida import akida
from .common import common
from .ethos import ethos
from .flex import flex
from .full import full, shim
from .gpu import gpu
from .hints import hints
from .jetson import jetson
from .linked import linked
from .memryx import memryx
from .micro import micro
from .parts import Context, Part
from .qnn import qnn
from .sources import SOURCES
from .tidl import tidl
from .tvm import tvm

__all__ = ["all_parts"]


def all_parts(context: Context) -> tuple[Part, ...]:
    """The parts of a plan. The SDK's order is kept: with several folders of headers it matters."""
    parts = (
        shim(context),
        common(context),
        SOURCES,
        micro(context),
        tvm(context),
        tidl(context),
        qnn(context),
        ethos(context),
        gpu(context),
        full(context),
        *linked(context),
        flex(context),
        *akida(context),
        *memryx(context),
        jetson(context),
        hints(context),
    )
    return tuple(part for part in parts if part is not None)
