"""One object, written as the tensors from which each detector reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ei_runner_core import postprocess

WIDTH, HEIGHT = 224, 160
LABELS = ("cup", "dog", "car")
BOX = (64, 32, 32, 64)  # x, y, width, height
LABEL = 1
SCORE = 0.875

Tensors = dict[int, Any]

_X, _Y, _W, _H = BOX
_SIDES = np.array([_X / WIDTH, _Y / HEIGHT, (_X + _W) / WIDTH, (_Y + _H) / HEIGHT])  # x1 y1 x2 y2
_PIXELS = [_X, _Y, _X + _W, _Y + _H]
_CENTRE = [_X + _W / 2, _Y + _H / 2, _W, _H]
_SCORES = np.eye(3)[LABEL] * SCORE


def _logit(score: float) -> float:
    return float(np.log(score / (1 - score)))


def _rows(row: Any, count: int = 20, at: int = 7) -> Any:
    rows = np.zeros((1, count, len(row)), np.float32)
    rows[0, at] = row
    return rows


def _fomo() -> Tensors:
    grid = np.zeros((1, 20, 28, 4), np.float32)
    grid[0, 4:12, 8:12, 1 + LABEL] = SCORE
    return {5: grid}


def _ssd() -> Tensors:
    boxes = _rows(_SIDES[[1, 0, 3, 2]], 10)
    return {5: _rows([SCORE], 10)[..., 0], 6: boxes, 8: _rows([LABEL], 10)[..., 0]}


def _yolov2() -> Tensors:
    # the cell of the centre (80, 64), the anchor 1.0897 x 2.03908
    cells = np.zeros((7, 7, 5, 8), np.float32)
    cells[..., 4] = -9
    x, y = 80 / WIDTH * 7, 64 / HEIGHT * 7
    offsets = [_logit(x % 1), _logit(y % 1)]
    sizes = np.log([_W / WIDTH * 7 / 1.0897, _H / HEIGHT * 7 / 2.03908])
    cells[int(y), int(x), 1] = [*offsets, *sizes, _logit(SCORE), *(20 * np.eye(3)[LABEL])]
    return {5: cells}


def _yolox() -> Tensors:
    rows = np.zeros((1, 20 * 28 + 10 * 14 + 5 * 7, 8), np.float32)
    rows[0, 8 * 28 + 10] = [0, 0, np.log(_W / 8), np.log(_H / 8), 1, *_SCORES]
    return {5: rows}


def _tao_detection() -> Tensors:
    return {5: _rows([0, *_SCORES, 0, 0, 0, 0, *_SIDES, 0.1, 0.1, 0.2, 0.2])}


def _tao_yolo() -> Tensors:
    x, y = 80 / WIDTH, 64 / HEIGHT
    cell, anchor, step = [y - 0.05, x - 0.05], [_H / HEIGHT, _W / WIDTH], [0.1, 0.1]
    classes = np.where(_SCORES > 0, _logit(SCORE), -20)
    rows = np.full((1, 20, 14), -20, np.float32)
    rows[0, 7] = [*cell, *anchor, *step, 0, 0, 0, 0, 20, *classes]
    return {5: rows}


def _qc_yolox() -> Tensors:
    return {5: _rows(_PIXELS), 6: _rows([SCORE])[..., 0], 7: _rows([LABEL])[..., 0].astype("u1")}


_MAKERS: dict[str, Callable[[], Tensors]] = {
    "fomo": _fomo,
    "qc_yolox": _qc_yolox,
    "ssd": _ssd,
    "tao_detection": _tao_detection,
    "tao_yolov3": _tao_yolo,
    "tao_yolov4": _tao_yolo,
    "yolo_pro": lambda: {5: _rows([*_SIDES, *_SCORES])},
    "yolov11": lambda: {5: _rows([*_CENTRE, *_SCORES]).transpose(0, 2, 1).copy()},
    "yolov2": _yolov2,
    "yolov5": lambda: {5: _rows([*_CENTRE, SCORE, *_SCORES])},
    "yolov7": lambda: {5: _rows([0, *_PIXELS, LABEL, SCORE])},
    "yolox": _yolox,
    "yolox_detect": lambda: {5: _rows([*_PIXELS, SCORE, LABEL])},
}
DETECTORS = tuple(_MAKERS)


def one_object(kind: str) -> Tensors:
    """The tensors of one object at BOX with LABEL and SCORE; all other candidates have 0."""
    return _MAKERS[kind]()


def detector(
    kind: str, *, width: int = WIDTH, height: int = HEIGHT, labels: Any = LABELS, **fields: Any
) -> Any:
    """A detector for those tensors."""
    own = {"fomo": {"out_width": 28, "out_height": 20}, "yolov5": {"version": 5}}.get(kind, {})
    config = {"input_block_id": 5, "threshold": 0.5, **own, **fields}
    return postprocess.create(kind, config, width=width, height=height, labels=labels)


def boxes_of(step: Any, tensors: Tensors) -> list[tuple[Any, ...]]:
    """What a detector finds, as (label, x, y, width, height, value)."""
    found = step(tensors)["bounding_boxes"]
    return [(b.label, b.x, b.y, b.width, b.height, b.value) for b in found]
