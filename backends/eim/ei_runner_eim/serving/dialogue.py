"""What is said to one client: a message in, the answer to it out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from ei_runner_core import EdgeImpulseError
from ei_runner_core.authoring import one_line

from .inference import Inference
from .replies import encode, failure, hello
from .requests import Refused, parse_message
from .thresholds import set_threshold
from .zero_result import zero_result

if TYPE_CHECKING:
    from .served_model import ServedModel
    from .shared_tensors import SharedTensors

__all__ = ["Dialogue"]

_Handler = Callable[[dict[str, Any], bytes], dict[str, Any]]

_log = logging.getLogger(__name__)
_INFERENCE_FAILED = "Classifying failed, error code was -22"


class Dialogue:
    """The protocol from a client's hello to its end.

    Args:
        model: who answers.
        shared: the segments; they are made at hello, and removed by whoever owns them.
    """

    def __init__(self, model: ServedModel, shared: SharedTensors) -> None:
        self._model = model
        self._shared = shared
        self._is_initialized = False
        zeros = zero_result(model.parameters, model.outputs)
        window = Inference("classify", model.window_length, model.classify, zeros, shared)
        piece = Inference(
            "classify_continuous", model.slice_length, model.model.infer_continuous, zeros, shared
        )
        # in the order in which an .eim looks for them
        self._handlers: tuple[tuple[str, type, _Handler], ...] = (
            ("classify", list, window.from_numbers),
            ("classify_shm", dict, window.from_segment),
            ("classify_continuous", list, piece.from_numbers),
            ("classify_continuous_shm", dict, piece.from_segment),
            ("set_threshold", dict, self._set_threshold),
        )

    def answer(self, message: bytes, milliseconds: int) -> bytes:
        """Answer a message, whatever it is.

        Args:
            message: one JSON object.
            milliseconds: how long it took to arrive.

        Returns:
            The answer as one line of JSON, without the line break.
        """
        begin = perf_counter_ns()
        number, request = parse_message(message)
        if number is None:
            return encode(failure(None, "Missing 'id' field in message"))
        parsed = perf_counter_ns()
        try:
            reply = self._handle(request, message)
            if "timing" in reply:
                reply["timing"] |= {
                    "json": (parsed - begin) // 1_000_000,
                    "stdin": milliseconds,
                    "msg_handler": (perf_counter_ns() - begin) // 1_000_000,
                }
            return encode({"id": number, "success": True, **reply})
        except Refused as error:
            return encode(failure(number, str(error)))
        except EdgeImpulseError as error:
            return encode(failure(number, f"{_INFERENCE_FAILED}: {one_line(error)}"))
        except Exception as error:  # noqa: BLE001 - a backend may fail in any way; the next may not
            _log.debug("message %d failed", number, exc_info=True)
            text = f"{_INFERENCE_FAILED}: {type(error).__name__}: {one_line(error)}"
            return encode(failure(number, text))

    def _handle(self, request: dict[str, Any], message: bytes) -> dict[str, Any]:
        if type(version := request.get("hello")) is int:
            return self._hello(version)
        if not self._is_initialized:
            raise Refused("Invalid message, should initialize first")
        for key, kind, handler in self._handlers:
            if isinstance(request.get(key), kind):
                return handler(request, message)
        raise Refused("Failed to handle message")

    def _hello(self, version: int) -> dict[str, Any]:
        if self._is_initialized:
            raise Refused("Invalid message 'hello', already initialized")
        if version != 1:
            raise Refused("Invalid value for 'hello', only 1 supported")
        self._shared.open()
        self._is_initialized = True
        return hello(self._model, self._shared.to_dict())

    def _set_threshold(self, request: dict[str, Any], message: bytes) -> dict[str, Any]:
        set_threshold(self._model, request["set_threshold"])
        return {}
