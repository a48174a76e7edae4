"""Full TensorFlow Lite as a part of the library, from libraries that somebody has built."""

from __future__ import annotations

from pathlib import Path

from ..targets import named_boards
from .demands import needs_linked
from .library_folder import c_library, header_folder, library_folder, spelled
from .parts import Context, Need, Part

__all__ = ["linked"]

_FFT = ("farmhash", "fft2d_fftsg", "fft2d_fftsg2d")
_LINUX = (*_FFT, "ruy", "XNNPACK", "cpuinfo", "pthreadpool", "pthread", "rt")
_ARMV7 = (*_FFT, "flatbuffers", "ruy", "XNNPACK", "pthreadpool", "pthread", "cpuinfo", "rt")
_MAC = ("cpuinfo", *_FFT, "ruy", "XNNPACK", "pthreadpool")


def linked(context: Context) -> tuple[Part, ...]:
    """The C library where there is one, else C++ headers and the static C++ libraries."""
    if not context.is_linked:
        return ()
    library = c_library(context)
    if library:
        return (_with_c_library(context, library),)
    headers = _cpp_headers(context)
    # What is missing is told in this order, and the libraries are what a user has to get.
    return (headers,) if _runs_elsewhere(context) else (_cpp_libraries(context), headers)


def _runs_elsewhere(context: Context) -> bool:
    """TIDL's ONNX Runtime runs the network: of TensorFlow Lite only headers are used."""
    return context.options.use_onnx and not context.options.target_linux_aarch64


def _with_c_library(context: Context, library: Path) -> Part:
    beside = "@loader_path" if context.target.is_mac else "$ORIGIN"
    return Part(link=(str(library), f"-Wl,-rpath,{beside}"), libraries=(library,))


def _cpp_headers(context: Context) -> Part:
    headers, root = header_folder(context), context.export.root
    above = () if headers.parent == root else (f"-I{headers.parent}",)
    return Part(
        includes=(*above, f"-I{spelled(headers, root).removeprefix('./')}/"),
        needs=(Need(headers, "the headers of full TensorFlow Lite; put them into the export"),),
    )


def _cpp_libraries(context: Context) -> Part:
    root = context.export.root
    folder = library_folder(root, context.options, context.target)
    return Part(
        defines=("-DDISABLEFLOAT16",) if context.target.name == "linux-aarch64" else (),
        link=(f"-L{spelled(folder, root)}", *_static_libraries(context)),
        needs=(Need(folder / "libtensorflow-lite.a", _why(context)),),
    )


def _why(context: Context) -> str:
    target = context.target
    places = (
        f"full TensorFlow Lite for {target.name} is linked from there; put its static libraries "
        f"there or into tflite/{target.tflite[0]} of the working directory, or name the folder "
        "above with EI_TFLITE_DIR"
    )
    if needs_linked(context.options):
        return places
    c_library = f"libtensorflowlite_c{target.library_suffix}"
    if not (named_boards(context.options) or context.options.target):
        places = f"install the backend that runs it, full-tflite; without that {places}"
    if target.is_mac:
        return f"{places}; {c_library} alone will do too"
    return (
        f"{places}; {c_library} alone will do too, which comes by: "
        f"python -m ei_runner_sdk_ffi.prebuilt {target.name}"
    )


def _static_libraries(context: Context) -> tuple[str, ...]:
    """The libraries that full TensorFlow Lite is made of, in the order of the link."""
    if context.target.is_mac:
        return ("-ltensorflow-lite", *(f"-l{name}" for name in _MAC))
    names = _ARMV7 if context.target.name == "linux-armv7" else _LINUX
    return ("-Wl,--no-as-needed", "-ldl", "-ltensorflow-lite", *(f"-l{name}" for name in names))
