"""What this distribution offers to ei-runner. Importing it loads no engine."""

from __future__ import annotations

from ei_runner_core import BackendSpec, hookimpl

__all__ = ["ei_runner_backends"]


@hookimpl
def ei_runner_backends() -> BackendSpec:
    """The backend ``qnn``, on the platforms that Qualcomm's libraries are made for."""
    return BackendSpec(
        name="qnn",
        kind="tensor",
        target="ei_runner_qnn.backend:QnnBackend",
        opens=(".onnx", ".tflite"),
        platforms=("linux-x86_64", "linux-aarch64", "windows-x86_64", "windows-aarch64"),
        summary="ONNX networks on Qualcomm's accelerators, and TensorFlow Lite ones with its SDK",
        extra="qnn",
        python_versions=">=3.11",
        installed_megabytes=450,
        engine_license="proprietary (Qualcomm); onnxruntime-qnn itself is MIT",
        never_run="chips of Qualcomm (only the emulator of one was), Windows and ARM",
    )
