"""What this distribution offers to ei-runner. Importing it loads no engine."""

from __future__ import annotations

from ei_runner_core import BackendSpec, hookimpl

__all__ = ["ei_runner_backends"]


@hookimpl
def ei_runner_backends() -> BackendSpec:
    """The backend ``openvino``, on the platforms that OpenVINO has wheels for."""
    return BackendSpec(
        name="openvino",
        kind="tensor",
        target="ei_openvino.backend:OpenVinoBackend",
        opens=(".onnx", ".tflite", ".xml"),
        platforms=("linux-x86_64", "linux-aarch64", "macos-aarch64", "windows-x86_64"),
        summary="OpenVINO, on CPUs, GPUs and NPUs of Intel",
        installed_megabytes=181,
        engine_license="Apache-2.0",
        never_run="GPUs and NPUs; everything but Linux on x86_64",
    )
