"""Impulses that exports are rendered from: motion, keywords, a camera."""

from __future__ import annotations

from importlib.resources import files

from ei_runner_core.impulse import (
    Cluster,
    DspBlock,
    ImageInput,
    Impulse,
    KMeansBlock,
    NetworkBlock,
    PostProcessingBlock,
    TimeSeriesInput,
)
from ei_runner_core.parameters import ProjectInfo

PROJECT = ProjectInfo(
    id=43, owner="Zoë & co", name='Moves "fast" ✓', deploy_version=7, impulse_id=2,
    impulse_name="Impulse #2",
)  # fmt: skip
NETWORK = (files("ei_runner_core.testing") / "golden" / "dense.tflite").read_bytes()
DETECTION = {
    "threshold": 0.55,
    "version": 0,
    "object_detection_count": 10,
    "output_features_count": 3780,
    "nms_config": {"confidence_threshold": 0.0, "iou_threshold": 0.2},
}

SPECTRAL = {
    "scale_axes": 1.0, "input_decimation_ratio": 1, "filter_type": "low", "filter_cutoff": 3.0,
    "filter_order": 6, "analysis_type": "FFT", "fft_length": 16, "spectral_peaks_count": 3,
    "spectral_peaks_threshold": 0.1, "spectral_power_edges": "0.1, 0.5, 1.0", "do_log": True,
    "do_fft_overlap": True, "wavelet_level": 1, "wavelet": "db4", "extra_low_freq": False,
}  # fmt: skip

MOTION = Impulse(
    name="Impulse #2",
    project=PROJECT,
    input=TimeSeriesInput(
        sensor="accelerometer", axes=("accX", "accY", "accZ"), samples=125, frequency=62.5
    ),
    labels=("idle", "snake, long", 'up "down"', "wave // ✋"),
    dsp=(DspBlock(id=2, type="spectral_analysis", outputs=33, version=2, config=SPECTRAL),),
    learn=(
        NetworkBlock(id=3, files=("x.tflite",), inputs=(2,)),
        KMeansBlock(
            id=4,
            inputs=(2,),
            axes=(0, 11),
            mean=(4.13, -2.85),
            scale=(4.6, 3.1e-05),
            clusters=(
                Cluster(centroid=(-0.89, 0.5), max_error=0.46),
                Cluster(centroid=(1.5, 2.0), max_error=0.0),
            ),
        ),
    ),
    postprocessing=(PostProcessingBlock(id=3, type="classification", input=3),),
    anomaly="kmeans",
    engine="tflite",
)
KEYWORDS = Impulse(
    name="Impulse #2",
    project=PROJECT,
    input=TimeSeriesInput(sensor="microphone", axes=("audio",), samples=16000, frequency=16000.0),
    labels=("yes", "no"),
    dsp=(
        DspBlock(
            id=5,
            type="mfcc",
            outputs=650,
            version=4,
            config={
                "num_cepstral": 13, "frame_length": 0.02, "frame_stride": 0.02, "num_filters": 32,
                "fft_length": 256, "win_size": 101, "low_frequency": 0, "high_frequency": 0,
                "pre_cof": 0.98, "pre_shift": 1,
            },
        ),
    ),
    learn=(NetworkBlock(id=6, files=("x.tflite",), inputs=(5,)),),
    postprocessing=(PostProcessingBlock(id=6, type="classification", input=6),),
    engine="tflite",
)  # fmt: skip
CAMERA = Impulse(
    name="Impulse #2",
    project=PROJECT,
    input=ImageInput(width=96, height=96, channels=1, resize_mode="fit-shortest"),
    labels=("face",),
    dsp=(DspBlock(id=1, type="image", outputs=9216, config={"channels": "Grayscale"}),),
    learn=(NetworkBlock(id=2, files=("x.tflite",), inputs=(1,)),),
    postprocessing=(
        PostProcessingBlock(
            id=2,
            type="fomo",
            input=2,
            config={
                "threshold": 0.55, "object_detection_count": 10, "out_width": 12, "out_height": 12,
            },
        ),
    ),
    engine="tflite",
)  # fmt: skip
