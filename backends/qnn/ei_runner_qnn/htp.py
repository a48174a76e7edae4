"""``.onnx`` networks: ONNX Runtime runs them, with Qualcomm's execution provider for QNN."""

from __future__ import annotations

import logging
from typing import Any

from ei_runner_core import Network, UnsupportedModelError
from ei_runner_onnx.engine import Engine, open_engine
from ei_runner_onnx.external_data import check_external_data
from ei_runner_onnx.network_file import read_network
from ei_runner_onnx.options import Options
from ei_runner_onnx.session import OnnxSession

from .contexts import Compilation, NoContextError, open_compiled
from .options import HtpOptions
from .providers import provider_option
from .refusals import check_shapes, explain_refusal

__all__ = ["open_htp"]

_LOG = logging.getLogger("ei_runner_qnn")


def open_htp(network: Network, options: HtpOptions) -> OnnxSession:
    """Load an ``.onnx`` network and make ready to run, which runs it once unless it is kept.

    Raises:
        BackendUnavailableError: the execution provider is missing, broken or of a wrong version.
        ModelNotFoundError: the file, or one with its weights, cannot be read.
        ModelFormatError: it is damaged.
        UnsupportedModelError: QNN does not take all of it and the CPU may not, it has dynamic
            shapes or a tensor of an impossible size, or its answers are wrong on QNN.
        InvalidInputError: an option does not suit it, or asks for what is not there.
        DeadlineError: another process is compiling the same network, and does not finish.
    """
    asked = Options.parse(_for_onnx(options))
    content = network.read()
    file = read_network(content, network.name)
    check_shapes(network.name, file.input_shapes, options.input_shapes)
    check_external_data(network, file.external_data)
    if not file.external_data:  # what is compiled is what was read, whatever becomes of the file
        network = Network(network.name, network.format, content=content)
    compilation = Compilation(network, content, file, asked, options.self_check)
    # What is profiled is the whole way, compiling included.
    is_kept = options.context_cache and options.profiling == "off"
    try:
        return OnnxSession(_open(compilation, is_kept=is_kept))
    except UnsupportedModelError as error:
        from .culprits import cannot_compile, explain_compilation

        explained = explain_refusal(error, network.name, content, options)
        if cannot_compile(explained):
            explained = explain_compilation(network, content, asked)
        raise explained from error


def _open(compilation: Compilation, *, is_kept: bool) -> Engine:
    if is_kept:
        try:
            return open_compiled(compilation)
        except NoContextError:
            _LOG.info("QNN keeps no compiled form of %s", compilation.network.name)
    else:
        compilation.check_before()
    engine = open_engine(compilation.network, compilation.options)
    compilation.check_answers(engine.native)
    return engine


def _for_onnx(options: HtpOptions) -> dict[str, Any]:
    return {
        "providers": provider_option(options),
        "allow_cpu": options.allow_cpu,
        "num_threads": options.num_threads,
        "input_shapes": options.input_shapes,
    }
