"""One network in ONNX Runtime, ready to run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from ei_runner_core import (
    EdgeImpulseError,
    InvalidInputError,
    ModelFormatError,
    Network,
    TensorSpec,
    UnsupportedModelError,
)

from .attempts import Attempt, explain_failure
from .borders import Quantization
from .calls import LARGEST_BOUND, Call, bound_call, plain_call
from .external_data import check_external_data
from .failures import explain_refusal, shortened
from .network_file import NetworkFile, read_network
from .options import Options
from .placement import check_placement, refuses_cpu
from .providers import find_providers
from .runtime import engine_errors, load_runtime
from .specs import tensor_spec

__all__ = ["Engine", "LoadedNetwork", "load_network", "open_engine"]


class Engine(Struct, frozen=True):
    """A network that was opened and run once.

    ``native`` is ONNX Runtime's session.
    """

    native: Any
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    call: Call


class LoadedNetwork(Struct, frozen=True):
    """A network that runs where it was meant to, and has not run yet.

    ``native`` is ONNX Runtime's session, ``is_plain`` whether nothing but the CPU is behind it.
    """

    native: Any
    file: NetworkFile
    is_plain: bool


def open_engine(
    network: Network,
    options: Options,
    quantization: Mapping[str, Quantization] | None = None,
    *,
    has_run: bool = False,
) -> Engine:
    """Load a network and make ready to run.

    Args:
        network: the file.
        options: what the user wants.
        quantization: how integer inputs and outputs stand for real values, by name, for a network
            that was compiled and does not tell; None takes what the file tells.
        has_run: whether it is known to run, and a first run costs no more than others.

    Raises:
        ModelNotFoundError: the file cannot be read.
        ModelFormatError: it is damaged.
        UnsupportedModelError: it needs something that ONNX Runtime lacks.
        InvalidInputError: the options do not suit it, or ask for what is not available.
    """
    loaded = load_network(network, options)
    file = loaded.file if quantization is None else replace(loaded.file, quantization=quantization)
    try:
        inputs, outputs = _describe(loaded.native, file, options)
        if has_run:
            names = [spec.name for spec in inputs], [spec.name for spec in outputs]
            return Engine(loaded.native, inputs, outputs, plain_call(loaded.native, *names))
        return _warm_up(loaded.native, inputs, outputs, may_bind=loaded.is_plain)
    except EdgeImpulseError:
        raise
    except engine_errors() as error:  # names in a damaged file that are no text
        raise explain_refusal(error, network.name, load_runtime().__version__) from error


def load_network(network: Network, options: Options) -> LoadedNetwork:
    """Load a network and see where it runs; errors as those of :func:`open_engine`."""
    content = network.read()
    file = read_network(content, network.name)
    check_external_data(network, file.external_data)
    providers = find_providers(options.providers)
    names = [provider.name for provider in providers]
    attempt = Attempt(network, content, file, options, providers)
    try:
        native = attempt.load()
    except EdgeImpulseError:
        raise
    except engine_errors() as error:
        raise refuses_cpu(error, network.name, names) or explain_failure(attempt, error) from error
    check_placement(native, network.name, names, allow_cpu=options.allow_cpu)
    return LoadedNetwork(native, file, not providers)


def _describe(
    native: Any, file: NetworkFile, options: Options
) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    fixed, quantization = options.input_shapes, file.quantization
    inputs = []
    for argument in native.get_inputs():
        spec = tensor_spec("input", argument, quantization.get(argument.name))
        if file.input_shapes.get(spec.name, ()) is None and spec.name not in fixed:
            raise UnsupportedModelError(
                f"the input {shortened(repr(spec.name))} declares no shape; give it "
                "one with the option 'input_shapes'"
            )
        inputs.append(spec.with_shape(fixed.get(spec.name, spec.shape)))
    missing = fixed.keys() - {spec.name for spec in inputs}
    if missing:
        raise InvalidInputError(
            f"the option 'input_shapes' names {shortened(', '.join(sorted(missing)))}, the "
            f"network has the inputs {shortened(', '.join(spec.name for spec in inputs))}"
        )
    outputs = [
        tensor_spec("output", argument, quantization.get(argument.name))
        for argument in native.get_outputs()
    ]
    names = [spec.name for spec in outputs]
    if len(set(names)) < len(names):
        raise ModelFormatError(
            f"two outputs of the network have one name: {shortened(', '.join(names))}"
        )
    return tuple(inputs), tuple(outputs)


def _warm_up(
    native: Any, inputs: tuple[TensorSpec, ...], outputs: tuple[TensorSpec, ...], *, may_bind: bool
) -> Engine:
    """Run once on zeros, so that the first real run costs no more than others.

    A dynamic network is not run: which sizes it can run with is not known.
    """
    sources, targets = [spec.name for spec in inputs], [spec.name for spec in outputs]
    call = plain_call(native, sources, targets)
    if any(-1 in spec.shape for spec in inputs):
        return Engine(native, inputs, outputs, call)
    try:
        samples = [np.zeros(spec.shape, spec.dtype) for spec in inputs]
        answers = call(samples)
    except engine_errors():  # it may be the zeros that it fails on
        return Engine(native, inputs, outputs, call)
    # An output that is an input is not written to where it is bound.
    may_bind = may_bind and set(sources).isdisjoint(targets)
    if may_bind and _is_small_and_fixed(samples, answers, outputs):
        call = bound_call(native, sources, samples, dict(zip(targets, answers, strict=True)))
        call(samples)
    return Engine(native, inputs, _with_ranks(outputs, answers), call)


def _is_small_and_fixed(
    samples: Sequence[np.ndarray], answers: Sequence[np.ndarray], outputs: Sequence[TensorSpec]
) -> bool:
    size = sum(array.nbytes for array in (*samples, *answers))
    shapes = [(array.shape, spec.shape) for array, spec in zip(answers, outputs, strict=True)]
    is_fixed = all(shape == declared and 0 not in shape for shape, declared in shapes)
    return is_fixed and 0 < size <= LARGEST_BOUND


def _with_ranks(
    outputs: tuple[TensorSpec, ...], answers: Sequence[np.ndarray]
) -> tuple[TensorSpec, ...]:
    """Correct outputs that declare no shape, which looks like the shape of a single number."""
    return tuple(
        spec.with_shape((-1,) * answer.ndim) if not spec.shape else spec
        for spec, answer in zip(outputs, answers, strict=True)
    )
