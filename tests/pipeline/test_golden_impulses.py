"""What the learn block gets to see of whole impulses, against the C++ SDK."""

from __future__ import annotations

import numpy as np
import pytest
from golden_cases import golden

from ei_runner_core import TensorSession, TensorSpec
from ei_runner_core.impulse import (
    DspBlock,
    Impulse,
    NetworkBlock,
    Normalization,
    TimeSeriesInput,
)
from ei_runner_core.pipeline import TensorImpulse

NAMES = {"spectral": "spectral_analysis"}
NETWORK_ID = 100


class Echo(TensorSession):
    """A network that answers with what it is given."""

    def __init__(self, size: int) -> None:
        self.inputs = (TensorSpec("features", (1, size), "float32"),)
        self.outputs = (TensorSpec("echo", (1, size), "float32"),)

    def run(self, inputs):
        return (inputs[0].copy(),)

    def close(self):
        pass


def session(case) -> TensorImpulse:
    about = case.config
    blocks = tuple(dsp_block(about, i, row) for i, row in enumerate(about["config"]["blocks"]))
    slices = about["window_samples"] // about["slice_samples"] if about["slice_samples"] else 4
    impulse = Impulse(
        input=TimeSeriesInput(
            sensor="fusion",
            axes=tuple(f"axis {i}" for i in range(about["raw_samples_per_frame"])),
            samples=about["window_samples"],
            frequency=about["frequency"],
            slices_per_window=slices,
        ),
        dsp=blocks,
        learn=(
            NetworkBlock(id=NETWORK_ID, inputs=tuple(b.id for b in blocks), files=("echo.net",)),
        ),
    )
    size = sum(block.outputs for block in blocks)
    return TensorImpulse(impulse, {NETWORK_ID: Echo(size)})


def dsp_block(about, index, row) -> DspBlock:
    config = {k: v for k, v in row["config"].items() if k not in ("block_id", "axes")}
    return DspBlock(
        id=index + 1,
        type=NAMES.get(row["block"], row["block"]),
        version=config.pop("implementation_version", about["version"]),
        outputs=row["n_output_features"],
        axes=tuple(row["axes"]),
        config=config,
        normalization=Normalization(mean=tuple(row["mean"]), scale=tuple(row["scale"]))
        if "mean" in row
        else None,
    )


def close_to(features, case, expected):
    """Within the agreement that holds for all blocks: a few roundings, the cheap logarithm."""
    span = float(np.ptp(expected))
    bound = max(1e-3, 5e-4 * span, 5 * case.config["sdk_change_for_fma"])
    np.testing.assert_allclose(features, expected, rtol=0, atol=bound)


@golden("dsp/impulse")
def test_the_features_of_several_blocks_are_those_of_the_sdk(case):
    with session(case) as opened:
        result = opened.classify(case.arrays["input"])
    close_to(result.freeform[0].ravel(), case, case.arrays["output"][0])


@golden("dsp/impulse_continuous")
def test_a_stream_of_slices_gives_the_features_of_the_sdk(case):
    about = case.config
    if about["return_code"]:
        pytest.skip("the SDK refuses it: such an impulse slides over its window instead")
    slices = case.arrays["input"].reshape(about["n_windows"], -1)
    with session(case) as opened:
        for k, piece in enumerate(slices):
            if k in about["init_before_call"]:
                opened.reset()
            result = opened.classify_continuous(piece)
            assert result.ready == bool(about["inference_called"][k])
            if result.ready:
                close_to(result.freeform[0].ravel(), case, case.arrays["output"][k])


def test_a_block_that_needs_whole_windows_makes_the_window_slide():
    impulse = Impulse(
        input=TimeSeriesInput(sensor="fusion", axes=("x",), samples=8, slices_per_window=4),
        dsp=(DspBlock(id=1, type="raw", outputs=8),),
        learn=(NetworkBlock(id=NETWORK_ID, inputs=(1,), files=("echo.net",)),),
    )
    with TensorImpulse(impulse, {NETWORK_ID: Echo(8)}) as opened:
        answers = [opened.classify_continuous(np.full(2, k, np.float32)) for k in range(5)]
    assert [answer.ready for answer in answers] == [False, False, False, True, True]
    assert answers[4].freeform[0].ravel().tolist() == [1, 1, 2, 2, 3, 3, 4, 4]


def test_frames_that_are_longer_than_a_slice_make_the_window_slide():
    impulse = Impulse(
        input=TimeSeriesInput(sensor="microphone", axes=("audio",), samples=16000, frequency=16000),
        dsp=(
            DspBlock(id=1, type="mfe", version=4, outputs=51 * 20, config={
                "frame_length": 0.5, "frame_stride": 0.01, "num_filters": 20, "fft_length": 256,
            }),
        ),
        learn=(NetworkBlock(id=NETWORK_ID, inputs=(1,), files=("echo.net",)),),
    )  # fmt: skip
    window = np.random.default_rng(1).normal(0, 1000, 16000).astype(np.float32)
    with TensorImpulse(impulse, {NETWORK_ID: Echo(51 * 20)}) as opened:
        answers = [opened.classify_continuous(piece) for piece in window.reshape(4, -1)]
        assert [answer.ready for answer in answers] == [False, False, False, True]
        whole = opened.classify(window)
    np.testing.assert_array_equal(answers[-1].freeform[0], whole.freeform[0])
