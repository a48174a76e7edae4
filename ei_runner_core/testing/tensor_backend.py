"""What a tensor backend promises."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from ..contract import Network, TensorSession, TensorSpec
from ..errors import InvalidInputError, ModelNotFoundError, UnsupportedModelError
from ..plugins import registry
from .backend import CALLS, BackendSuite, assert_clear
from .cases import Arrays, NetworkCase, golden_cases
from .threads import Worker

__all__ = ["TensorBackendSuite"]


class TensorBackendSuite(BackendSuite):
    """The promises of a tensor backend.

    A backend that opens ``.tflite`` or ``.onnx`` gets the networks that come with the suite; one
    for another format overrides :meth:`cases`. What an engine cannot do is said by the three
    capabilities below; then the suite checks that it refuses such a network clearly.
    """

    kind = "tensor"

    has_quantized_tensors: ClassVar[bool] = True
    """Whether inputs and outputs may be int8 with a scale and a zero point."""

    has_several_tensors: ClassVar[bool] = True
    """Whether a network may have several inputs and outputs."""

    has_dynamic_shapes: ClassVar[bool] = True
    """Whether an input may have dimensions that are not fixed (-1)."""

    def cases(self) -> Sequence[NetworkCase]:
        """The networks to try: those of the suite in the formats that the backend opens."""
        return [case for case in self._golden() if not self._lacks(case)]

    def refused_cases(self) -> Sequence[NetworkCase]:
        """Networks that the backend is to refuse, for want of a capability."""
        return [case for case in self._golden() if self._lacks(case)]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Give every case its own test."""
        super().pytest_generate_tests(metafunc)
        if "dynamic_case" in metafunc.fixturenames:
            none = pytest.param(None, marks=pytest.mark.skip("no case has rows=True"), id="none")
            several = [pytest.param(case, id=case.name) for case in self.cases() if case.rows]
            metafunc.parametrize("dynamic_case", several or [none])

    def test_the_tensors_are_described_as_they_are(
        self, case: NetworkCase, session: TensorSession
    ) -> None:
        """``inputs`` and ``outputs`` are tuples of TensorSpec that fit the arrays."""
        assert_described(session.inputs, case.inputs)
        assert_described(session.outputs, case.outputs)

    def test_scale_and_zero_point_are_those_of_the_network(
        self, case: NetworkCase, session: TensorSession
    ) -> None:
        """The core quantises by them, so that a wrong one makes every answer wrong."""
        specs = (*session.inputs, *session.outputs)
        for spec, (scale, zero_point) in zip(specs, case.quantization, strict=False):
            assert spec.scale == pytest.approx(scale, rel=1e-6), spec
            assert spec.zero_point == zero_point, spec

    def test_inputs_are_only_read(self, case: NetworkCase, session: TensorSession) -> None:
        """They may be read-only memory, and keep their values."""
        inputs = [array.copy() for array in case.inputs]
        for array in inputs:
            array.flags.writeable = False
        case.check(session.run(inputs))
        for array, before in zip(inputs, case.inputs, strict=True):
            np.testing.assert_array_equal(array, before)

    def test_outputs_belong_to_the_caller(self, case: NetworkCase, session: TensorSession) -> None:
        """A later run does not change them; return copies if the engine reuses its buffers."""
        answer = session.run(case.inputs)
        session.run([np.zeros_like(array) for array in case.inputs])
        case.check(answer)

    def test_changing_an_output_does_not_reach_the_session(
        self, case: NetworkCase, session: TensorSession
    ) -> None:
        """The arrays can be written to, and nobody else sees it."""
        for array in session.run(case.inputs):
            array.fill(0)
        case.check(session.run(case.inputs))

    def test_inputs_may_be_a_list_or_a_tuple(
        self, case: NetworkCase, session: TensorSession
    ) -> None:
        """``run`` takes any sequence."""
        case.check(session.run(list(case.inputs)))
        case.check(session.run(tuple(case.inputs)))

    @pytest.mark.parametrize("wrong", ["number", "dtype", "rank", "size", "kind"])
    def test_wrong_inputs_are_refused_and_the_next_run_is_right(
        self, case: NetworkCase, session: TensorSession, wrong: str
    ) -> None:
        """``authoring.check_inputs`` does this; native code never sees what does not fit."""
        inputs = spoilt(case.inputs, session.inputs, wrong)
        with pytest.raises(InvalidInputError) as caught:
            session.run(inputs)
        assert_clear(caught.value)
        case.check(session.run(case.inputs))

    def test_a_network_in_memory_opens_too(self, made: Any, case: NetworkCase) -> None:
        """In a zip a network has ``content`` and no ``path``; ``Network.read`` takes care."""
        content = case.network.read()
        network = Network(f"model.zip/{case.name}", case.network.format, content=content)
        with made.open(network, self.options) as session:
            case.check(session.run(case.inputs))

    def test_a_missing_file_is_one_clear_error(
        self, made: Any, case: NetworkCase, tmp_path: Path
    ) -> None:
        """``Network.read`` raises it."""
        path = tmp_path / f"missing{case.network.format}"
        with pytest.raises(ModelNotFoundError, match="missing"):
            made.open(Network(path.name, case.network.format, path=path), self.options)

    def test_another_format_is_not_supported(self, made: Any) -> None:
        """The reason is a clause that follows the backend's name."""
        support = made.supports(Network("x.other", ".other"))
        assert not support.ok
        assert support.reason

    def test_any_number_of_rows_runs(self, made: Any, dynamic_case: NetworkCase) -> None:
        """A dimension of -1 takes what comes, also when it changes from call to call."""
        with made.open(dynamic_case.network, self.options) as session:
            for case in dynamic_case.resized():
                case.check(session.run(case.inputs))

    def test_threads_may_bring_different_numbers_of_rows(
        self, made: Any, dynamic_case: NetworkCase
    ) -> None:
        """Each gets an answer to what it brought."""
        with made.open(dynamic_case.network, self.options) as session:

            def work(own: NetworkCase) -> None:
                for _ in range(CALLS):
                    own.check(session.run(own.inputs))

            workers = [Worker(partial(work, case)) for case in (dynamic_case.resized()) * 2]
            for worker in workers:
                worker.finish()

    def test_the_file_is_not_needed_after_opening(
        self, made: Any, case: NetworkCase, model: Path
    ) -> None:
        """What happens to it changes no answer."""
        with case.open(made, model, self.options) as session:
            case.damage(model, lambda content: b"\xff" * len(content))
            case.check(session.run(case.inputs))
            model.unlink()
            case.check(session.run(case.inputs))

    def test_a_user_can_run_the_bare_network(self, case: NetworkCase, model: Path) -> None:
        """Tensors in, tensors out, through ``EdgeImpulseModel``."""
        from ..model import EdgeImpulseModel

        with EdgeImpulseModel(model, backend=self.backend, options=self.options) as opened:
            case.check(list(opened.infer_freeform(list(case.inputs)).values()))

    def test_a_user_can_run_it_in_an_impulse(
        self, case: NetworkCase, model: Path, session: TensorSession
    ) -> None:
        """The core quantises before and dequantises after it, by scale and zero point."""
        from ..model import EdgeImpulseModel

        if not fits_an_impulse(session):
            pytest.skip("an impulse has one float or quantised vector on each side")
        if case.rows:
            case = case.resized()[0]
        features = to_real(case.inputs[0], session.inputs[0])
        right = to_real(case.outputs[0], session.outputs[0])
        (model.parent / "impulse.json").write_text(json.dumps(impulse_around(case, model)))
        with EdgeImpulseModel(model.parent, backend=self.backend, options=self.options) as opened:
            got = opened.infer(features).to_dict()["result"]["classification"]
        step = session.outputs[0].scale or 1.0
        np.testing.assert_allclose(list(got.values()), right, atol=case.tolerance * step * 1.01)

    def test_what_it_cannot_do_is_refused(self, made: Any) -> None:
        """A network that needs a capability which the class denies is an UnsupportedModelError."""
        for case in self.refused_cases():
            with pytest.raises(UnsupportedModelError) as caught:
                made.open(case.network, self.options)
            assert_clear(caught.value)

    def _golden(self) -> tuple[NetworkCase, ...]:
        return golden_cases(registry().backend(self.backend).opens)

    def _lacks(self, case: NetworkCase) -> bool:
        needs = {
            "dense_int8": self.has_quantized_tensors,
            "pair": self.has_several_tensors,
            "rows": self.has_dynamic_shapes,
        }
        return not needs.get(case.name, True)


def assert_described(specs: tuple[TensorSpec, ...], arrays: Arrays) -> None:
    """Hold what a session says of its tensors against arrays that it takes or gives."""
    assert isinstance(specs, tuple)
    assert len(specs) == len(arrays)
    assert len({spec.name for spec in specs}) == len(specs), "two tensors have one name"
    for spec, array in zip(specs, arrays, strict=True):
        assert spec.dtype == array.dtype.name, spec
        assert all(type(size) is int for size in spec.shape), spec
        assert len(spec.shape) == array.ndim, spec
        pairs = zip(spec.shape, array.shape, strict=True)
        assert all(size in (-1, length) for size, length in pairs), spec


def spoilt(inputs: Arrays, specs: tuple[TensorSpec, ...], wrong: str) -> Any:
    """The inputs with one thing wrong."""
    first, *others = inputs
    if wrong == "number":
        return [*inputs, first]
    if wrong == "kind":
        return [first.tolist(), *others]
    if wrong == "dtype":
        return [first.astype(np.complex64), *others]
    if wrong == "rank":
        return [first[np.newaxis], *others]
    fixed = [axis for axis, size in enumerate(specs[0].shape) if size != -1]
    if not fixed:
        pytest.skip("no dimension of the first input is fixed")
    return [np.concatenate([first, first], axis=fixed[-1]), *others]


def fits_an_impulse(session: TensorSession) -> bool:
    """Whether raw features can go in and scores come out."""
    specs = (*session.inputs, *session.outputs)
    return len(session.inputs) == len(session.outputs) == 1 and all(
        spec.dtype == "float32" or (spec.is_quantized and spec.dtype in ("int8", "uint8"))
        for spec in specs
    )


def to_real(array: np.ndarray, spec: TensorSpec) -> np.ndarray:
    """The real numbers that raw values stand for, as a vector."""
    flat = array.ravel().astype(np.float32)
    return (flat - spec.zero_point) * np.float32(spec.scale) if spec.is_quantized else flat


def impulse_around(case: NetworkCase, model: Path) -> dict[str, Any]:
    """An ``impulse.json``: raw features, the network, one class for each of its outputs."""
    count, classes = case.inputs[0].size, case.outputs[0].size
    return {
        "format": "ei-runner-impulse",
        "version": 1,
        "name": case.name,
        "input": {
            "type": "time-series",
            "sensor": "accelerometer",
            "frequency": 10.0,
            "axes": ["x"],
            "samples": count,
            "slices_per_window": 1,
        },
        "labels": [f"class {number}" for number in range(classes)],
        "dsp": [{"id": 2, "type": "raw", "outputs": count, "config": {"scale_axes": 1.0}}],
        "learn": [{"type": "network", "id": 3, "inputs": [2], "files": [model.name]}],
        "postprocessing": [{"id": 4, "type": "classification", "input": 3}],
    }
