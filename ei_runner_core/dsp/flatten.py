"""The block ``flatten``: statistics of each axis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..contract import BlockContext
from ..errors import InvalidInputError
from ..fields import count, flag, number, read_fields
from .block import IGNORED_FIELDS, Block, FloatArray, check_output, sample_count
from .moments import PowerMeans, RowMeans, kurtosis, skewness
from .moving_average import MovingAverage

__all__ = ["Flatten"]

_STATISTICS = ("average", "minimum", "maximum", "rms", "stdev", "skewness", "kurtosis")
_FIELDS = {
    "scale_axes": number(1.0),
    **{name: flag(default=True) for name in _STATISTICS},
    "moving_avg_num_windows": count(0, most=65_535),
}


class Flatten(Block):
    """Mean, minimum, maximum, RMS, deviation, skewness and kurtosis of each axis.

    All statistics are on unless the config turns them off; ``scale_axes`` defaults to 1. With
    ``moving_avg_num_windows`` (default 0: off) the last feature of each axis is the mean of its
    means over that many windows; :meth:`reset` forgets the earlier ones.

    Features stand axis by axis. Versions 1 and 2 compute the same.
    """

    def __init__(self, config: Mapping[str, Any], context: BlockContext) -> None:
        fields = read_fields("flatten block", config, _FIELDS, IGNORED_FIELDS)
        self._scale = np.float32(fields["scale_axes"])
        self._axes = context.axis_count
        self._enabled = {name for name in _STATISTICS if fields[name]}
        windows = fields["moving_avg_num_windows"]
        self._history = MovingAverage(windows, self._axes) if windows else None
        names = [name for name in _STATISTICS if name in self._enabled]
        # one row a statistic, so that every result is written where it belongs
        self._features = np.empty((len(names) + bool(windows), self._axes), np.float32)
        self._rows = dict(zip(names, self._features, strict=False))
        self._workspace = _Workspace(1, self._axes)
        self._check_outputs(context.n_outputs)

    def output_size(self, length: int) -> int:
        """The number of enabled statistics times the number of axes."""
        sample_count(length, self._axes)
        return self._features.size

    def extract_into(self, window: FloatArray, out: FloatArray) -> None:
        """See :meth:`Block.extract_into`."""
        check_output(out, self._features.size)
        samples = sample_count(window.size, self._axes)
        if samples != self._workspace.samples:
            self._workspace = _Workspace(samples, self._axes)
        with np.errstate(all="ignore"):  # what overflows is infinite in the SDK too
            self._fill(window.reshape(samples, self._axes))
        out.reshape(self._axes, -1)[...] = self._features.T

    def reset(self) -> None:
        """Forget the means of earlier windows."""
        if self._history is not None:
            self._history.clear()

    def _check_outputs(self, declared: int | None) -> None:
        if not self._features.size:
            raise InvalidInputError(
                f"the flatten block has every statistic turned off; turn on one of: "
                f"{', '.join(_STATISTICS)}"
            )
        if declared not in (None, self._features.size):
            raise InvalidInputError(
                f"the flatten block gives {self._features.size} features ({len(self._features)} "
                f"statistics of {self._axes} axes), but {declared} outputs are declared"
            )

    def _fill(self, samples: FloatArray) -> None:
        work, rows = self._workspace, self._rows
        np.multiply(samples.T, self._scale, work.values)
        work.average()
        if (row := rows.get("average")) is not None:
            row[...] = work.mean
        if (row := rows.get("minimum")) is not None:
            np.minimum.reduce(work.values, axis=1, out=row)
        if (row := rows.get("maximum")) is not None:
            np.maximum.reduce(work.values, axis=1, out=row)
        if (row := rows.get("rms")) is not None:
            np.sqrt(work.mean_square, row)
        if not self._enabled.isdisjoint(("stdev", "skewness", "kurtosis")):
            self._fill_from_moments()
        if self._history is not None:
            self._history.push_into(work.mean, self._features[-1])

    def _fill_from_moments(self) -> None:
        second, third, fourth = self._workspace.moments()
        if (row := self._rows.get("stdev")) is not None:
            np.sqrt(second, row)
        if (row := self._rows.get("skewness")) is not None:
            skewness(second, third, row)
        if (row := self._rows.get("kurtosis")) is not None:
            kurtosis(second, fourth, row)


class _Workspace:
    """Buffers for windows of one length, axis by axis, and the sums over them."""

    def __init__(self, samples: int, axes: int) -> None:
        self.samples = samples
        self._powers = np.empty((2, axes, samples), np.float32)
        self.values, self._squares = self._powers
        self._deviations = np.empty((axes, samples), np.float32)
        self._means = RowMeans(self._powers.shape)
        self._central = PowerMeans((axes, samples))
        self.mean, self.mean_square = self._means.result[..., 0]

    def average(self) -> None:
        """The mean and the mean square of ``values``."""
        np.multiply(self.values, self.values, self._squares)
        self._means.of(self._powers)

    def moments(self) -> FloatArray:
        """The second, third and fourth moment about the mean, shape (3, axes)."""
        np.subtract(self.values, self._means.result[0], self._deviations)
        return self._central.of(self._deviations)
