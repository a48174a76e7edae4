"""An opened model, as the core uses it."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ei_runner_core import (
    BlockThresholds,
    ImpulseSession,
    InferenceError,
    InferenceResult,
    InvalidInputError,
)
from ei_runner_core.authoring import (
    SliceStream,
    ThresholdTable,
    Turn,
    WindowCheck,
    keep_in_forked_child,
)

from .model import NOT_FINITE, Model
from .native import ffi

__all__ = ["SdkFfiSession"]

FloatArray = npt.NDArray[np.float32]

_FLOATS = ffi.typeof("float *")
_CANNOT_STREAM = -5  # the SDK's code for signal processing that failed, or does not take slices
_MOST = {"max_observations": 2**16 - 1}
_LARGEST = 2**32 - 256  # of whole numbers in 32 bits, as a float32
_WHOLE = frozenset(
    {
        "keep_grace",
        "max_observations",
        "average_window_duration_ms",
        "suppression_ms",
        "suppression_flags",
    }
)


class SdkFfiSession(ImpulseSession):
    """A model in this process.

    Args:
        model: the opened model; it belongs to this object from now on.
    """

    refuses_non_finite = True

    def __init__(self, model: Model) -> None:
        self.impulse = None
        self.parameters = parameters = model.parameters
        self._model: Model | None = model
        self._turn = Turn()
        self._check = WindowCheck(parameters.input_features_count, parameters.axis_count)
        self._stream = SliceStream(parameters)
        self._thresholds = ThresholdTable(parameters.thresholds)
        self._why_unusable = ""
        self._finalizer = weakref.finalize(self, model.close)
        keep_in_forked_child(self)

    def classify(self, window: FloatArray, debug: bool = False) -> InferenceResult:
        """Answer one window; see :meth:`ei_runner_core.ImpulseSession.classify`."""
        return self._turn.run(self._classify, window, debug)

    def classify_continuous(self, piece: FloatArray, debug: bool = False) -> InferenceResult:
        """Answer the window that ends with this slice.

        A model whose signal processing cannot work on slices gets whole windows.
        """
        return self._turn.run(self._classify_slice, piece, debug)

    def reset(self) -> None:
        """Forget earlier windows and slices."""
        self._turn.run(self._reset)

    def freeform(
        self, inputs: Sequence[np.ndarray] | Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Run one window and return the tensors of a freeform model, float32, flat, by position.

        They are called ``output_0`` and so on: an export does not tell their names.
        """
        if isinstance(inputs, Mapping):
            raise InvalidInputError(
                "this model takes one window of features, not tensors by name; pass the array"
            )
        alone = isinstance(inputs, (list, tuple)) and len(inputs) == 1
        window = inputs[0] if alone and isinstance(inputs[0], np.ndarray) else inputs
        if isinstance(window, np.ndarray):
            window = window.reshape(-1)
        tensors = self.classify(self._check(window)).freeform
        if tensors is None:
            raise InvalidInputError(
                f"the model is no freeform model but {self.parameters.model_type!r}; call infer()"
            )
        return {f"output_{position}": tensor for position, tensor in enumerate(tensors)}

    @property
    def thresholds(self) -> tuple[BlockThresholds, ...]:
        """The values that can be changed while the model runs, as they are now."""
        return self._thresholds.now

    def set_threshold(self, block_id: int, **values: float) -> None:
        """Change values of one block; see :meth:`ei_runner_core.ImpulseSession.set_threshold`."""
        checked = self._thresholds.checked(block_id, values)
        for name, value in checked.items():
            _check_whole(block_id, name, value)
        self._turn.run(self._set_threshold, int(block_id), checked)

    def close(self) -> None:
        """Unload the model, after the call that is being worked on. Closing twice is legal."""
        self._turn.close(self._close)

    def abandon(self) -> object:
        """Become unusable in a forked child; what is loaded stays as it is."""
        model = self._model
        self._turn = Turn()
        self._finalizer.detach()
        self._drop("the model was opened in another process: open it again in this one")
        return model

    def _opened(self) -> Model:
        if self._model is None:
            raise InferenceError(self._why_unusable)
        return self._model

    def _classify(self, window: FloatArray, debug: bool) -> InferenceResult:
        model = self._model or self._opened()
        if not model.messages.is_empty:
            model.messages.clear()
        answers = model.answers
        status = model.classify(
            ffi.from_buffer(_FLOATS, window), window.size, debug, answers.result
        )
        if status:
            raise self._failure(model, status, window)
        return answers.read()

    def _classify_slice(self, piece: FloatArray, debug: bool) -> InferenceResult:
        return self._stream.answer(
            piece,
            lambda piece: self._work_on_slice(piece, debug),
            lambda window: self._classify(window, debug),
        )

    def _work_on_slice(self, piece: FloatArray, debug: bool) -> InferenceResult | None:
        model = self._opened()
        model.messages.clear()
        status = model.classify_slice(
            ffi.from_buffer(_FLOATS, piece), piece.size, debug, model.answers.result
        )
        if status == _CANNOT_STREAM and self._stream.is_first:
            model.reset()
            return None
        if status:
            raise self._failure(model, status, piece)
        return model.answers.read()

    def _failure(self, model: Model, status: int, values: FloatArray) -> Exception:
        if status == NOT_FINITE:
            WindowCheck(values.size, self.parameters.axis_count)(values)  # says which value it is
        return model.failure(status)

    def _reset(self) -> None:
        self._stream.reset()
        self._opened().reset()

    def _set_threshold(self, block_id: int, values: Mapping[str, float]) -> None:
        model = self._opened()
        for name, value in values.items():
            self._thresholds.set(block_id, {name: model.set_threshold(block_id, name, value)})

    def _close(self) -> None:
        # A signal handler may close it while its network runs: then the library has to stay until
        # the call has returned, and is unloaded with this object.
        if not (self._model and self._model.is_busy):
            self._finalizer()
        self._drop("the model is closed: open it again")

    def _drop(self, why: str) -> None:
        self._why_unusable = self._why_unusable or why
        self._model = None


def _check_whole(block_id: int, name: str, value: float) -> None:
    most = _MOST.get(name, _LARGEST)
    if name in _WHOLE and not (value.is_integer() and 0 <= value <= most):
        raise InvalidInputError(
            f"the value {name!r} of the block {block_id} is {value:g}, expected a whole number "
            f"from 0 to {most}"
        )
