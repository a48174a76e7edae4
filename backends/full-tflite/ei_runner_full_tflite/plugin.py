"""What this distribution offers to ei-runner. Importing it loads no engine."""

from __future__ import annotations

from ei_runner_core import BackendSpec, hookimpl

__all__ = ["ei_runner_backends"]


@hookimpl
def ei_runner_backends() -> BackendSpec:
    """The backend ``full-tflite``, on the platforms that its runtimes are made for."""
    return BackendSpec(
        name="full-tflite",
        kind="tensor",
        target="ei_runner_full_tflite.backend:FullTfliteBackend",
        opens=(".tflite",),
        platforms=(
            "linux-x86_64",
            "linux-aarch64",
            "linux-armv7l",
            "macos-aarch64",
            "windows-x86_64",
        ),
        summary="TensorFlow Lite networks, with LiteRT (XNNPACK, external delegates)",
        extra="full-tflite",
        installed_megabytes=63,
        engine_license="Apache-2.0",
        never_run="macOS, Windows and ARM, and delegates of vendors",
    )
