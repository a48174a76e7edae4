"""FOMO: a coarse grid of scores, where neighbouring cells of one class are one object."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from ..errors import InvalidInputError
from ..fields import Field, count
from ..results import BoundingBox
from .base import Tensors, find_tensor
from .detection import ANY_SCORE, Detector

__all__ = ["Fomo"]

MOST_CELLS = 4096  # a side

# label, value, x, y, width, height: in the order of BoundingBox, in cells
_Cube = list[Any]


class Fomo(Detector):
    """Objects without a real size: boxes around cells that touch each other."""

    name = "fomo"
    _own_fields: ClassVar[Mapping[str, Field]] = {
        "out_height": count(0, most=MOST_CELLS),
        "out_width": count(0, most=MOST_CELLS),
    }
    _most = ANY_SCORE

    def _plan(self, fields: Mapping[str, Any]) -> None:
        rows, columns = fields["out_height"], fields["out_width"]
        if not 1 <= columns <= self._width or not 1 <= rows <= self._height:
            raise InvalidInputError(
                f"the fomo step has a grid of {columns}x{rows} cells, expected at least one and "
                f"at most one for each of the {self._width}x{self._height} pixels"
            )
        self._shape = rows, columns, self._class_count + 1
        self._cell = self._width // columns, self._height // rows

    def _detect(self, tensors: Tensors) -> tuple[BoundingBox, ...]:
        tensor = find_tensor(tensors, self._block_id)
        rows, columns, channels = self._shape
        if tensor.size != rows * columns * channels:
            raise self._misfit(tensor, 0, f"{columns}x{rows} cells of {channels} values")
        grid = tensor.reshape(self._shape)[:, :, 1:]  # the first channel is the background
        hot = self._passes(grid).nonzero()
        y, x, classes = (axis.tolist() for axis in hot)
        values = self._real(grid[hot]).tolist()
        cells = ([*cell, 1, 1] for cell in zip(classes, values, x, y, strict=True))
        return tuple(self._box(*cube) for cube in _founders(_merged(cells)) if cube[1])

    def _box(
        self, label: int, value: float, x: int, y: int, width: int, height: int
    ) -> BoundingBox:
        across, down = self._cell
        return BoundingBox(
            self._picture.labels[label], value, x * across, y * down, width * across, height * down
        )


def _merged(cells: Iterable[_Cube]) -> list[_Cube]:
    """Cubes that grow with every cell that touches them."""
    return [cube for _, cube in _joined(cells)]


def _founders(cubes: Iterable[_Cube]) -> list[_Cube]:
    """The cubes that touch none of those before them, as they are.

    Those that touch one make it reach farther for the next cubes, but not larger in the answer.
    """
    return [founder for founder, _ in _joined(cubes)]


def _joined(pieces: Iterable[_Cube]) -> list[tuple[_Cube, _Cube]]:
    """Join each piece with the first cube of its label that it touches, or make it a cube.

    The pieces come from top to bottom, so a cube that ends above one of them touches none of the
    later ones either.

    Returns:
        The piece that each cube began with, and the cube.
    """
    cubes: list[tuple[_Cube, _Cube]] = []
    in_reach: defaultdict[int, list[_Cube]] = defaultdict(list)
    for piece in pieces:
        label, _, x, y, width, _ = piece
        candidates = in_reach[label]
        candidates[:] = [cube for cube in candidates if cube[3] + cube[5] >= y]
        for cube in candidates:
            if cube[2] + cube[4] >= x and cube[2] <= x + width:
                _grow(cube, piece)
                break
        else:
            cube = piece.copy()
            candidates.append(cube)
            cubes.append((piece, cube))
    return cubes


def _grow(cube: _Cube, piece: _Cube) -> None:
    """Make a cube reach over a piece that touches it.

    As in the SDK, a cube that reaches farther to the left loses as much at its right side, unless
    the piece reaches that far.
    """
    _, value, x, y, width, height = piece
    cube[1] = max(cube[1], value)
    cube[2] = min(cube[2], x)
    cube[4] = max(cube[4], x + width - cube[2])
    cube[5] = max(cube[5], y + height - cube[3])
