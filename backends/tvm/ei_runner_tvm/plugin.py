"""What this distribution offers to ei-runner. Importing it loads no engine."""

from __future__ import annotations

from ei_runner_core import BackendSpec, hookimpl

__all__ = ["ei_runner_backends"]


@hookimpl
def ei_runner_backends() -> BackendSpec:
    """The backend ``tvm``, on the platforms that tvm-ffi has wheels for."""
    return BackendSpec(
        name="tvm",
        kind="tensor",
        target="ei_runner_tvm.backend:TvmBackend",
        opens=(".tvm", ".onnx", ".tflite"),
        platforms=("linux-x86_64", "linux-aarch64", "macos-aarch64"),
        summary="networks that Apache TVM compiles to machine code, ahead of time or at opening",
        extra="tvm",
        compiles_to=".tvm",
        installed_megabytes=360,
        engine_license="Apache-2.0",
        never_run="macOS and 32-bit ARM, and boards: 64-bit ARM in an emulator only",
    )
