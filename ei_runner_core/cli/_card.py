"""The card that ``ei-runner info`` shows: what is known about a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from .._plugin_errors import blamed_on_plugin
from ..contract import ModelSource, TensorSpec
from ..errors import (
    BackendNotFoundError,
    BackendUnavailableError,
    InferenceError,
    ModelFormatError,
    UnsupportedModelError,
)
from ..impulse import Impulse, model_parameters
from ..locate import locate
from ..parameters import ModelParameters
from ..reading import read_source
from ..selection import Selection, networks_for, select_unread

if TYPE_CHECKING:
    from ..model import EdgeImpulseModel

__all__ = ["Card", "Tensors", "card_of"]


class Tensors(msgspec.Struct, frozen=True):
    """The inputs and outputs of one network."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


@dataclass(frozen=True)
class Card:
    """A model, and the backend that runs it or the ``problem`` that none does.

    ``tensors`` holds the inputs and outputs of each network by the id of its block, where a tensor
    backend runs the model.
    """

    source: ModelSource
    impulse: Impulse | None
    parameters: ModelParameters | None
    selection: Selection | None = None
    tensors: Mapping[int, Tensors] = field(default_factory=dict)
    problem: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The card as JSON."""
        chosen = self.selection
        return {
            "path": str(self.source.path),
            "kind": self.source.kind,
            "backend": chosen.spec.name if chosen else None,
            "reason": chosen.reason if chosen else None,
            "considered": [
                {"name": name, "reason": reason}
                for name, reason in (chosen.considered if chosen else ())
            ],
            "problem": self.problem or None,
            "parameters": self.parameters.to_dict() if self.parameters else None,
            "impulse": msgspec.to_builtins(self.impulse) if self.impulse else None,
            "tensors": msgspec.to_builtins(self.tensors, str_keys=True),
        }


def card_of(
    path: str | None,
    backend: str | None = None,
    options: Mapping[str, Any] | None = None,
    impulse: int | str | None = None,
    network: str | None = None,
) -> Card:
    """Find a model and open it, if there is something to open it with.

    Raises:
        EdgeImpulseError: there is no model, it is damaged, or the backend that was asked for
            cannot open it.
    """
    from ..model import EdgeImpulseModel
    from ._opening import without_native_chatter

    source = _read(locate(path), backend, impulse, network)
    try:
        with without_native_chatter():
            model = EdgeImpulseModel(
                source.path, backend=backend, options=options, impulse=impulse, network=network
            )
            return _card_of_opened(source, model, options or {})
    except (BackendNotFoundError, BackendUnavailableError, UnsupportedModelError) as error:
        if backend is not None:
            raise
        told = model_parameters(source.impulse) if source.impulse else None
        return Card(source, source.impulse, told, problem=str(error))


def _read(
    found: ModelSource, backend: str | None, impulse: int | str | None, network: str | None
) -> ModelSource:
    """The source with what its files tell; a backend may run an export that nobody can read."""
    try:
        return read_source(found, impulse, network)
    except ModelFormatError:
        if impulse is not None or network is not None or select_unread(found, backend) is None:
            raise
        return found


def _card_of_opened(
    source: ModelSource, model: EdgeImpulseModel, options: Mapping[str, Any]
) -> Card:
    what = f"the backend {model.backend_name!r} failed to describe or to close the model"
    with blamed_on_plugin(InferenceError, what), model:
        chosen = model.selection
        impulse = model.impulse or source.impulse
        return Card(source, impulse, model.parameters, chosen, _tensors(source, chosen, options))


def _tensors(
    source: ModelSource, selection: Selection, options: Mapping[str, Any]
) -> dict[int, Tensors]:
    if selection.spec.kind != "tensor":
        return {}
    tensors = {}
    for block_id, network in (networks_for(selection.spec, source) or {}).items():
        with selection.backend.open(network, options) as session:
            tensors[block_id] = Tensors(session.inputs, session.outputs)
    return tensors
