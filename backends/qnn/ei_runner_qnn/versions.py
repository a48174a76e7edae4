"""The execution provider for QNN as a distribution: whether its version fits."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec

from packaging.requirements import Requirement
from packaging.version import Version

from ei_runner_core import BackendUnavailableError

__all__ = ["MODULE", "PACKAGE", "check_versions", "installed_version"]

PACKAGE = "onnxruntime-qnn"
MODULE = "onnxruntime_qnn"
_OLDEST = "2.7"


@cache
def installed_version() -> str:
    """The version of the execution provider."""
    return version(PACKAGE)


def check_versions(runtime_version: str) -> None:
    """See that the execution provider is installed, and fits to ONNX Runtime and to this backend.

    Raises:
        BackendUnavailableError: it does not.
    """
    try:
        if find_spec(MODULE) is None:
            raise PackageNotFoundError
        own, needed = installed_version(), requires(PACKAGE) or []
    except PackageNotFoundError:
        raise BackendUnavailableError(
            f"qnn runs .onnx networks with {PACKAGE}, which is not installed: pip install "
            f"{PACKAGE} (it has wheels for Python 3.11 to 3.14 on Linux and Windows)"
        ) from None
    if Version(own) < Version(_OLDEST):
        raise BackendUnavailableError(
            f"{PACKAGE} {own} is installed, qnn needs {_OLDEST} or newer: pip install -U {PACKAGE}"
        )
    for requirement in map(Requirement, needed):
        fits = requirement.specifier.contains(runtime_version, prereleases=True)
        if requirement.name == "onnxruntime" and not fits:
            raise BackendUnavailableError(
                f"{PACKAGE} {own} needs onnxruntime{requirement.specifier}, "
                f"{runtime_version} is installed: pip install -U onnxruntime"
            )
