"""An opened ``.eim``, as the core uses it."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from ei_runner_core import (
    BlockThresholds,
    DeadlineError,
    ImpulseSession,
    InferenceError,
    InferenceResult,
    InvalidInputError,
    ProcessDiedError,
)
from ei_runner_core.authoring import (
    SliceStream,
    ThresholdTable,
    Turn,
    WindowCheck,
    keep_in_forked_child,
)

from .client import Refused
from .codes import CANNOT_STREAM, code_of
from .keeper import Keeper

__all__ = ["EimSession"]

FloatArray = npt.NDArray[np.float32]
T = TypeVar("T")
_log = logging.getLogger(__name__)


class EimSession(ImpulseSession):
    """A model in a program of its own.

    Args:
        keeper: holds the running program; it belongs to this object from now on.
    """

    def __init__(self, keeper: Keeper) -> None:
        self.impulse = None
        self.parameters = parameters = keeper.eim.parameters
        self._keeper = keeper
        self._turn = Turn()
        self._thresholds = ThresholdTable(parameters.thresholds)
        self._check = WindowCheck(parameters.input_features_count, parameters.axis_count)
        self._stream = SliceStream(parameters)
        self._follows = parameters.has_object_tracking or parameters.has_performance_calibration
        self._has_memory = False
        self._finalizer = weakref.finalize(self, keeper.close)
        keep_in_forked_child(self)

    def classify(self, window: FloatArray, debug: bool = False) -> InferenceResult:
        """Answer one window; see :meth:`ei_runner_core.ImpulseSession.classify`."""
        return self._turn.run(self._classify, window, debug)

    def classify_continuous(self, piece: FloatArray, debug: bool = False) -> InferenceResult:
        """Answer the window that ends with this slice.

        A program whose signal processing cannot work on slices gets whole windows.
        """
        return self._turn.run(self._classify_slice, piece, debug)

    def reset(self) -> None:
        """Forget earlier windows and slices.

        The protocol has no message for that: a program that remembers something is started anew.

        Raises:
            InferenceError: somebody else runs the program.
        """
        self._turn.run(self._reset)

    def freeform(
        self, inputs: Sequence[np.ndarray] | Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Run one window and return the tensors of a freeform model, float32, by name.

        Tensors have the names and shapes that ei-runner's own programs tell; those of others are
        called ``output_0`` and so on, and are flat.
        """
        if isinstance(inputs, Mapping):
            raise InvalidInputError(
                "this model takes one window of features, not tensors by name; pass the array"
            )
        alone = isinstance(inputs, (list, tuple)) and len(inputs) == 1
        is_packed = alone and isinstance(inputs[0], np.ndarray)
        window = inputs[0] if is_packed else inputs
        if isinstance(window, np.ndarray):  # the protocol knows no shapes
            window = window.reshape(-1)
        result = self.classify(self._check(window))
        if result.freeform is None:
            raise InvalidInputError(
                f"the model is no freeform model but {self.parameters.model_type!r}; call infer()"
            )
        return self._named(result.freeform)

    @property
    def thresholds(self) -> tuple[BlockThresholds, ...]:
        """The values that can be changed while the model runs, as they are now."""
        return self._thresholds.now

    def set_threshold(self, block_id: int, **values: float) -> None:
        """Change values of one block; see :meth:`ei_runner_core.ImpulseSession.set_threshold`."""
        checked = self._thresholds.checked(block_id, values)
        self._turn.run(self._set_threshold, int(block_id), checked)

    def close(self) -> None:
        """End the program, after the call that is being worked on. Closing twice is legal."""
        self._turn.close(self._close)

    def abandon(self) -> object:
        """Become unusable in a forked child; the program belongs to the parent."""
        self._turn = Turn()
        self._finalizer.detach()
        return self._keeper.abandon()

    def _close(self) -> None:
        self._keeper.close()
        self._finalizer.detach()

    def _classify(self, window: FloatArray, debug: bool) -> InferenceResult:
        def ask() -> InferenceResult:
            self._has_memory |= self._follows
            return self._keeper.eim.infer("classify", window, debug)

        return self._asked(ask)

    def _classify_slice(self, piece: FloatArray, debug: bool) -> InferenceResult:
        return self._stream.answer(
            piece,
            lambda piece: self._work_on_slice(piece, debug),
            lambda window: self._classify(window, debug),
        )

    def _work_on_slice(self, piece: FloatArray, debug: bool) -> InferenceResult | None:
        """Let the program work on the slice; ``None`` if it cannot."""

        def ask() -> InferenceResult:
            self._has_memory = True  # also if an interrupt comes before the answer
            return self._keeper.eim.infer("classify_continuous", piece, debug)

        try:
            return self._asked(ask)
        except InferenceError as error:
            if not self._stream.is_first or code_of(str(error)) != CANNOT_STREAM:
                raise
            self._has_memory = False
            _log.debug("the model cannot work on slices: windows slide instead")
            return None

    def _reset(self) -> None:
        self._stream.reset()
        if self._has_memory:
            self._restart()

    def _restart(self) -> None:
        self._keeper.restart()
        self._stream.restart()
        self._has_memory = False
        for block_id, name, value in self._thresholds.changed:
            self._set_one(self._asked_once, block_id, name, value)

    def _asked(self, ask: Callable[[], T]) -> T:
        """Ask, and once more if the program has to be brought back and may be."""
        if self._keeper.may_restart and not self._keeper.eim.can_answer:
            self._restart()
        try:
            return self._asked_once(ask)
        except ProcessDiedError as error:
            if not self._keeper.may_restart:
                raise
            _log.warning("%s; it is started again", error)
            self._restart()
            return self._asked_once(ask)

    def _asked_once(self, ask: Callable[[], T]) -> T:
        self._keeper.check()
        try:
            return ask()
        except Refused as refusal:
            raise InferenceError(f"{self._keeper.name} {refusal}") from None
        except (ProcessDiedError, DeadlineError, InferenceError) as error:
            self._keeper.remember(error)
            raise

    def _set_threshold(self, block_id: int, values: Mapping[str, float]) -> None:
        before = dict(self._thresholds.values(block_id))
        done: dict[str, float] = {}
        try:
            for name, value in values.items():
                self._set_one(self._asked, block_id, name, value)
                done[name] = before[name]
        except InferenceError as error:
            if self._keeper.eim.has_failed:
                raise
            for name, value in done.items():
                self._set_one(self._asked_once, block_id, name, value)
            raise InvalidInputError(str(error)) from error

    def _set_one(
        self, asked: Callable[[Callable[[], None]], None], block_id: int, name: str, value: float
    ) -> None:
        try:
            asked(lambda: self._keeper.eim.set_threshold(block_id, name, value))
        except Exception:
            raise  # it was not taken
        except BaseException:
            self._thresholds.set(block_id, {name: value})  # interrupted, when it was on its way
            raise
        self._thresholds.set(block_id, {name: value})

    def _named(self, tensors: Sequence[FloatArray]) -> dict[str, np.ndarray]:
        known = self._keeper.eim.freeform_outputs
        if [len(tensor) for tensor in tensors] != [int(np.prod(one.shape)) for one in known]:
            return {f"output_{position}": tensor for position, tensor in enumerate(tensors)}
        return {
            one.name: tensor.reshape(one.shape) for one, tensor in zip(known, tensors, strict=True)
        }
