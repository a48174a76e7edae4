"""From a source to a session that is ready to answer: find, choose, open."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from msgspec import Struct

from ._plugin_errors import blamed_on_plugin, described, shown
from .contract import ImpulseSession, ModelSource, Network, TensorSession, TensorSpec
from .errors import BackendUnavailableError, InvalidInputError, ModelFormatError, PluginError
from .locate import is_in_studio, locate
from .parameters import ModelParameters
from .reading import NetworkFiles, read_source
from .selection import BACKEND_VARIABLE, Selection, networks_for, select_backend, select_unread

__all__ = ["OpenedModel", "open_model", "open_tensor_session"]


class OpenedModel(Struct, frozen=True):
    """A session with where it came from and why it runs on this backend."""

    session: ImpulseSession
    source: ModelSource
    selection: Selection


def open_model(
    source: str | os.PathLike[str] | ModelSource | None,
    backend: str | None = None,
    options: Mapping[str, Any] | None = None,
    impulse: int | str | None = None,
    network: NetworkFiles | None = None,
) -> OpenedModel:
    """Find a model, choose a backend and open it; errors as those of EdgeImpulseModel."""
    if options is not None and not isinstance(options, Mapping):
        raise InvalidInputError(
            f"options must be a mapping from name to value, got {type(options).__name__}"
        )
    if source is None and impulse is not None and is_in_studio():
        from .studio.environment import download_named

        source, impulse = download_named(backend, impulse), None
    found = locate(source, backend)
    selection = select_unread(found, backend) if impulse is None and network is None else None
    if selection is None:
        found = read_source(found, impulse, network)
        selection = select_backend(found, backend)
    open_session = _open_tensors if selection.spec.kind == "tensor" else _open_impulse
    has_choice = not backend and found.kind not in ("eim", "library")
    with ExitStack() as on_failure, _told_who_was_chosen(selection, options, has_choice):
        session = open_session(found, selection, options or {}, on_failure)
        on_failure.pop_all()  # from here on what was opened belongs to the session
    return OpenedModel(session, found, selection)


@contextmanager
def _told_who_was_chosen(
    selection: Selection, options: Mapping[str, Any] | None, has_choice: bool
) -> Iterator[None]:
    """Options that were meant for another backend are best explained by how this one was chosen."""
    try:
        yield
    except InvalidInputError as error:
        if not has_choice or not options or selection.reason.startswith(BACKEND_VARIABLE):
            raise
        raise InvalidInputError(
            f"{error} (no backend was asked for, so {selection.spec.name} was chosen; name another "
            "one with backend=, or --backend)"
        ) from error


def _open_impulse(
    source: ModelSource, selection: Selection, options: Mapping[str, Any], on_failure: ExitStack
) -> ImpulseSession:
    session = _opened(selection, source, source, options)
    if not isinstance(session, ImpulseSession):
        raise _breach(selection, f"open() returned {shown(session)}, expected an ImpulseSession")
    on_failure.callback(_close_in_any_case, session)
    if not isinstance(_field(selection, session, "parameters"), ModelParameters):
        raise _breach(selection, "the parameters of its session are no ModelParameters")
    if not _is_impulse_or_none(_field(selection, session, "impulse")):
        raise _breach(selection, "the impulse of its session is neither an Impulse nor None")
    return session


def _open_tensors(
    source: ModelSource, selection: Selection, options: Mapping[str, Any], on_failure: ExitStack
) -> ImpulseSession:
    from .impulse import FreeformInput
    from .pipeline import FreeformImpulse, TensorImpulse

    impulse = source.impulse
    networks = networks_for(selection.spec, source)
    if impulse is None or networks is None:
        raise ModelFormatError(f"{source.path} holds no network for {selection.spec.name}")
    sessions = {
        block_id: open_tensor_session(selection, network, source, options, on_failure)
        for block_id, network in networks.items()
    }
    if isinstance(impulse.input, FreeformInput):
        return FreeformImpulse(impulse, next(iter(sessions.values())))
    return TensorImpulse(impulse, sessions)


def open_tensor_session(
    selection: Selection,
    network: Network,
    source: ModelSource,
    options: Mapping[str, Any],
    on_failure: ExitStack,
) -> TensorSession:
    """Open one network of a model on a tensor backend, which may break the contract in any way."""
    session = _opened(selection, network, source, options)
    if not isinstance(session, TensorSession):
        raise _breach(selection, f"open() returned {shown(session)}, expected a TensorSession")
    on_failure.callback(_close_in_any_case, session)
    _check_tensors(selection, network, session)
    return session


def _opened(
    selection: Selection,
    model: ModelSource | Network,
    source: ModelSource,
    options: Mapping[str, Any],
) -> Any:
    path = (model.path if isinstance(model, Network) else None) or source.path
    what = f"the backend {selection.spec.name!r} failed to open {path}"
    with blamed_on_plugin(BackendUnavailableError, what):
        return selection.backend.open(model, options)


def _check_tensors(selection: Selection, network: Network, session: TensorSession) -> None:
    for name in ("inputs", "outputs"):
        specs = _field(selection, session, name)
        if not isinstance(specs, tuple) or not all(isinstance(s, TensorSpec) for s in specs):
            raise _breach(
                selection,
                f"the {name} of its session are {shown(specs)}, expected a tuple of TensorSpec",
            )
    if not session.outputs:
        raise ModelFormatError(
            f"the network {network.name} has no outputs, expected at least one; export it again"
        )


def _is_impulse_or_none(value: object) -> bool:
    if value is None:
        return True
    from .impulse import Impulse

    return isinstance(value, Impulse)


def _field(selection: Selection, session: object, name: str) -> Any:
    what = f"the backend {selection.spec.name!r} breaks the contract: its session has no {name}"
    with blamed_on_plugin(PluginError, what):
        return getattr(session, name)


def _breach(selection: Selection, what: str) -> PluginError:
    return PluginError(
        f"the backend {selection.spec.name!r} breaks the contract: {what}; upgrade the plugin"
    )


def _close_in_any_case(session: TensorSession | ImpulseSession) -> None:
    """Close a session after a failure, which is what the user has to hear about."""
    try:
        session.close()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a plugin may fail in any way
        import logging  # on first use: nothing else on the way to a model needs it

        logging.getLogger(__name__).debug("a session could not be closed: %s", described(error))
