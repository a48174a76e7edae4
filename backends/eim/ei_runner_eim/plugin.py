"""What this distribution offers to ei-runner. Importing it starts nothing."""

from __future__ import annotations

from ei_runner_core import BackendSpec, hookimpl

__all__ = ["ei_runner_backends"]


@hookimpl
def ei_runner_backends() -> BackendSpec:
    """The backend ``eim``, where there are Unix sockets and executables for them."""
    return BackendSpec(
        name="eim",
        kind="impulse",
        target="ei_runner_eim.backend:EimBackend",
        opens=("eim",),
        platforms=("linux", "macos"),
        summary=".eim executables: whole models in a process of their own",
        extra="eim",
        installed_megabytes=1,
        engine_license="that of the .eim",
        never_run="macOS, and .eim files for accelerators",
    )
