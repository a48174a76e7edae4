"""Texas Instruments' TIDL on AM62A, AM68A, AM68PA and TDA4VM."""

from __future__ import annotations

from pathlib import Path

from .parts import Context, Need, Part

__all__ = ["tidl"]

_ONNX = "osrt_deps/onnxruntime/include"
_TOOLS = Path("$TIDL_TOOLS_PATH")  # stands in a plan for what nobody has named


def tidl(context: Context) -> Part | None:
    """TIDL's runtime; with USE_ONNX ONNX Runtime besides, which runs the network then."""
    if not context.is_board("target_tda4vm"):
        return None
    tools = context.options.tidl_tools_path or _TOOLS
    runtime = context.export.root / "tidl-rt" / "linux-aarch64"
    onnx = _onnx(tools) if context.options.use_onnx else Part()
    return Part(
        defines=onnx.defines,
        includes=(f"-I{tools}", f"-I{tools / 'osrt_deps'}", *onnx.includes),
        link=("-L./tidl-rt/linux-aarch64", "-lti_rpmsg_char", "-lvx_tidl_rt", "-lrt", *onnx.link),
        needs=(
            Need(tools, "the TIDL tools of Texas Instruments; set TIDL_TOOLS_PATH to them"),
            Need(runtime, "the libraries of TIDL's runtime; put them into the export"),
        ),
        notes=() if context.options.tidl_tools_path else ("TIDL_TOOLS_PATH is not set",),
    )


def _onnx(tools: Path) -> Part:
    headers = tools / _ONNX
    return Part(
        defines=("-DDISABLEFLOAT16", "-DXNN_ENABLE=0"),
        includes=(
            f"-I{headers}",
            f"-I{headers / 'onnxruntime'}",
            f"-I{headers / 'onnxruntime/core/session'}",
        ),
        link=("-Wl,--no-as-needed", "-lonnxruntime", "-ldl", "-ldlr", "-lpthread"),
    )
