"""What engines that compile save by their caches, and what a call adds to them."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
from measuring import Row, in_turn, median

from ei_runner_core import EdgeImpulseModel, Network
from ei_runner_core.authoring import open_network
from ei_runner_core.demos import demo
from ei_runner_core.images import load_image, pack
from ei_runner_core.plugins import registry

__all__ = ["compiling"]

SECOND_OPEN_LIMIT = 0.2  # of the first one
INFER_LIMIT = 15.0  # us
EMULATED = 1e-3  # s; what takes longer scatters by more than the limit


def compiling(backend: str, rounds: int) -> Iterator[Row]:
    """The digits in float32: opened with an empty cache and again, and called."""
    if backend not in registry().backends:
        return
    bundle, sample = demo("digits").model("float32"), demo("digits").samples()[0].path
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, EI_RUNNER_CACHE=folder):
        first, second = _opening(backend, bundle)
        yield Row(f"{backend}: first open, which compiles", 1e3 * first, "ms")
        yield Row(f"{backend}: second open", 1e3 * second, "ms")
        yield Row(f"{backend}: second open / first", second / first, "", SECOND_OPEN_LIMIT)
        yield from _calling(backend, bundle, sample, rounds)


def _opening(backend: str, bundle: Path) -> tuple[float, float]:
    def open_and_close() -> None:
        EdgeImpulseModel(bundle, backend=backend).close()

    EdgeImpulseModel(demo("motion").model("float32"), backend=backend).close()  # loads the engine
    began = time.perf_counter()
    open_and_close()
    first = time.perf_counter() - began
    return first, median(open_and_close, 5, 1)


def _calling(backend: str, bundle: Path, sample: Path, rounds: int) -> Iterator[Row]:
    path = bundle / "network.onnx"
    network = Network(path.name, path.suffix, path=path)
    window, tensor = pack(load_image(sample)), np.zeros((1, 8, 8, 1), np.float32)
    with (
        EdgeImpulseModel(bundle, backend=backend) as model,
        open_network(backend, network) as session,
    ):
        calls = {"run": partial(session.run, [tensor]), "infer": partial(model.infer, window)}
        times = in_turn(calls, rounds, 10)
    yield Row(f"{backend}: run of the network", 1e6 * times["run"], "us")
    added = 1e6 * (times["infer"] - times["run"])
    limit = INFER_LIMIT if times["run"] < EMULATED else None
    yield Row(f"{backend}: infer over run", added, "us", limit)
