"""A network of which nothing is known but its tensors, as something to run over samples."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ei_runner_core import InvalidInputError, TensorSpec
from ei_runner_core.files import ImageWindow, TensorWindow, WindowInput
from ei_runner_core.parameters import ModelParameters
from ei_runner_core.pipeline.tensors import match_inputs

from .samples import naming, read_freely

if TYPE_CHECKING:
    import numpy.typing as npt

    from .recording import RecordedSession

__all__ = ["LoneNetwork"]


class PictureShape(NamedTuple):
    """Where a picture fits into a tensor."""

    height: int
    width: int
    channels: int
    is_channels_first: bool


class LoneNetwork:
    """Runs a network on tensors in its own shapes, or on pictures where those fit."""

    def __init__(self, session: RecordedSession) -> None:
        self._session = session
        self._picture = _picture_shape(session.inputs)
        sides = (self._picture.width, self._picture.height) if self._picture else (0, 0)
        self._parameters = ModelParameters(image_input_width=sides[0], image_input_height=sides[1])

    def windows(self, path: Path) -> Sequence[WindowInput]:
        """A picture, tensors, or one after the other what is stacked along the first axis."""
        window = read_freely(path, self._parameters)
        if isinstance(window, TensorWindow):
            with naming(path):
                return [TensorWindow(tensors) for tensors in self._unstacked(window.tensors)]
        return [window]

    def answer(self, window: WindowInput) -> Hashable:
        """Where the largest value of each output stands; ``None`` if none has several."""
        if isinstance(window, ImageWindow):
            tensors: Any = self._pixels(window)
        elif isinstance(window, TensorWindow):
            tensors = window.tensors
        else:  # pragma: no cover - files are read freely
            raise InvalidInputError("it holds a window, but the network takes tensors")
        outputs = self._session.run(match_inputs(tensors, self._session.inputs))
        return tuple(_best(output) for output in outputs if _has_choice(output)) or None

    def _unstacked(self, tensors: Any) -> list[dict[str, npt.NDArray[Any]]]:
        specs = self._session.inputs
        named = _named(tensors, specs)
        count = _stack_size(named, specs)
        if count is None:
            return [named]
        return [{name: array[i : i + 1] for name, array in named.items()} for i in range(count)]

    def _pixels(self, window: ImageWindow) -> npt.NDArray[np.float32]:
        """The picture as the image block of Edge Impulse gives it: values from 0 to 1."""
        from ei_runner_core import dsp, images

        shape = self._picture
        assert shape is not None  # noqa: S101 - pictures are only read where they fit
        rgb = images.resize(window.pixels, shape.width, shape.height)
        values = np.empty(shape.height * shape.width * shape.channels, np.float32)
        block: Any = dsp.create(
            "image", {"channels": "RGB" if shape.channels == 3 else "Grayscale"}
        )
        block.extract_rgb_into(rgb, values)
        pixels = values.reshape(1, shape.height, shape.width, shape.channels)
        return pixels.transpose(0, 3, 1, 2) if shape.is_channels_first else pixels


def _has_choice(output: npt.NDArray[np.generic]) -> bool:
    return output.size > 1 or output.dtype.kind in "iub"


def _best(output: npt.NDArray[np.generic]) -> Hashable:
    """Where the largest value stands; integers are answers themselves."""
    return output.tobytes() if output.dtype.kind in "iub" else int(np.argmax(output))


def _picture_shape(specs: Sequence[TensorSpec]) -> PictureShape | None:
    if len(specs) != 1 or specs[0].dtype != "float32" or len(specs[0].shape) != 4:
        return None
    batch, *shape = specs[0].shape
    if batch != 1:
        return None
    if shape[2] in (1, 3):
        return PictureShape(shape[0], shape[1], shape[2], is_channels_first=False)
    if shape[0] in (1, 3):
        return PictureShape(shape[1], shape[2], shape[0], is_channels_first=True)
    return None


def _named(tensors: Any, specs: Sequence[TensorSpec]) -> dict[str, npt.NDArray[Any]]:
    """Tensors by the names of the inputs; the name of a single one does not matter."""
    if not isinstance(tensors, Mapping):
        tensors = {specs[0].name: tensors} if len(specs) == 1 else {}
    elif len(specs) == len(tensors) == 1:
        tensors = {specs[0].name: next(iter(tensors.values()))}
    named = {name: np.asarray(tensor) for name, tensor in tensors.items()}
    for name, array in named.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise InvalidInputError(f"the tensor {name!r} holds NaN or infinity")
    if {spec.name for spec in specs} != named.keys():
        wanted = ", ".join(spec.name for spec in specs)
        raise InvalidInputError(
            f"it holds the tensors {', '.join(named) or 'without names'}, expected {wanted}; save "
            "them with numpy.savez(path, name=array)"
        )
    return named


def _stack_size(named: Mapping[str, npt.NDArray[Any]], specs: Sequence[TensorSpec]) -> int | None:
    """How many inputs stand one behind the other, if each array is a stack of as many."""
    sizes = set()
    for spec in specs:
        array = named[spec.name]
        if spec.shape[:1] != (1,) or array.ndim != len(spec.shape):
            return None
        if array.shape[1:] != spec.shape[1:]:
            return None
        sizes.add(len(array))
    return sizes.pop() if len(sizes) == 1 else None
