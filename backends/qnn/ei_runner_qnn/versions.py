"""The execution provider for QNN as a distribution: whether its version fits.

Opening a network that is kept in compiled form needs no more than a look at a number, and no
package for reading metadata, which would cost more than loading the network.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from importlib.util import find_spec

from ei_runner_core import BackendUnavailableError

__all__ = ["MODULE", "PACKAGE", "check_provider", "check_runtime", "installed_version"]

PACKAGE = "onnxruntime-qnn"
MODULE = "onnxruntime_qnn"
_RUNTIME = "onnxruntime"
_OLDEST = "2.7"


@cache
def installed_version() -> str:
    """The version of the execution provider.

    Raises:
        ImportError: it does not work.
        AttributeError: it does not tell.
    """
    return str(import_module(MODULE).__version__)


def check_provider() -> None:
    """See that the execution provider is installed, and new enough for this backend.

    Raises:
        BackendUnavailableError: it is not.
        ImportError, AttributeError: it does not work.
    """
    if find_spec(MODULE) is None:
        raise BackendUnavailableError(
            f"qnn runs .onnx networks with {PACKAGE}, which is not installed: pip install "
            f"{PACKAGE} (it has wheels for Python 3.11 to 3.14 on Linux and Windows)"
        )
    own = installed_version()
    if _major_minor(own) < _major_minor(_OLDEST):
        raise BackendUnavailableError(
            f"{PACKAGE} {own} is installed, qnn needs {_OLDEST} or newer: pip install -U {PACKAGE}"
        )


def check_runtime(runtime_version: str) -> None:
    """See that the execution provider fits to ONNX Runtime, which its metadata tell.

    Raises:
        BackendUnavailableError: it does not.
    """
    from importlib.metadata import PackageNotFoundError, requires

    from packaging.requirements import Requirement

    try:
        needed = requires(PACKAGE) or []
    except PackageNotFoundError:  # a copy beside a program, which was put there on purpose
        return
    for requirement in map(Requirement, needed):
        fits = requirement.specifier.contains(runtime_version, prereleases=True)
        if requirement.name == _RUNTIME and not fits:
            raise BackendUnavailableError(
                f"{PACKAGE} {installed_version()} needs {_RUNTIME}{requirement.specifier}, "
                f"{runtime_version} is installed: pip install -U {_RUNTIME}"
            )


def _major_minor(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:2]))
