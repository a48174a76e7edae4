"""What this distribution offers to ei-runner. Importing it loads no engine."""

from __future__ import annotations

from ei_runner_core import BackendSpec, hookimpl

__all__ = ["ei_runner_backends"]


@hookimpl
def ei_runner_backends() -> BackendSpec:
    """The backend ``akida``, on the platforms that Akida has wheels for."""
    return BackendSpec(
        name="akida",
        kind="tensor",
        target="ei_akida.backend:AkidaBackend",
        opens=(".fbz",),
        platforms=("linux-x86_64", "linux-aarch64", "windows-x86_64"),
        summary="Akida of BrainChip, the chip or its software simulation",
        python_versions=">=3.10,<3.13",
        installed_megabytes=9,
        engine_license="proprietary (BrainChip)",
        never_run="real chips; everything but Linux on x86_64",
    )
