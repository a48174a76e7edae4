"""What a backend is tried on: models with inputs and the right answers."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..contract import ModelSource, Network

if TYPE_CHECKING:
    from ..contract import ImpulseSession, TensorSession
    from ..results import InferenceResult

__all__ = ["Case", "ImpulseCase", "NetworkCase", "golden_cases"]

Arrays = tuple[npt.NDArray[Any], ...]
GOLDEN = Path(__file__).parent / "golden"


class Case(ABC):
    """A model, what it is asked, and the right answer."""

    name: str

    @abstractmethod
    def save(self, folder: Path) -> Path:
        """Put the model into a folder, and tell where a user would say that it is."""

    @abstractmethod
    def described(self, model: Path) -> Network | ModelSource:
        """What a backend gets to see of the model that :meth:`save` put there."""

    def open(self, backend: Any, model: Path, options: Mapping[str, Any]) -> Any:
        """Open the model that :meth:`save` put there."""
        return backend.open(self.described(model), options)

    @property
    @abstractmethod
    def arrays(self) -> Arrays:
        """What the model is asked."""

    @abstractmethod
    def ask(self, session: Any) -> Any:
        """Run an opened session once."""

    @abstractmethod
    def check(self, answer: Any) -> None:
        """Compare an answer with the right one; an ``AssertionError`` says how they differ."""

    @abstractmethod
    def others(self, session: Any) -> Sequence[Case]:
        """The same model asked other things; their right answer is what the session says now."""

    @abstractmethod
    def damage(self, model: Path, change: Callable[[bytes], bytes]) -> None:
        """Change the bytes of the model that :meth:`save` put there."""


@dataclass(frozen=True)
class NetworkCase(Case):
    """A network for a tensor backend.

    ``inputs`` and ``outputs`` are arrays in the order of the session's tensors, raw dtypes.
    ``tolerance`` is the largest difference allowed: an absolute one for floating point, steps for
    integers. With ``rows`` the first dimension of all tensors is free, and what one row gives does
    not depend on the others. ``quantization`` is scale and zero point of the inputs and then the
    outputs, (0, 0) for one that is not quantised; without it they are not compared.
    """

    name: str
    network: Network
    inputs: Arrays
    outputs: Arrays
    tolerance: float = 1e-5
    rows: bool = False
    quantization: tuple[tuple[float, int], ...] = ()

    def resized(self) -> tuple[NetworkCase, ...]:
        """A case with rows as several: the first row alone, all of them twice, the last alone."""
        return tuple(map(self._resized, ([0], [*range(len(self.inputs[0]))] * 2, [-1])))

    def _resized(self, picked: list[int]) -> NetworkCase:
        return replace(
            self,
            inputs=tuple(array[picked] for array in self.inputs),
            outputs=tuple(array[picked] for array in self.outputs),
        )

    def save(self, folder: Path) -> Path:
        """Write the network into the folder."""
        path = folder / f"{self.name}{self.network.format}"
        path.write_bytes(self.network.read())
        return path

    def described(self, model: Path) -> Network:
        """The written network."""
        return Network(model.name, self.network.format, path=model)

    @property
    def arrays(self) -> Arrays:
        """The inputs."""
        return self.inputs

    def ask(self, session: TensorSession) -> Arrays:
        """Run the network on the case's inputs."""
        return session.run(self.inputs)

    def check(self, answer: Sequence[npt.NDArray[Any]]) -> None:
        """Compare number, dtypes, shapes and values."""
        assert len(answer) == len(self.outputs), f"{len(answer)} outputs, not {len(self.outputs)}"
        for position, (got, right) in enumerate(zip(answer, self.outputs, strict=True)):
            where = f"{self.name}, output {position}"
            assert isinstance(got, np.ndarray), f"{where} is a {type(got).__name__}, no array"
            assert (got.dtype, got.shape) == (right.dtype, right.shape), where
            difference = np.abs(got.astype(np.float64) - right.astype(np.float64))
            largest = difference.max(initial=0.0)
            assert largest <= self.tolerance, (
                f"{where} differs by {largest}: {got.ravel()[:8]}, expected {right.ravel()[:8]}"
            )

    def others(self, session: TensorSession) -> Sequence[NetworkCase]:
        """Inputs of zeros, and those of the case backwards."""
        zeros = tuple(map(np.zeros_like, self.inputs))
        backwards = tuple(array.ravel()[::-1].reshape(array.shape).copy() for array in self.inputs)
        return [
            replace(self, inputs=inputs, outputs=session.run(inputs))
            for inputs in (zeros, backwards)
        ]

    def damage(self, model: Path, change: Callable[[bytes], bytes]) -> None:
        """Change the bytes of the written network."""
        model.write_bytes(change(model.read_bytes()))


@dataclass(frozen=True)
class ImpulseCase(Case):
    """A whole model for an impulse backend.

    ``model`` is its path, or a function that builds the model in the folder that it gets and
    returns its path. ``window`` is float32 of shape (input_features_count,). ``expected`` has what
    is compared of the answer's ``to_dict()["result"]``; numbers may differ by ``tolerance``.
    """

    name: str
    model: Path | Callable[[Path], Path]
    window: npt.NDArray[np.float32]
    expected: Mapping[str, Any] = field(default_factory=dict)
    tolerance: float = 1e-4

    def save(self, folder: Path) -> Path:
        """Copy or build the model."""
        return self.model(folder) if callable(self.model) else _copied(self.model, folder)

    def described(self, model: Path) -> ModelSource:
        """What ei-runner finds at the path."""
        from ..locate import locate

        return locate(model)

    @property
    def arrays(self) -> Arrays:
        """The window."""
        return (self.window,)

    def ask(self, session: ImpulseSession) -> InferenceResult:
        """Classify the case's window."""
        return session.classify(self.window)

    def check(self, answer: InferenceResult) -> None:
        """Compare what the case expects; the answer may have more."""
        _check_tree(answer.to_dict()["result"], self.expected, self.tolerance, "result")

    def others(self, session: ImpulseSession) -> Sequence[ImpulseCase]:
        """A window of zeros, and that of the case backwards."""
        windows = np.zeros_like(self.window), self.window[::-1].copy()
        return [
            replace(self, window=window, expected=session.classify(window).to_dict()["result"])
            for window in windows
        ]

    def damage(self, model: Path, change: Callable[[bytes], bytes]) -> None:
        """Change the bytes of the largest file of the model."""
        files = [path for path in (model, *model.rglob("*")) if path.is_file()]
        largest = max(files, key=lambda path: path.stat().st_size)
        mode = largest.stat().st_mode
        largest.write_bytes(change(largest.read_bytes()))
        largest.chmod(mode)


def golden_cases(formats: Sequence[str]) -> tuple[NetworkCase, ...]:
    """The networks that come with the suites, in the given formats.

    They are ``dense`` (float32), ``dense_int8`` (quantised), ``pair`` (two inputs and outputs of
    different dtypes) and ``rows`` (any number of rows), as ``.tflite`` and ``.onnx``. Their float
    answers were computed in float64, without any engine.
    """
    index = json.loads((GOLDEN / "index.json").read_text(encoding="utf-8"))
    return tuple(
        _golden_case(name, suffix, **settings)
        for name, settings in index.items()
        for suffix in formats
        if (GOLDEN / f"{name}{suffix}").is_file()
    )


def _golden_case(
    name: str, suffix: str, *, tolerance: float, rows: bool, quantization: list[list[float]]
) -> NetworkCase:
    path = GOLDEN / f"{name}{suffix}"
    with np.load(GOLDEN / f"{name}.npz", allow_pickle=False) as arrays:
        inputs = tuple(arrays[key] for key in sorted(arrays) if key.startswith("input"))
        outputs = tuple(arrays[key] for key in sorted(arrays) if key.startswith("output"))
    network = Network(path.name, suffix, path=path)
    exact = tuple((scale, int(zero_point)) for scale, zero_point in quantization)
    return NetworkCase(name, network, inputs, outputs, tolerance, rows, exact)


def _copied(source: Path, folder: Path) -> Path:
    import shutil

    target = folder / source.name
    if source.is_dir():
        return Path(shutil.copytree(source, target))
    shutil.copy2(source, target)
    return target


def _check_tree(got: Any, right: Any, tolerance: float, where: str) -> None:
    if isinstance(right, Mapping):
        for key, value in right.items():
            assert key in got, f"{where} has no {key!r}, only {', '.join(map(str, got))}"
            _check_tree(got[key], value, tolerance, f"{where}.{key}")
    elif isinstance(right, (list, tuple)):
        assert len(got) == len(right), f"{where} has {len(got)} items, not {len(right)}"
        for position, value in enumerate(right):
            _check_tree(got[position], value, tolerance, f"{where}[{position}]")
    elif isinstance(right, float):
        assert abs(got - right) <= tolerance, f"{where} is {got}, not {right}"
    else:
        assert got == right, f"{where} is {got!r}, not {right!r}"
