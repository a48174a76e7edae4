"""Models for the tests of isolation: the first value of a window tells what they do."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ei_runner_core import (
    BlockThresholds,
    BoundingBox,
    ImpulseBackend,
    ImpulseSession,
    InferenceResult,
    InvalidInputError,
    ModelParameters,
    ModelSource,
    Support,
    TensorSpec,
    Timing,
    TrackedObject,
    VisualAnomaly,
    errors,
)

ABORT, CRASH, EXIT, HANG, WAIT, STOP, CHILD, RAISE, FLOOD, HUSH, SPEAK = range(-1, -12, -1)
KINDS = (*errors.__all__, "ZeroDivisionError")
BLOCKS = (BlockThresholds(7, "object_detection", {"min_score": 0.5, "iou": 0.1}),)
EVERYTHING = InferenceResult(
    classification={"zebra": 0.1, "Äffchen": 1 / 3, "nan": float("inf")},
    bounding_boxes=(BoundingBox("zebra", 0.7, 1, 2, 3, 4),),
    object_tracking=(TrackedObject(3, "zebra", 0.7, 1, 2, 3, 4, 9, (1, 2, 3, 4)),),
    visual_anomaly=VisualAnomaly((BoundingBox("anomaly", 9.5, 0, 0, 8, 8),), 9.5, 1e-300),
    anomaly=-0.1,
    freeform=(np.float32([[0.1, -0.0], [np.nan, 3]]), np.zeros((0, 2), np.int8), np.array(5)),
    counts=(1, 2),
    detected_label="zebra",
    timing=Timing(1, 2, 3, 4),
    info="an info",
    ready=False,
)


class Told(ImpulseSession):
    """Answers with the sum of the window, or does what its first value tells."""

    impulse = None
    refuses_non_finite = True

    def __init__(self, length: int = 4, bell: str = "", at_close: str = "") -> None:
        self.parameters = ModelParameters(
            input_features_count=length, labels=("sum",), slice_size=2, thresholds=BLOCKS
        )
        self.inputs = (TensorSpec("x", (1, -1), "float32", 0.5, 3),)
        self.outputs = (TensorSpec("y", (1,), "int8"),)
        self._bell = Path(bell)
        self._at_close = at_close
        self._blocks = {block.id: block for block in BLOCKS}
        self._slices = 0

    def classify(self, window: np.ndarray, debug: bool = False) -> InferenceResult:
        if window[0] < 0:
            return self._behave(int(window[0]), window)
        if debug:
            print("this is said on the way")
        return InferenceResult(classification={"sum": float(window.sum(dtype=np.float64))})

    def _behave(self, what: int, window: np.ndarray) -> InferenceResult:
        if what == ABORT:
            print("the engine gives up\nassertion failed")
            os.abort()
        if what == CRASH:
            ctypes.CDLL(None).puts(b"about to crash")
            ctypes.string_at(0)
        if what == EXIT:
            os._exit(3)
        if what == HANG:
            self.hang()
        if what == WAIT:
            self._bell.read_text()  # of a pipe that somebody writes to
        if what == STOP:
            self._ring()
            os.kill(os.getpid(), signal.SIGSTOP)
        if what == CHILD and not os.fork():
            self.hang()
        if what == RAISE:
            kind = KINDS[int(window[1])]
            raise getattr(errors, kind, ZeroDivisionError)(f"{kind} with\nan \u00e4 and \udc80")
        if what == FLOOD:
            os.write(1, b"x" * 400 + b"\n" + b"much\n" * 500_000 + b"the end")
        if what == HUSH:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
        return EVERYTHING

    def hang(self) -> None:
        """Stay in native code, without the lock of the interpreter."""
        self._ring()
        while True:
            ctypes.CDLL(None).pause()

    def _ring(self) -> None:
        if self._bell.name:
            self._bell.write_text(str(os.getpid()))

    def classify_continuous(self, piece: np.ndarray, debug: bool = False) -> InferenceResult:
        self._slices += 1
        if self._slices < 2:
            return InferenceResult(ready=False)
        return self.classify(piece)

    def reset(self) -> None:
        self._slices = 0

    def freeform(self, inputs: object) -> dict[str, np.ndarray]:
        if isinstance(inputs, Mapping):
            return dict(inputs)
        if not isinstance(inputs, (list, tuple)):
            raise InvalidInputError(f"expected arrays, got {type(inputs).__name__}")
        return {f"t{i}": tensor for i, tensor in enumerate(inputs)}

    @property
    def thresholds(self) -> tuple[BlockThresholds, ...]:
        return tuple(self._blocks.values())

    def set_threshold(self, block_id: int, **values: float) -> None:
        old = self._blocks.get(block_id)
        if old is None or not old.values.keys() >= values.keys():
            raise InvalidInputError(f"there is no block {block_id} with {', '.join(values)}")
        rounded = {name: float(np.float32(value)) for name, value in values.items()}
        self._blocks[block_id] = BlockThresholds(old.id, old.type, {**old.values, **rounded})

    def close(self) -> None:
        if self._at_close == "hang":
            self.hang()
        if self._at_close:
            Path(self._at_close).write_text("closed")


def tell(**settings: object) -> Told:
    """Open the model."""
    return Told(**settings)


def fail(how: str, bell: str = "") -> Told:
    """Do not open it."""
    if how == "abort":
        print("not here")
        os.abort()
    if how == "hang":
        Told(bell=bell).hang()
    if how == "bug":
        raise ZeroDivisionError("a bug")
    if how == "exit":
        sys.exit(4)
    if how == "nothing":
        return None  # type: ignore[return-value]
    raise errors.ModelFormatError("the model is damaged")


class ToldBackend(ImpulseBackend):
    """Opens JSON files in processes of their own, for the conformance suite."""

    def supports(self, source: ModelSource) -> Support:
        return Support(ok=True)

    def open(self, source: ModelSource, options: Mapping[str, Any]) -> ImpulseSession:
        from ei_runner_sdk_ffi.isolation.session import open_isolated

        if options:
            raise InvalidInputError(f"there is no option {', '.join(options)}")
        return open_isolated(
            f"{__name__}:read", {"path": str(source.path)}, timeout=60, start_timeout=60, name="m"
        )


def read(path: str) -> Told:
    """Open a JSON file."""
    try:
        return Told(**json.loads(Path(path).read_bytes()))
    except ValueError as error:
        raise errors.ModelFormatError("the model is damaged") from error
