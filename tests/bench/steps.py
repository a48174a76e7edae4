"""Signal processing and post-processing, one window at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from measuring import Row, median

from ei_runner_core import dsp, postprocess

RANDOM = np.random.default_rng(0)
SOUND = (RANDOM.standard_normal(16000) * 3000).astype(np.int16).astype(np.float32)


@dataclass(frozen=True)
class Block:
    """A block with a window of noise; ``limit`` and ``recorded`` are in microseconds."""

    name: str
    block: str
    config: Mapping[str, Any]
    window: npt.NDArray[np.float32]
    limit: float | None = None
    recorded: float | None = None
    version: int = 4
    frequency: float = 16000.0
    axis_count: int = 1

    def call(self) -> Callable[[], object]:
        plan = dsp.create(
            self.block,
            self.config,
            version=self.version,
            frequency=self.frequency,
            axis_count=self.axis_count,
        )
        out = np.empty_like(plan.extract(self.window))
        return partial(plan.extract_into, self.window, out)


def motion(seconds: float, frequency: float) -> npt.NDArray[np.float32]:
    return RANDOM.standard_normal(int(seconds * frequency) * 3).astype(np.float32)


def frames(length: float, stride: float, fft: int, **fields: Any) -> dict[str, Any]:
    return {"frame_length": length, "frame_stride": stride, "fft_length": fft, **fields}


PIXELS = RANDOM.integers(0, 2**24, 96 * 96).astype(np.float32)
MFE = {"num_filters": 40, "noise_floor_db": -52}
MFCC = {"num_cepstral": 13, "num_filters": 32, "win_size": 101}
LOW_PASS = {"filter_type": "low", "filter_cutoff": 20.0, "filter_order": 6, "fft_length": 64}
LOW_FREQUENCY = {"fft_length": 32, "extra_low_freq": True}
WAVELET = {"analysis_type": "Wavelet", "wavelet": "db4", "wavelet_level": 3}
STATISTICS = dict.fromkeys(
    ("average", "minimum", "maximum", "rms", "stdev", "skewness", "kurtosis"), True
)
BLOCKS = (
    Block("mfe 20/10 ms, FFT 256", "mfe", frames(0.02, 0.01, 256, **MFE), SOUND, 430, 541),
    Block("mfe 32/24 ms, FFT 512", "mfe", frames(0.032, 0.024, 512, **MFE), SOUND, None, 411),
    Block("mfcc 20/20 ms, FFT 256", "mfcc", frames(0.02, 0.02, 256, **MFCC), SOUND, 350, 433),
    Block("spectrogram 20/10 ms, FFT 128", "spectrogram", frames(0.02, 0.01, 128), SOUND, 180, 227),
    Block("spectral, 3 axes, 2 s of 62.5 Hz, FFT 16", "spectral_analysis", {"fft_length": 16},
          motion(2, 62.5), 150, 21, version=2, frequency=62.5, axis_count=3),
    Block("spectral, 3 axes, 2 s of 100 Hz, low-pass", "spectral_analysis", LOW_PASS,
          motion(2, 100), 150, 38, frequency=100, axis_count=3),
    Block("spectral, 3 axes, 6 s, low frequencies", "spectral_analysis", LOW_FREQUENCY,
          motion(6, 100), None, 146, frequency=100, axis_count=3),
    Block("wavelet, 3 axes, 5 s, db4 level 3", "spectral_analysis", WAVELET,
          motion(5, 100), None, 76, frequency=100, axis_count=3),
    Block("flatten, 3 axes, 2 s of 100 Hz", "flatten", STATISTICS, motion(2, 100), 60, 12,
          version=1, frequency=100, axis_count=3),
    Block("image 96x96 RGB, packed", "image", {"channels": "RGB"}, PIXELS, 45, 36, version=1),
    Block("image 96x96 grayscale, packed", "image", {"channels": "Grayscale"}, PIXELS, None, 45,
          version=1),
)  # fmt: skip


def signal_processing(rounds: int) -> Iterator[Row]:
    for block in BLOCKS:
        microseconds = 1e6 * median(block.call(), rounds)
        yield Row(block.name, microseconds, "us", block.limit, block.recorded)


def pixels(rounds: int) -> Iterator[Row]:
    """The image block on the bytes of an image, which need not be packed."""
    plan = dsp.create("image", {"channels": "RGB"}, n_outputs=96 * 96 * 3)
    rgb = RANDOM.integers(0, 256, (96, 96, 3), np.uint8)
    call = partial(plan.extract_rgb_into, rgb, np.empty(96 * 96 * 3, np.float32))
    yield Row("image 96x96 RGB, from uint8", 1e6 * median(call, rounds), "us", 15)


def post_processing(rounds: int) -> Iterator[Row]:
    for name, call, limit in (
        ("FOMO 20x20, 4 labels, 20 active cells", fomo(), 100),
        ("YOLOv5 2000x85, 50 above the threshold", yolov5(), 400),
    ):
        yield Row(name, 1e6 * median(call, rounds), "us", limit)


def fomo() -> Callable[[], object]:
    grid = np.full((20, 20, 5), -128, np.int8)
    cells = RANDOM.choice(400, 20, replace=False)
    grid.reshape(400, 5)[cells, 1 + RANDOM.integers(0, 4, 20)] = RANDOM.integers(20, 127, 20)
    config = {"threshold": 0.5, "out_width": 20, "out_height": 20, "object_detection_count": 10,
              "input_block_id": 5, "scale": 1 / 256, "zero_point": -128}  # fmt: skip
    step = postprocess.create("fomo", config, width=160, height=160, labels=["a", "b", "c", "d"])
    return partial(step, {5: grid})


def yolov5() -> Callable[[], object]:
    rows = RANDOM.random((2000, 85), np.float32)
    rows[:, :2] = 0.2 + 0.6 * rows[:, :2]
    rows[:, 2:4] *= 0.2
    rows[:, 4] *= 0.4
    rows[RANDOM.choice(2000, 50, replace=False), 4] += 0.5
    config = {"threshold": 0.5, "version": 6, "object_detection_count": 10, "input_block_id": 5,
              "nms_config": {"confidence_threshold": 0.0, "iou_threshold": 0.2}}  # fmt: skip
    labels = [str(i) for i in range(80)]
    step = postprocess.create("yolov5", config, width=320, height=320, labels=labels)
    return partial(step, {5: rows[np.newaxis]})
