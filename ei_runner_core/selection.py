"""Choosing the backend that opens a model, and telling why it was this one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from .contract import BackendSpec, ModelSource, Network, Support
from .errors import BackendNotFoundError, EdgeImpulseError, UnsupportedModelError
from .plugins import PluginRow, Registry, install_hint, load_target, registry

__all__ = ["Selection", "networks_for", "select_backend"]

BACKEND_VARIABLE = "EI_BACKEND"
PREFERRED = ("sdk-ffi", "full-tflite", "onnx")
_INSTALLABLE = {
    ".tflite": ("full-tflite",),
    ".onnx": ("onnx",),
    "eim": ("eim",),
    "cpp-export": ("sdk-ffi",),
}


@dataclass(frozen=True)
class Selection:
    """The backend that was chosen, made and ready to open the model.

    ``reason`` says why it was chosen; ``considered`` lists the others that were looked at before
    or after it, each with the reason why it was not taken.
    """

    spec: BackendSpec
    backend: Any
    reason: str
    considered: tuple[tuple[str, str], ...] = ()


def select_backend(
    source: ModelSource, requested: str | None = None, plugins: Registry | None = None
) -> Selection:
    """Choose the backend for a model.

    An explicit name wins over ``EI_BACKEND``; without either, sdk-ffi is taken where it can open
    the model, then full-tflite, onnx, and the others by name. An ``.eim`` is opened by eim first.

    Raises:
        BackendNotFoundError: there is no such backend, or none of the installed ones fits.
        BackendUnavailableError: the named backend is there but cannot be used.
        UnsupportedModelError: the named backend cannot open this model.
    """
    plugins = plugins or registry()
    if requested:
        return _requested(source, requested, "it was asked for", plugins)
    if from_environment := os.environ.get(BACKEND_VARIABLE):
        why = f"{BACKEND_VARIABLE}={from_environment}"
        return _requested(source, from_environment, why, plugins)
    return _first_that_fits(source, plugins)


def networks_for(spec: BackendSpec, source: ModelSource) -> dict[int, Network] | None:
    """For each learn block with a network the file that the backend opens; None if one has none."""
    chosen: dict[int, Network] = {}
    for block_id, files in source.networks.items():
        for network in files:
            if network.format in spec.opens:
                chosen[block_id] = network
                break
        else:
            return None
    return chosen or None


def _requested(source: ModelSource, name: str, why: str, plugins: Registry) -> Selection:
    spec = plugins.backend(name)
    backend = load_target(spec)()
    support = _support(spec, backend, source)
    if not support:
        raise UnsupportedModelError(
            f"the backend {name!r} ({why}) cannot open {source.path}: {support.reason}"
        )
    return Selection(spec, backend, why)


def _first_that_fits(source: ModelSource, plugins: Registry) -> Selection:
    chosen: Selection | None = None
    considered: list[tuple[str, str]] = []
    for spec in sorted(plugins.backends.values(), key=lambda spec: _rank(spec, source)):
        if not _may_open(spec, source):
            considered.append((spec.name, _wrong_format(spec, source)))
            continue
        if chosen is not None:
            considered.append((spec.name, f"{chosen.spec.name} comes first"))
            continue
        try:
            backend = load_target(spec)()
            support = _support(spec, backend, source)
        except EdgeImpulseError as error:
            support = Support(ok=False, reason=str(error))
        if support:
            chosen = Selection(spec, backend, _why_first(source))
        else:
            considered.append((spec.name, support.reason))
    if chosen is None:
        raise BackendNotFoundError(_nothing_fits(source, considered, plugins))
    return Selection(chosen.spec, chosen.backend, chosen.reason, tuple(considered))


def _rank(spec: BackendSpec, source: ModelSource) -> tuple[int, str]:
    order = ("eim", *PREFERRED) if source.kind == "eim" else PREFERRED
    return (order.index(spec.name) if spec.name in order else len(order)), spec.name


def _why_first(source: ModelSource) -> str:
    if source.kind == "eim":
        return "it is the first installed backend that runs .eim files"
    order = ", ".join(PREFERRED)
    return f"it is the first installed backend that can open the model (order: {order}, others)"


def _may_open(spec: BackendSpec, source: ModelSource) -> bool:
    """Whether what the spec says allows it, before anything of the backend is imported."""
    if source.kind in spec.opens or source.path.suffix.lower() in spec.opens:
        return True
    return spec.kind == "tensor" and networks_for(spec, source) is not None


def _support(spec: BackendSpec, backend: Any, source: ModelSource) -> Support:
    if not _may_open(spec, source):
        return Support(ok=False, reason=_wrong_format(spec, source))
    if spec.kind == "impulse":
        answer: Support = backend.supports(source)
        return answer
    for network in (networks_for(spec, source) or {}).values():
        answer = backend.supports(network)
        if not answer:
            return answer
    return Support(ok=True)


def _wrong_format(spec: BackendSpec, source: ModelSource) -> str:
    return f"it opens {_listing(spec.opens)}, not {_content(source)}"


def _content(source: ModelSource) -> str:
    formats = {network.format for files in source.networks.values() for network in files}
    return _listing(tuple(sorted(formats))) if formats else _listing((source.kind,))


def _listing(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "nothing"


def _nothing_fits(source: ModelSource, considered: list[tuple[str, str]], plugins: Registry) -> str:
    broken = [(row.name, row.reason) for row in plugins.rows if _is_broken_backend(row)]
    tried = [f"{name}: {reason}" for name, reason in (*considered, *broken)]
    tried_text = f" ({'; '.join(tried)})" if tried else ""
    return f"no installed backend opens {source.path}{tried_text}; {_what_to_install(source)}"


def _is_broken_backend(row: PluginRow) -> bool:
    return row.status != "ok" and row.kind in ("backend", "plugin")


def _what_to_install(source: ModelSource) -> str:
    keys = {network.format for files in source.networks.values() for network in files}
    extras = [extra for key in (*sorted(keys), source.kind) for extra in _INSTALLABLE.get(key, ())]
    if extras:
        return install_hint(extras[0])
    return "see what is installed with: ei-runner backends"
