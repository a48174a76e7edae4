"""Apache TVM's runtime, for Renesas' DRP-AI."""

from __future__ import annotations

from .parts import Context, Need, Part

__all__ = ["tvm"]

_HEADERS = ("include", "3rdparty/dlpack/include", "3rdparty/dmlc-core/include")


def tvm(context: Context) -> Part | None:
    """Headers and runtime below ``TVM_HOME``."""
    home = context.options.tvm_home
    if not context.options.use_tvm or home is None:
        return None
    return Part(
        includes=tuple(f"-I{home / name}" for name in (*_HEADERS, "3rdparty/compiler-rt")),
        link=(f"-L{home / 'build_runtime'}", "-ltvm_runtime"),
        needs=(Need(home, "Apache TVM with its runtime built, for USE_TVM; set TVM_HOME to it"),),
    )
