"""Making the plan of a block: finding it, checking what it is told, picking its axes."""

from __future__ import annotations

import re
import reprlib
import struct
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from ..contract import BlockContext, Preprocessor, PreprocessorSpec
from ..errors import InvalidInputError, UnsupportedModelError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["create", "extract"]

_HIGHEST_FREQUENCY = 1e38  # float32 holds it
_MOST = 2**26  # of features and axes, as of the values of a window

# blocks that exist as compiled code of Edge Impulse only
_CLOSED = re.compile(r"syntiant|(^|[-_ ])(eeg|hrv?|heart[-_ ]?rate)($|[-_ ])", re.IGNORECASE)


def create(
    block: str,
    config: Mapping[str, Any],
    *,
    version: int = 1,
    frequency: float = 0.0,
    axes: Sequence[int] | None = None,
    axis_count: int = 1,
    n_outputs: int | None = None,
) -> Preprocessor:
    """Plan a signal-processing block.

    Args:
        block: its name: ``raw``, ``flatten``, ``image``, ``spectral_analysis``, ``mfe``, ``mfcc``,
            ``spectrogram``, or one that a plugin brings.
        config: its settings, by the field names of the C++ SDK. What is missing gets the default
            that the block's class documents; ``block_id``, ``implementation_version`` and
            ``axes`` may stand there and are ignored.
        version: version of the block's implementation.
        frequency: of the samples, in Hz; 0 where it means nothing.
        axes: the axes of the window that the block sees, by index; ``None`` for all. As in the
            SDK, a list as long as the window has axes means all of them in their own order.
        axis_count: number of interleaved axes in a window.
        n_outputs: number of features that the impulse declares for the block, if it does.

    Returns:
        The plan, for use from one thread at a time.

    Raises:
        UnsupportedModelError: there is no such block.
        InvalidInputError: an argument or a field of the config is unknown or has a wrong value.
    """
    target = _target(block)
    _check_numbers(version, frequency, axis_count, n_outputs)
    picked = None if axes is None else _check_axes(axes, axis_count)
    if picked is not None and len(picked) == axis_count:
        picked = None
    seen = axis_count if picked is None else len(picked)
    context = BlockContext(version, _as_float32(frequency), seen, n_outputs)
    plan: Preprocessor = target(config, context)
    if picked is None:
        return plan
    from .axes import AxisSelection

    return AxisSelection(plan, picked, axis_count)


def extract(
    block: str,
    window: npt.ArrayLike,
    config: Mapping[str, Any],
    *,
    version: int = 1,
    frequency: float = 0.0,
    axes: Sequence[int] | None = None,
    axis_count: int = 1,
    n_outputs: int | None = None,
) -> npt.NDArray[np.float32]:
    """The features of one window, without a plan to keep: for experiments and tests.

    Args:
        block: as for :func:`create`, like everything that is not listed here.
        window: real numbers, shape (n,), the axes interleaved, or (samples, axes). The block
            ``image`` also takes the pixels of an RGB image as they are: uint8, shape (height,
            width, 3), or (frames, height, width, 3).
        config: as for :func:`create`.
        version: as for :func:`create`.
        frequency: as for :func:`create`.
        axes: as for :func:`create`.
        axis_count: as for :func:`create`.
        n_outputs: as for :func:`create`.

    Returns:
        float32, shape (n_features,).

    Raises:
        UnsupportedModelError: there is no such block.
        InvalidInputError: an argument is wrong, or the window's length does not suit the block.
    """
    plan = create(
        block,
        config,
        version=version,
        frequency=frequency,
        axes=axes,
        axis_count=axis_count,
        n_outputs=n_outputs,
    )
    from .block import as_window

    shape = getattr(window, "shape", ())
    if block == "image" and len(shape) > 1 and axes is None:
        return _image_features(plan, window)
    return plan.extract(as_window(_interleaved(window, shape, axis_count)))


def _interleaved(window: Any, shape: tuple[int, ...], axis_count: int) -> Any:
    """A table of samples and axes as one row."""
    return window.reshape(-1) if len(shape) == 2 and shape[1] == axis_count else window


def _image_features(plan: Any, pixels: Any) -> npt.NDArray[np.float32]:
    """The features of pixels that are not packed."""
    import numpy as np

    features = np.empty(plan.output_size(pixels.size // 3), np.float32)
    plan.extract_rgb_into(pixels, features)
    return features


def _target(block: str) -> Any:
    from ..plugins import load_target

    return load_target(_spec(block))


def _spec(block: str) -> PreprocessorSpec:
    from .plugin import BUILT_IN

    built_in = {spec.name: spec for spec in BUILT_IN}
    if block in built_in:
        return built_in[block]
    from ..plugins import registry

    known = {**registry().preprocessors, **built_in}
    if block in known:
        return known[block]
    if _CLOSED.search(block):
        raise UnsupportedModelError(
            f"the DSP block {block!r} is not supported here: use the eim or sdk-ffi backend"
        )
    raise UnsupportedModelError(
        f"there is no DSP block {block!r}; known blocks: {', '.join(sorted(known))}"
    )


def _check_numbers(version: Any, frequency: Any, axis_count: Any, n_outputs: Any) -> None:
    counts = {"version": version, "axis_count": axis_count}
    if n_outputs is not None:
        counts["n_outputs"] = n_outputs
    for name, value in counts.items():
        if not _is_whole(value) or not 1 <= value <= _MOST:
            shown = reprlib.repr(value)
            raise InvalidInputError(f"{name} is {shown}, expected a whole number from 1 to {_MOST}")
    is_number = isinstance(frequency, Real) and not isinstance(frequency, bool)
    if not is_number or not 0 <= frequency <= _HIGHEST_FREQUENCY:
        shown = reprlib.repr(frequency)
        raise InvalidInputError(f"frequency is {shown}, expected a number of Hz, at least 0")


def _as_float32(frequency: float) -> float:
    """The frequency as the SDK holds it: filters at the very edge of the band tell a difference."""
    return float(struct.unpack("f", struct.pack("f", frequency))[0])


def _check_axes(axes: Any, axis_count: int) -> tuple[int, ...]:
    picked = tuple(axes) if isinstance(axes, Iterable) and not isinstance(axes, str) else ()
    if not picked:
        raise InvalidInputError(f"axes is {axes!r}, expected a list of indices or None for all")
    for axis in picked:
        if not _is_whole(axis) or not 0 <= axis < axis_count:
            raise InvalidInputError(
                f"axes has the index {axis!r}, but the window has {axis_count} axes (from 0)"
            )
    return picked


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
