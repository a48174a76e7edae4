"""The backend: what ei-runner makes and asks to open and to compile networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ei_runner_core import (
    BackendUnavailableError,
    Network,
    Support,
    TensorBackend,
    UnsupportedModelError,
)

from .compile_options import NATIVE, PORTABLE
from .engine import Engine
from .library import check_fits, load_library
from .manifest import pack
from .options import Options
from .places import compiler_version, find_runtime
from .runtime import Runtime, load_runtime
from .session import TvmSession
from .storage import Stored, compiled_ahead, compiled_network, unpacked_network

__all__ = ["TvmBackend"]

COMPILED = ".tvm"
_SOURCES = (".onnx", ".tflite")


class TvmBackend(TensorBackend):
    """Runs networks that TVM compiled, and compiles them."""

    def supports(self, network: Network) -> Support:
        """Whether the file is of the right format."""
        if network.format in (COMPILED, *_SOURCES):
            return Support(ok=True)
        return Support(
            ok=False,
            reason=f"it runs {COMPILED}, {' and '.join(_SOURCES)} files, not {network.format}",
        )

    def hint(self) -> str:
        """Where the runtime is missing, which the option ``runtime`` may still name; or nothing."""
        try:
            find_runtime()
        except BackendUnavailableError as error:
            return f"without the option 'runtime' it runs nothing: {error}"
        return "" if compiler_version() else "it runs .tvm files and compiles nothing"

    def open(self, network: Network, options: Mapping[str, Any]) -> TvmSession:
        """Load a network and make ready to run.

        Args:
            network: a ``.tvm`` file, or an ``.onnx`` or ``.tflite`` file, which is compiled for
                this processor unless the cache has it already.
            options: any of ``runtime`` (a path) and, unless the network is compiled already, those
                of :class:`CompileOptions`: ``input_shapes`` (shapes by names of inputs),
                ``optimization`` (0 to 3), ``march`` (``"native"``, ``"portable"`` or a processor)
                and ``cc`` (the command that links); ``compile_timeout`` (seconds); and
                ``self_check`` (whether answers are compared with another engine's).

        Raises:
            ModelNotFoundError: the file cannot be read.
            ModelFormatError: it is damaged.
            UnsupportedModelError: it is for another machine or TVM, has operators or shapes that
                TVM cannot compile, or TVM answers otherwise than another engine.
            InvalidInputError: an option is unknown or has a wrong value.
            BackendUnavailableError: there is no runtime, or a compiler is needed and missing.
            BuildError: the compiler failed.
            DeadlineError: it took longer than ``compile_timeout``.
        """
        chosen = Options.parse(options)
        content = Network(network.name, network.format, network.path, network.read())
        runtime = load_runtime(chosen.runtime)
        if network.format == COMPILED:
            chosen.check_unused(network.name)
            stored = unpacked_network(content)
        else:
            stored = _compiled_here(content, chosen, runtime)
        return _loaded(stored, runtime, network.name)

    def compile(self, network: Network, options: Mapping[str, Any], target: str = "") -> Network:
        """Compile a network ahead of time; see :meth:`ei_runner_core.TensorBackend.compile`."""
        chosen = Options.parse(options)
        if network.format not in _SOURCES:
            raise UnsupportedModelError(
                f"TVM compiles {' and '.join(_SOURCES)} files, {network.name} is {network.format}"
            )
        timeout = chosen.compile_timeout
        stored = compiled_ahead(network, chosen.compiling(PORTABLE), target, timeout)
        name = f"{network.name.removesuffix(network.format)}{COMPILED}"
        return Network(name, COMPILED, content=pack(stored.manifest, stored.library.read_bytes()))


def _compiled_here(network: Network, options: Options, runtime: Runtime) -> Stored:
    def check(stored: Stored) -> None:
        from .self_check import check_answers

        with _loaded(stored, runtime, network.name) as session:
            check_answers(network, session)

    chosen_check = check if options.self_check else None
    compiling, timeout = options.compiling(NATIVE), options.compile_timeout
    return compiled_network(network, compiling, runtime, timeout, chosen_check)


def _loaded(stored: Stored, runtime: Runtime, name: str) -> TvmSession:
    check_fits(stored.manifest, stored.library, runtime, name)
    library = load_library(stored.library, runtime, name)
    return TvmSession(Engine(library, stored.manifest, runtime, name), runtime)
