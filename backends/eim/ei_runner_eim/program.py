"""An ``.eim`` that runs: its program, the conversation with it, and the memory shared with it."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from time import perf_counter_ns
from typing import Protocol

import numpy as np
import numpy.typing as npt
import orjson

from ei_runner_core import (
    DeadlineError,
    Engine,
    InferenceError,
    InferenceResult,
    ModelParameters,
    ProcessDiedError,
)

from .client import EimClient, Garbage, OutOfStep, Refused
from .connection import ConnectionEnded, Expired
from .messages import Hello, Reply, read_parameters, read_result
from .options import EimOptions
from .tensors import share_tensors
from .wires import Wire

__all__ = ["Program", "RunningEim"]

FloatArray = npt.NDArray[np.float32]
_log = logging.getLogger(__name__)
_OUT_OF_STEP = "was interrupted while an earlier question was sent, and was ended; open it again"
_COMPILING_DELEGATES = {"gpu_delegates", "qnn_delegates"}


class Program(Protocol):
    """What stands behind a wire: a process of ours, or one that somebody else runs."""

    can_restart: bool
    """Whether it can be started anew."""

    def owns_segment(self, name: str) -> None:
        """Tell it about a segment that has to go with it."""

    def how_it_ended(self) -> str:
        """A clause that says how it ended, after its connection did; it may wait for the end."""

    def what_it_said(self) -> str:
        """A clause with the last lines of its output; empty without any."""

    def close(self) -> None:
        """End it. Closing twice is legal."""

    def abandon(self) -> None:
        """Leave it alone: this is a forked child, and it belongs to the parent."""


class RunningEim:
    """A model that is ready to answer, as long as its program is.

    Errors are those that users see. After all but a refusal the program has been ended, and
    ``has_failed`` says so.

    Args:
        name: of the model, for messages.
        program: what was started.
        wire: the way to it. Both belong to this object from now on, unless this raises.
        options: of the backend.
        start_timeout: seconds that are left for hello.
    """

    def __init__(
        self, name: str, program: Program, wire: Wire, options: EimOptions, start_timeout: float
    ) -> None:
        self._name = name
        self._program = program
        self._wire = wire
        self._options = options
        self._client = EimClient(wire.connection)
        self.has_failed = False
        hello = self._hello(start_timeout)
        self.parameters = self._described(hello)
        self.freeform_outputs = hello.freeform_outputs
        self._own_segments()
        self._tensors = share_tensors(name, self.parameters, options.shared_memory)
        self._warm_up()

    @property
    def can_restart(self) -> bool:
        """Whether the same program can be started anew."""
        return self._program.can_restart

    @property
    def can_answer(self) -> bool:
        """Whether the next question can be asked, as far as is known."""
        return self._client.is_in_step and not self.has_failed

    def infer(self, name: str, window: FloatArray, debug: bool) -> InferenceResult:
        """Ask about a window or a slice.

        Args:
            name: ``classify`` or ``classify_continuous``.
            window: float32, as long as the model expects.
            debug: let the program print what it does on the way.

        Raises:
            Refused: the model cannot answer this.
            ProcessDiedError: the program has ended.
            DeadlineError: the program did not answer in time.
            InferenceError: it answered with garbage, or an earlier question was not sent whole.
        """
        begin = perf_counter_ns()

        def question() -> bytes:
            text = self._tensors.question(name, window)
            return text + b',"debug":true' if debug else text

        reply = self._ask(question, self._options.timeout, name)
        tensors = self._tensors.freeform()
        round_trip = (perf_counter_ns() - begin) // 1000
        return read_result(reply, self.parameters.labels, tensors, round_trip)

    def set_threshold(self, block_id: int, name: str, value: float) -> None:
        """Change one value of one block; errors as those of :meth:`infer`."""
        change = orjson.dumps({"id": block_id, name: value})
        question = b'{"set_threshold":%b' % change
        self._ask(lambda: question, self._options.timeout, "set_threshold")

    def close(self) -> None:
        """Hang up and end the program. Closing twice is legal."""
        self.has_failed = True
        self._tensors.close()
        self._wire.hang_up()
        self._program.close()
        self._wire.close()

    def abandon(self) -> None:
        """Leave the program to the parent of this forked child."""
        self.has_failed = True
        self._program.abandon()
        self._wire.close()

    def _ask(self, question: Callable[[], bytes], timeout: float, what: str) -> Reply:
        try:
            return self._client.ask(question, timeout, what)
        except ConnectionEnded:
            how = self._program.how_it_ended()
            raise self._failed(ProcessDiedError, f"(asked {what!r}) {how}") from None
        except Expired:
            raise self._failed(DeadlineError, _late(what, timeout)) from None
        except Garbage as garbage:
            raise self._failed(InferenceError, str(garbage)) from None
        except OutOfStep:
            raise self._failed(InferenceError, _OUT_OF_STEP) from None

    def _hello(self, timeout: float) -> Hello:
        try:
            return self._client.hello(timeout)
        except ConnectionEnded:
            raise self._unusable(ProcessDiedError, self._program.how_it_ended()) from None
        except Expired:
            raise self._unusable(
                DeadlineError,
                f"did not tell about itself within {self._options.start_timeout:g} s; if it needs "
                "longer, raise the option 'start_timeout'",
            ) from None
        except (Garbage, Refused) as error:
            raise self._unusable(InferenceError, str(error)) from None

    def _described(self, hello: Hello) -> ModelParameters:
        try:
            return read_parameters(hello)
        except ValueError as error:
            raise self._unusable(
                InferenceError, f"tells about itself what the protocol does not allow: {error}"
            ) from None

    def _own_segments(self) -> None:
        for info in (self.parameters.features_shm, *self.parameters.freeform_output_shm):
            if info is not None:
                self._program.owns_segment(info.name)

    def _warm_up(self) -> None:
        """Let engines that compile the network at the first inference do that now."""
        engine, properties = self.parameters.inferencing_engine, self.parameters.engine_properties
        if engine is not Engine.TENSORRT and not _COMPILING_DELEGATES & set(properties):
            return
        _log.info("%s compiles its network; this can take minutes", self._name)
        zeros = np.zeros(self.parameters.input_features_count, np.float32)
        with contextlib.suppress(Refused):
            self._ask(
                lambda: self._tensors.question("classify", zeros),
                self._options.warm_up_timeout,
                "classify",
            )

    def _failed(
        self, kind: type[ProcessDiedError | DeadlineError | InferenceError], what: str
    ) -> ProcessDiedError | DeadlineError | InferenceError:
        """The error for a program that cannot be used any more, which is ended."""
        error = self._unusable(kind, what)
        self.close()
        return error

    def _unusable(
        self, kind: type[ProcessDiedError | DeadlineError | InferenceError], what: str
    ) -> ProcessDiedError | DeadlineError | InferenceError:
        said = "" if kind is ProcessDiedError else self._program.what_it_said()
        return kind(f"{self._name} {what}{said}")


def _late(what: str, timeout: float) -> str:
    return (
        f"did not answer {what!r} within {timeout:g} s and was ended; if the model needs longer, "
        "raise the option 'timeout'"
    )
