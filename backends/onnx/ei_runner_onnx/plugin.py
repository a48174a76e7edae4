"""What this distribution offers to ei-runner. Importing it loads no engine."""

from __future__ import annotations

from ei_runner_core import BackendSpec, hookimpl

__all__ = ["ei_runner_backends"]


@hookimpl
def ei_runner_backends() -> BackendSpec:
    """The backend ``onnx``, on the platforms that ONNX Runtime has wheels for."""
    return BackendSpec(
        name="onnx",
        kind="tensor",
        target="ei_runner_onnx.backend:OnnxBackend",
        opens=(".onnx",),
        platforms=(
            "linux-x86_64",
            "linux-aarch64",
            "macos-x86_64",
            "macos-aarch64",
            "windows-x86_64",
            "windows-aarch64",
        ),
        summary="ONNX networks, with ONNX Runtime and its execution providers",
        extra="onnx",
        installed_megabytes=78,
        engine_license="MIT",
        never_run="macOS, Windows and ARM, and all providers but CPU, QNN and OpenVINO",
    )
