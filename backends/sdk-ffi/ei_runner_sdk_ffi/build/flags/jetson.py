"""TensorRT on NVIDIA's Jetson boards."""

from __future__ import annotations

from .library_folder import libraries_folder, spelled
from .parts import Context, Need, Part

__all__ = ["VERSIONS", "jetson"]

VERSIONS = ("8", "8.5.2", "8.6.2")
_IGNORED = "-Wl,--warn-unresolved-symbols,--unresolved-symbols=ignore-in-shared-libs"


def jetson(context: Context) -> Part | None:
    """Edge Impulse's TensorRT library of the version, and CUDA and TensorRT of the board."""
    if not context.is_board("target_jetson", "target_jetson_orin"):
        return None
    version = context.options.tensorrt_version or _usual_version(context)
    root = context.export.root
    above = libraries_folder(root, context.options) / "linux-jetson-nano"
    folder = above / f"trt{version}"
    return Part(
        link=(
            "-lei_debug",
            f"-L{spelled(folder, root)}",
            "-lcudart",
            "-lnvinfer",
            "-lnvonnxparser",
            "-lstdc++fs",
            f"-L{spelled(above, root)}",
            _IGNORED,
        ),
        needs=(
            Need(
                folder,
                f"Edge Impulse's libraries for TensorRT {version}; put them there or name the "
                "folder above linux-jetson-nano with EI_TFLITE_DIR",
            ),
        ),
        notes=(f"TensorRT {version}; TENSORRT_VERSION chooses of {', '.join(VERSIONS)}",),
    )


def _usual_version(context: Context) -> str:
    return "8.5.2" if context.is_board("target_jetson_orin") else "8"
