"""What this distribution offers to ei-runner. Importing it loads nothing."""

from __future__ import annotations

from ei_runner_core import BackendSpec, hookimpl

__all__ = ["ei_runner_backends"]


@hookimpl
def ei_runner_backends() -> BackendSpec:
    """The backend ``sdk-ffi``, where there are a compiler and shared libraries for it."""
    return BackendSpec(
        name="sdk-ffi",
        kind="impulse",
        target="ei_runner_sdk_ffi.backend:SdkFfiBackend",
        opens=("cpp-export", "library"),
        platforms=("linux", "macos"),
        summary="C++ exports: compiled once with the SDK that they bring, called in-process",
        extra="sdk-ffi",
        installed_megabytes=4,
        engine_license="that of the SDK in the export (BSD-3-Clause-Clear)",
        never_run="macOS, and boards: ARM in an emulator only",
    )
