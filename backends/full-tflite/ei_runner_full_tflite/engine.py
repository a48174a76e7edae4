"""One network in a runtime, made anew without XNNPACK when that cannot cope with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from ei_runner_core import EdgeImpulseError, InvalidInputError, TensorSpec, UnsupportedModelError

from .delegates import load_delegate
from .failures import ENGINE_ERRORS, explain_refusal, missing_operator
from .graphs import Call, open_graph
from .inspection import ModelTraits, inspect_model
from .options import Options
from .placement import log_placement, refuse_cpu
from .runtime import load_runtime
from .specs import tensor_spec

__all__ = ["Engine"]

T = TypeVar("T")
Shape = tuple[int, ...]


@dataclass(frozen=True)
class _Recipe:
    """All that it takes to make the interpreter, again if need be."""

    name: str
    content: bytes
    options: Options
    traits: ModelTraits


class Engine:
    """An interpreter that is ready to run one graph of a network.

    ``call`` runs the graph on arrays of the shapes that :meth:`run_resized` or the opening made
    it ready for.
    """

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    call: Call

    def __init__(self, name: str, content: bytes, options: Options) -> None:
        """Load a network.

        Raises:
            ModelFormatError: it is damaged.
            UnsupportedModelError: it needs something that the runtime lacks.
            InvalidInputError: the options do not suit it.
        """
        self._recipe = _Recipe(name, content, options, inspect_model(content, name))
        starts_plain = self._starts_plain()
        self._may_fall_back = (
            options.default_delegates == "auto"
            and options.kernels != "reference"
            and not self._recipe.traits.is_risky
            and not starts_plain
        )
        self._build(plain=starts_plain)

    def _starts_plain(self) -> bool:
        """Whether to do without XNNPACK from the beginning."""
        wanted, recipe = self._recipe.options.default_delegates, self._recipe
        if wanted is True and recipe.traits.trips_xnnpack:
            raise UnsupportedModelError(
                f"XNNPACK cannot run {recipe.name}, which uses a resource variable twice at once; "
                "leave out the option default_delegates=True"
            )
        return wanted is False or self._rounds_as_micro() or recipe.traits.trips_xnnpack

    def warm_up(self) -> tuple[Shape, ...] | None:
        """Allocate and run once on zeros, so that the first real run costs no more than others.

        A network with state is only allocated, for a run would change it. A dynamic one is not run
        either: the shapes that it starts with mean nothing, and often it cannot run with them.

        Returns:
            The shapes of the inputs that the graph is ready for; None when it has to be made ready
            for real inputs.

        Raises:
            ModelFormatError: the network does not fit together.
            UnsupportedModelError: it needs something that the runtime lacks.
        """
        is_dynamic = any(-1 in spec.shape for spec in self.inputs)
        try:
            self._attempt(lambda: self._allocate(self._start_shapes))
        except ENGINE_ERRORS as error:
            self._refuse_missing(error)
            if not is_dynamic:
                raise self._refusal(error) from error
        if is_dynamic:
            return None
        return self._start_shapes if self._recipe.traits.is_stateful else self._run_on_zeros()

    def _run_on_zeros(self) -> tuple[Shape, ...] | None:
        tensors = zip(self._start_shapes, self.inputs, strict=True)
        try:
            self.run_resized([np.zeros(shape, spec.dtype) for shape, spec in tensors])
        except ENGINE_ERRORS as error:  # it may be the zeros that it fails on
            self._refuse_missing(error)
            return None
        return self._start_shapes

    def run_resized(self, arrays: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
        """Make ready for the shapes of these arrays, and run on them.

        Raises:
            ValueError, RuntimeError, MemoryError: the runtime fails, with and without XNNPACK.
        """
        shapes = [array.shape for array in arrays]

        def run() -> tuple[np.ndarray, ...]:
            self._allocate(shapes)
            return self.call(arrays)

        outputs = self._attempt(run)
        if self._recipe.traits.is_stateful:
            self._may_fall_back = False
        return outputs

    def _allocate(self, shapes: Sequence[Shape]) -> None:
        """Make ready for shapes; what the delegates take may depend on them."""
        self._graph.allocate(shapes)
        if not self._recipe.options.allow_cpu:
            refuse_cpu(self.interpreter, self._recipe.name, self._delegate_names())

    def _attempt(self, work: Callable[[], T]) -> T:
        """Do something with the interpreter; if it fails, and may do so, then without XNNPACK."""
        try:
            return work()
        except ENGINE_ERRORS:
            if not self._may_fall_back:
                raise
        self._build(plain=True)
        try:
            result = work()
        except ENGINE_ERRORS:
            self._build(plain=False)
            raise
        self._may_fall_back = False
        return result

    def _build(self, *, plain: bool) -> None:
        runtime, recipe = load_runtime(), self._recipe
        delegates = [load_delegate(runtime, option) for option in recipe.options.delegates]
        resolver = self._resolver(plain=plain)
        try:
            self.interpreter = runtime.interpreter(
                model_content=recipe.content,
                num_threads=recipe.options.num_threads,
                experimental_delegates=delegates,
                **resolver,
            )
            if delegates:
                log_placement(self.interpreter, recipe.name)
            self._graph = open_graph(self.interpreter, recipe.options.signature)
            self._describe()
        except EdgeImpulseError:
            raise
        except ENGINE_ERRORS as error:
            raise self._refusal(error) from error

    def _resolver(self, *, plain: bool) -> dict[str, Any]:
        runtime = load_runtime()
        if self._takes_reference():
            return {"experimental_op_resolver_type": runtime.reference_resolver}
        return {"experimental_op_resolver_type": runtime.plain_resolver} if plain else {}

    def _takes_reference(self) -> bool:
        return self._recipe.options.kernels == "reference" or (
            self._rounds_as_micro() and self._recipe.traits.rounds_halves
        )

    def _rounds_as_micro(self) -> bool:
        """Whether it matters how the kernels round. What only XNNPACK refuses is left to that."""
        traits = self._recipe.traits
        is_asked = self._recipe.options.kernels == "micro"
        return is_asked and traits.is_quantized and not traits.is_risky

    def _describe(self) -> None:
        graph, fixed = self._graph, self._recipe.options.input_shapes
        specs = {name: tensor_spec(name, details) for name, details in graph.inputs.items()}
        _check_fixed_shapes(specs, fixed)
        self.inputs = tuple(
            spec.with_shape(fixed.get(name, spec.shape)) for name, spec in specs.items()
        )
        self.outputs = tuple(tensor_spec(name, d) for name, d in graph.outputs.items())
        self._start_shapes = tuple(
            fixed.get(name, tuple(int(size) for size in details["shape"]))
            for name, details in graph.inputs.items()
        )
        self.call = graph.call()

    def _refusal(self, error: Exception) -> EdgeImpulseError:
        runtime = load_runtime().name
        return explain_refusal(error, self._recipe.name, runtime, self._delegate_names())

    def _delegate_names(self) -> list[str]:
        return [option.path.name for option in self._recipe.options.delegates]

    def _refuse_missing(self, error: Exception) -> None:
        missing = missing_operator(error, self._recipe.name, load_runtime().name)
        if missing:
            raise missing from error


def _check_fixed_shapes(specs: Mapping[str, TensorSpec], fixed: Mapping[str, Shape]) -> None:
    for name, shape in fixed.items():
        if name not in specs:
            raise InvalidInputError(
                f"the option 'input_shapes' names the input {name!r}, the network has "
                f"{', '.join(specs)}"
            )
        allowed = specs[name].shape
        if len(shape) != len(allowed) or any(
            want not in (-1, got) for got, want in zip(shape, allowed, strict=True)
        ):
            raise InvalidInputError(
                f"the option 'input_shapes' gives the input {name!r} the shape {shape}, expected "
                f"{allowed}, where -1 stands for any size"
            )
