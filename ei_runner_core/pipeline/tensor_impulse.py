"""A whole impulse on a tensor engine: what an impulse backend does, out of parts of the core."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from time import perf_counter_ns
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import dsp
from ..authoring import SlidingWindow, Turn
from ..contract import ImpulseSession, TensorSession, TensorSpec
from ..errors import InvalidInputError, ModelFormatError
from ..impulse import ImageInput, Impulse, model_parameters
from ..parameters import BlockThresholds, ModelParameters
from ..results import InferenceResult, Timing
from ..windows import WindowCheck
from .anomaly import AnomalyStage
from .features import FeatureStage
from .interpret import InterpretStage
from .network import NetworkStage, check_tensors, kept_outputs

__all__ = ["TensorImpulse"]

FloatArray = npt.NDArray[np.float32]
_log = logging.getLogger(__name__)


class TensorImpulse(ImpulseSession):
    """Signal processing, networks and post-processing, planned at open and run many times.

    Args:
        impulse: what to run.
        sessions: an opened network for each learn block that has one, by block id. They belong
            to this object from now on.

    Raises:
        ModelFormatError: the tensors of a network contradict the impulse.
        UnsupportedModelError: the impulse has a block that the core does not run.
    """

    def __init__(self, impulse: Impulse, sessions: Mapping[int, TensorSession]) -> None:
        self.impulse = impulse
        self._sessions = tuple(sessions.values())
        self._features = FeatureStage(impulse, kept_outputs(impulse, sessions))
        self._networks = tuple(
            NetworkStage(impulse, block, sessions[block.id], self._features)
            for block in impulse.networks
        )
        self._anomalies = AnomalyStage(impulse, self._features)
        reads_window = any(stage.reads_window for stage in self._networks)
        self._extract = None if reads_window else self._features.run
        # pixels have a range, which the image block checks
        self.refuses_non_finite = {block.type for block in impulse.dsp} == {"image"}
        self._interpret = InterpretStage(impulse, _all_outputs(self._networks))
        self._streams = self._features.can_stream
        self._takes_images = isinstance(impulse.input, ImageInput) and self._features.takes_images
        self._sliding = SlidingWindow(impulse.window_length)
        self._turn = Turn()
        self.parameters: ModelParameters = model_parameters(impulse)
        self._check = WindowCheck(impulse.window_length, self.parameters.axis_count)
        self._warm_up(np.zeros(impulse.window_length, np.float32))

    def classify(self, window: FloatArray, debug: bool = False) -> InferenceResult:
        """Answer one window; see :meth:`ImpulseSession.classify`."""
        result = self._turn.run(self._run, window)
        if debug:
            self._report(window, result)
        return result

    def classify_image(self, rgb: npt.NDArray[np.uint8], debug: bool = False) -> InferenceResult:
        """Answer one image without packing its pixels first, where the blocks take it as it is."""
        if not self._takes_images:
            return super().classify_image(rgb, debug)
        result = self._turn.run(self._run_image, rgb)
        if debug:
            self._report(rgb, result)
        return result

    def classify_continuous(self, piece: FloatArray, debug: bool = False) -> InferenceResult:
        """Answer the window that ends with this slice.

        Blocks that can stream work on the slice alone; for the others the raw values slide.
        """
        result = self._turn.run(self._run_slice, piece)
        if debug and result.ready:
            self._report(piece, result)
        return result

    def freeform(
        self, inputs: Sequence[npt.NDArray[Any]] | Mapping[str, npt.NDArray[Any]]
    ) -> dict[str, npt.NDArray[np.float32]]:
        """Run one window and return all tensors of the networks, dequantised, by name."""
        if isinstance(inputs, Mapping):
            raise InvalidInputError(
                "this model takes one window of features, not tensors by name; pass the array"
            )
        alone = isinstance(inputs, (list, tuple)) and len(inputs) == 1
        is_packed = alone and isinstance(inputs[0], np.ndarray)
        return self._turn.run(self._named, self._check(inputs[0] if is_packed else inputs))

    def reset(self) -> None:
        """Forget earlier windows and slices."""
        self._turn.run(self._forget)

    @property
    def thresholds(self) -> tuple[BlockThresholds, ...]:
        """The values that can be changed while the model runs, as they are now."""
        return self._interpret.thresholds

    def set_threshold(self, block_id: int, **values: float) -> None:
        """Change values of one block; see :meth:`ImpulseSession.set_threshold`."""
        self._turn.run(lambda: self._interpret.set_threshold(block_id, **values))

    def close(self) -> None:
        """Close the engine's sessions, after the call that is being worked on."""
        self._turn.close(self._close_sessions)

    def _close_sessions(self) -> None:
        for session in self._sessions:
            session.close()

    def _warm_up(self, window: FloatArray) -> None:
        """First calls allocate, and a backend that breaks its promises shows now."""
        self._turn.run(self._first_answer, window)
        self.reset()

    def _first_answer(self, window: FloatArray) -> None:
        tensors: dict[int, npt.NDArray[Any]] = {}
        for stage, found in zip(self._networks, self._infer(window), strict=True):
            check_tensors(found, stage.outputs)
            tensors |= found
        now = perf_counter_ns()
        self._answer(tensors, now, now)

    def _forget(self) -> None:
        self._features.reset()
        self._interpret.reset()
        self._sliding.reset()

    def _infer(self, window: FloatArray) -> list[dict[int, npt.NDArray[Any]]]:
        if self._extract is not None:
            self._extract(window)
        return [stage.run(window) for stage in self._networks]

    def _named(self, window: FloatArray) -> dict[str, npt.NDArray[np.float32]]:
        named: dict[str, npt.NDArray[np.float32]] = {}
        for stage, tensors in zip(self._networks, self._infer(window), strict=True):
            for key, spec in stage.outputs.items():
                name = spec.name if spec.name not in named else f"{spec.name}_{key}"
                named[name] = _real(tensors[key], spec.scale, spec.zero_point)
        return named

    def _run_slice(self, piece: FloatArray) -> InferenceResult:
        if self._streams:
            begin = perf_counter_ns()
            if not self._features.run_slice(piece):
                return InferenceResult(ready=False)
            extracted = perf_counter_ns()
            return self._answer(self._tensors(piece), begin, extracted)
        window = self._sliding.push(piece)
        return InferenceResult(ready=False) if window is None else self._run(window)

    def _run(self, window: FloatArray) -> InferenceResult:
        begin = perf_counter_ns()
        if self._extract is not None:
            self._extract(window)
        extracted = perf_counter_ns()
        return self._answer(self._tensors(window), begin, extracted)

    def _run_image(self, rgb: npt.NDArray[np.uint8]) -> InferenceResult:
        begin = perf_counter_ns()
        if self._extract is not None:
            self._features.run_image(rgb)
        extracted = perf_counter_ns()
        tensors: dict[int, npt.NDArray[Any]] = {}
        for stage in self._networks:
            tensors |= stage.run_image(rgb)
        return self._answer(tensors, begin, extracted)

    def _tensors(self, window: FloatArray) -> dict[int, npt.NDArray[Any]]:
        stages = self._networks
        if len(stages) == 1:
            return stages[0].run(window)
        tensors: dict[int, npt.NDArray[Any]] = {}
        for stage in stages:
            tensors |= stage.run(window)
        return tensors

    def _answer(
        self, tensors: dict[int, npt.NDArray[Any]], begin: int, extracted: int
    ) -> InferenceResult:
        """What the tensors and the features mean, with the times at which the work went on."""
        inferred = perf_counter_ns()
        anomalies = self._anomalies.run() if self._anomalies else None
        scored = perf_counter_ns()
        parts = self._interpret.run(tensors, anomalies)
        done = perf_counter_ns()
        timing = Timing(
            (extracted - begin) // 1000,
            (inferred - extracted) // 1000,
            (scored - inferred) // 1000,
            (done - scored) // 1000,
        )
        return InferenceResult(timing=timing, **parts)

    def _report(self, window: npt.NDArray[Any], result: InferenceResult) -> None:
        with np.printoptions(threshold=64, precision=5):
            _log.debug("window of %d values: %s", window.size, window)
            if self._extract is not None:
                _log.debug("features: %s", self._features.buffer)
            _log.debug("result: %s", result.to_dict())


def _all_outputs(stages: Iterable[NetworkStage]) -> dict[int, TensorSpec]:
    outputs: dict[int, TensorSpec] = {}
    for stage in stages:
        if common := outputs.keys() & stage.outputs.keys():
            raise ModelFormatError(
                f"output k of the learn block b is known as b + k, and two networks share "
                f"{sorted(common)}; give the learn blocks ids that are further apart"
            )
        outputs |= stage.outputs
    return outputs


def _real(tensor: npt.NDArray[Any], scale: float, zero_point: int) -> npt.NDArray[np.float32]:
    if scale:
        return dsp.dequantize(tensor, scale, zero_point)
    return tensor.astype(np.float32)
