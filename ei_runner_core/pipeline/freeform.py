"""A bare network as a model: tensors in, tensors out, no fixed meaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import numpy.typing as npt

from ..authoring import Turn
from ..contract import ImpulseSession, TensorSession
from ..errors import PluginError, UnsupportedModelError
from ..impulse import Impulse, model_parameters
from ..parameters import BlockThresholds
from ..results import InferenceResult
from .tensors import match_inputs

__all__ = ["FreeformImpulse"]


class FreeformImpulse(ImpulseSession):
    """A network without signal processing before it and without post-processing behind it."""

    def __init__(self, impulse: Impulse, session: TensorSession) -> None:
        self.impulse = impulse
        self.parameters = model_parameters(impulse)
        self.inputs = session.inputs
        self.outputs = session.outputs
        self._session = session
        self._turn = Turn()
        self._names = _unique([spec.name for spec in session.outputs])

    def freeform(
        self, inputs: Sequence[npt.NDArray[Any]] | Mapping[str, npt.NDArray[Any]]
    ) -> dict[str, npt.NDArray[Any]]:
        """Run the network; values are raw, as its tensors hold them."""
        arrays = match_inputs(inputs, self.inputs)
        outputs = self._turn.run(self._session.run, arrays)
        if len(outputs) != len(self._names):
            raise PluginError(
                f"the backend promised {len(self._names)} outputs, but gave {len(outputs)}; report "
                "it to the backend's authors"
            )
        return dict(zip(self._names, outputs, strict=True))

    def classify(self, window: npt.NDArray[Any], debug: bool = False) -> InferenceResult:
        """Refuse: a bare network does not say what a window means."""
        _refuse("infer")

    def classify_continuous(self, piece: npt.NDArray[Any], debug: bool = False) -> InferenceResult:
        """Refuse: a bare network does not say what a slice means."""
        _refuse("infer_continuous")

    def reset(self) -> None:
        """There is nothing to forget."""

    @property
    def thresholds(self) -> tuple[BlockThresholds, ...]:
        """A bare network has none."""
        return ()

    def set_threshold(self, block_id: int, **values: float) -> None:
        """Refuse: there are no thresholds."""
        raise UnsupportedModelError("a bare network has no thresholds")

    def close(self) -> None:
        """Close the engine's session, after the call that is being worked on."""
        self._turn.close(self._session.close)


def _refuse(method: str) -> NoReturn:
    raise UnsupportedModelError(
        f"this model is a bare network without impulse.json, so {method}() does not know what its "
        "tensors mean; call infer_freeform(), or make a bundle with an impulse.json"
    )


def _unique(names: list[str]) -> list[str]:
    """Names of tensors need not be unique; the later ones get their index."""
    return [
        name if name and name not in names[:i] else f"{name or 'output'}_{i}"
        for i, name in enumerate(names)
    ]
