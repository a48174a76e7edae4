"""Loading a network, and finding out what is to blame when that fails."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ei_runner_core import EdgeImpulseError, InvalidInputError, Network, UnsupportedModelError

from .failures import explain_refusal, reason, shortened
from .network_file import NetworkFile
from .options import Options
from .providers import Provider
from .runtime import engine_errors, load_runtime
from .session_options import session_options

__all__ = ["Attempt", "explain_failure"]


class Attempt(Struct, frozen=True):
    """All that ONNX Runtime needs for loading one network."""

    network: Network
    content: bytes
    file: NetworkFile
    options: Options
    providers: tuple[Provider, ...]

    def load(self) -> Any:
        """ONNX Runtime's session; raises whatever it raises."""
        settings = session_options(self.file, self.options, self.providers, len(self.content))
        path = self.network.path
        # Falling back would print to standard output, and run on the CPU without a word.
        return load_runtime().InferenceSession(
            self.content if path is None else os.fspath(path),
            settings,
            enable_fallback=0,
            read_config_from_model=0,
        )

    def failure(self) -> Exception | None:
        """Why it cannot be loaded, or nothing."""
        try:
            self.load()
        except engine_errors() as error:
            return error
        return None


def explain_failure(attempt: Attempt, error: Exception) -> EdgeImpulseError:
    """The error for a failed attempt: what works without an option fails because of the option."""
    name, options, failure = attempt.network.name, attempt.options, error
    if options.session_options:
        attempt = replace(attempt, options=dataclasses.replace(options, session_options={}))
        retried = attempt.failure()
        if retried is None:
            given = ", ".join(f"{key}={value}" for key, value in options.session_options.items())
            return InvalidInputError(
                f"the option 'session_options' of onnx ({shortened(given)}) makes ONNX Runtime "
                f"refuse {name}: {reason(error)}; without it the network loads"
            )
        failure = retried
    if attempt.providers:
        retried = replace(attempt, providers=()).failure()
        if retried is None:
            asked = ", ".join(provider.name for provider in attempt.providers)
            return UnsupportedModelError(
                f"{asked} cannot take {name}: {reason(error)}; run it without that "
                "provider, or see its documentation for the options and networks that it takes"
            )
        failure = retried
    return explain_refusal(failure, name, load_runtime().__version__)
