"""In which form a model is wanted, by what is installed to run it."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from ..contract import BackendSpec, ModelSource
from ..errors import BackendNotFoundError, EdgeImpulseError, InvalidInputError
from ..plugins import Registry, install_hint, make_backend, registry
from ..selection import BACKEND_VARIABLE
from .entries import FORMS

__all__ = ["LIBRARY_TARGET", "RUNNER_PREFIX", "check_form", "form_of_target", "wanted_forms"]

LIBRARY_TARGET = "zip"
RUNNER_PREFIX = "runner-"
_NETWORKS = ".tflite"


def check_form(form: str, target: str | None) -> None:
    """Refuse a form that there is not, or that a target cannot have.

    Raises:
        InvalidInputError: it is so.
    """
    if form not in ("auto", *FORMS):
        raise InvalidInputError(f"form is {form!r}, expected auto, {', '.join(FORMS)}")
    if form == "auto" or target is None:
        return
    if (form == "eim") != (form_of_target(target) == "eim"):
        raise InvalidInputError(
            f"the target {target!r} gives no {form}; leave one of form= (--form) and target= "
            "(--target) out"
        )


def form_of_target(target: str) -> str:
    """The form that builds for a target have."""
    return "eim" if target.startswith(RUNNER_PREFIX) else "library"


def wanted_forms(
    form: str,
    target: str | None,
    backend: str | None = None,
    *,
    plugins: Registry | None = None,
    environment: Mapping[str, str] = os.environ,
) -> tuple[str, ...]:
    """The forms that would do, the best first.

    A library comes first where sdk-ffi can compile it, then an ``.eim`` where one can be run, then
    a bundle where an engine for its networks is installed.

    Args:
        form: the one that is asked for, or ``"auto"``.
        target: the target that is asked for.
        backend: the backend that shall run the model; else ``EI_BACKEND`` is looked at.
        plugins: what is installed; ``None`` looks.
        environment: the variables.

    Raises:
        BackendNotFoundError: nothing that is installed runs any of them.
        EdgeImpulseError: the backend that is asked for is not there, or cannot be used.
    """
    if form != "auto":
        return (form,)
    if target is not None:
        return (form_of_target(target),)
    plugins = registry() if plugins is None else plugins
    name = backend or environment.get(BACKEND_VARIABLE)
    specs = [plugins.backend(name)] if name else list(plugins.backends.values())
    found = tuple(dict.fromkeys(_forms_of(specs)))
    if not found:
        who = f"the backend {name} runs no" if name else "no backend that is installed runs a"
        raise BackendNotFoundError(
            f"{who} model that Studio builds; "
            f"{install_hint('full-tflite')}, or say what you want with form= (--form): "
            f"{', '.join(FORMS)}"
        )
    return found


def _forms_of(specs: Collection[BackendSpec]) -> Iterator[str]:
    if any(_compiles(spec) for spec in specs):
        yield "library"
    if any(spec.kind == "impulse" and "eim" in spec.opens for spec in specs):
        yield "eim"
    if any(spec.kind == "tensor" and _NETWORKS in spec.opens for spec in specs):
        yield "bundle"


def _compiles(spec: BackendSpec) -> bool:
    """Whether a backend runs C++ libraries that were never built here: there is a compiler."""
    if spec.kind != "impulse" or "cpp-export" not in spec.opens:
        return False
    try:
        return bool(make_backend(spec).supports(ModelSource(Path("/"), "cpp-export")))
    except EdgeImpulseError:
        return False
    except Exception:  # noqa: BLE001 - a plugin may fail in any way; then it is not counted on
        return False
