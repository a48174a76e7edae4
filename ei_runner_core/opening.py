"""From a source to a session that is ready to answer: find, choose, open."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from .contract import ImpulseSession, ModelSource
from .errors import InvalidInputError, ModelFormatError
from .impulse import FreeformInput
from .locate import locate
from .selection import Selection, networks_for, select_backend

__all__ = ["OpenedModel", "open_model"]


@dataclass(frozen=True)
class OpenedModel:
    """A session with where it came from and why it runs on this backend."""

    session: ImpulseSession
    source: ModelSource
    selection: Selection


def open_model(
    source: str | os.PathLike[str] | None,
    backend: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> OpenedModel:
    """Find a model, choose a backend and open it; errors as those of EdgeImpulseModel."""
    if options is not None and not isinstance(options, Mapping):
        raise InvalidInputError(
            f"options must be a mapping from name to value, got {type(options).__name__}"
        )
    found = locate(source)
    selection = select_backend(found, backend)
    open_session = _open_tensors if selection.spec.kind == "tensor" else _open_impulse
    return OpenedModel(open_session(found, selection, options or {}), found, selection)


def _open_impulse(
    source: ModelSource, selection: Selection, options: Mapping[str, Any]
) -> ImpulseSession:
    session: ImpulseSession = selection.backend.open(source, options)
    return session


def _open_tensors(
    source: ModelSource, selection: Selection, options: Mapping[str, Any]
) -> ImpulseSession:
    from .pipeline import FreeformImpulse, TensorImpulse

    impulse = source.impulse
    networks = networks_for(selection.spec, source) or {}
    if impulse is None or not networks:
        raise ModelFormatError(f"{source.path} holds no network for {selection.spec.name}")
    with ExitStack() as on_failure:
        sessions = {
            block_id: on_failure.enter_context(selection.backend.open(network, options))
            for block_id, network in networks.items()
        }
        session: ImpulseSession
        if isinstance(impulse.input, FreeformInput):
            session = FreeformImpulse(impulse, next(iter(sessions.values())))
        else:
            session = TensorImpulse(impulse, sessions)
        on_failure.pop_all()  # from here on the sessions belong to the impulse
    return session
