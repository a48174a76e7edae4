"""A compiled model that is loaded and ready: the calls of C, in words of Python."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from ei_runner_core import InferenceError, ModelFormatError, ModelParameters
from ei_runner_core.authoring import meaning_of_code

from .answers import Answers
from .library import load_library, unload_library
from .messages import Messages
from .native import ffi, text_of
from .network import NetworkBridge

__all__ = ["NOT_FINITE", "Model"]

NOT_FINITE = 1
_THROWN = 3


class Model:
    """An opened model. One thread at a time may call it.

    Args:
        name: what messages call it.
        path: the library; what it needs lies beside it.
        content: its bytes.
        make_bridge: makes what runs its networks, for a library that asks its host to do that.

    Attributes:
        parameters: what the compiled impulse says about itself.
        answers: where the answers are written to.
        messages: what the SDK prints; to be cleared before a call.
        classify: the function of C.
        classify_slice: the function of C.

    Raises:
        ModelFormatError: it cannot be loaded, or is no library of ours.
        UnsupportedModelError: it was built for another version of this package.
        InferenceError: the SDK failed to start.
        EdgeImpulseError: whatever the backend of the network says to it.
    """

    parameters: ModelParameters
    answers: Answers
    classify: Any
    classify_slice: Any

    def __init__(
        self, name: str, path: Path, content: bytes, make_bridge: Callable[[], NetworkBridge]
    ) -> None:
        self._name = name
        self._bridge: NetworkBridge | None = None
        self.messages = Messages()
        self._functions = load_library(path, content)
        self._is_ready = False
        try:
            if self._functions.ei_runner_network_host():
                self._bridge = make_bridge()
            self._start()
        except (AttributeError, ffi.error) as error:
            self.close()
            raise ModelFormatError(
                f"{path} lacks a function that ei-runner's libraries have: {error}; make it again "
                "with: ei-runner build"
            ) from error
        except BaseException:
            self.close()
            raise

    def set_threshold(self, block_id: int, name: str, value: float) -> float:
        """Change a value, and tell what it is now: the model may keep it less precisely."""
        key = name.encode()
        self._checked(self._functions.ei_runner_set_threshold(block_id, key, value))
        now = ffi.new("float *")
        self._checked(self._functions.ei_runner_get_threshold(block_id, key, now))
        return float(now[0])

    def reset(self) -> None:
        """Forget what earlier windows and slices left behind."""
        self._checked(self._functions.ei_runner_reset())

    def failure(self, status: int) -> Exception:
        """What went wrong in a call that returned a status above or below 0.

        Raises:
            EdgeImpulseError: what the backend of the network said, if it was that.
        """
        if self._bridge is not None:
            self._bridge.raise_error()
        if status == _THROWN:
            thrown = text_of(self._functions.ei_runner_thrown())
            return InferenceError(f"the model {self._name} threw an exception: {thrown}")
        meaning = meaning_of_code(status) or "its code is not known"
        printed = f"the SDK printed: {self.messages.last}" if self.messages.last else ""
        details = "; ".join(filter(None, (self._network_failure(), printed)))
        said = f" ({details})" if details else ""
        return InferenceError(f"the model {self._name} failed with error {status}: {meaning}{said}")

    @property
    def is_busy(self) -> bool:
        """Whether this thread is inside of the library, which has called back."""
        return self._bridge is not None and self._bridge.is_running

    def close(self) -> None:
        """Unload it; nothing of it may be used afterwards."""
        if self._is_ready:
            self._functions.ei_runner_close()
        self.classify = self.classify_slice = None
        if self._bridge is not None:
            self._bridge.close()
        unload_library(self._functions)

    def _start(self) -> None:
        functions = self._functions
        if self._bridge is not None:
            functions.ei_runner_set_network(self._bridge.host)
        self._checked(functions.ei_runner_open(self.messages.receiver))
        self._is_ready = True
        text = text_of(functions.ei_runner_description())
        self.parameters = self._described(msgspec.json.decode(text))
        self.answers = Answers(self.parameters.labels)
        self.classify = functions.ei_runner_classify
        self.classify_slice = functions.ei_runner_classify_slice
        if self._bridge is not None:
            self._open_networks(self._bridge)

    def _described(self, description: dict[str, Any]) -> ModelParameters:
        """What the library says of itself, with who runs its networks."""
        parameters = ModelParameters.from_dict(description)
        if self._bridge is None:
            return parameters
        properties = (f"network by {self._bridge.backend}",)
        return msgspec.structs.replace(parameters, engine_properties=properties)

    def _open_networks(self, bridge: NetworkBridge) -> None:
        """Answer a window of zeros: the SDK opens its networks when it needs them first."""
        window = np.zeros(self.parameters.input_features_count, np.float32)
        values = ffi.from_buffer("float *", window)
        status = self.classify(values, window.size, 0, self.answers.result)
        bridge.raise_error()
        if status and self._network_failure():
            raise self.failure(status)
        self.reset()
        self.messages.clear()

    def _network_failure(self) -> str:
        return text_of(self._functions.ei_runner_network_failure())

    def _checked(self, status: int) -> None:
        if status:
            raise self.failure(status)
