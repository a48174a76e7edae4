"""An impulse as data: the typed, frozen tree that every reader fills and every engine runs.

The types are at the same time the schema of ``impulse.json`` (format version 1): a field's name
there is its name here. ``docs/reference/impulse-json.md`` describes them with examples.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from ..parameters import ProjectInfo

__all__ = [
    "Cluster",
    "DspBlock",
    "FreeformInput",
    "GmmBlock",
    "ImageInput",
    "ImageScaling",
    "Impulse",
    "Input",
    "KMeansBlock",
    "LearnBlock",
    "NetworkBlock",
    "Normalization",
    "PostProcessingBlock",
    "TimeSeriesInput",
]

Positive = Annotated[int, Meta(ge=1)]
Identifier = Annotated[int, Meta(ge=0)]
Float32 = Annotated[float, Meta(ge=-3.4028235e38, le=3.4028235e38)]
Scalar = bool | int | float | str | None
ImageScaling = Literal[
    "NONE", "0_255", "TORCH", "MIN1_1", "MIN128_127", "BGR_SUBTRACT_IMAGENET_MEAN"
]


class _Node(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all nodes of the tree have in common."""


class ImageInput(_Node, frozen=True, kw_only=True, tag="image", tag_field="type"):
    """Images of a fixed size in pixels; ``frames`` of them make one window."""

    width: Positive
    height: Positive
    channels: Literal[1, 3] = 3
    frames: Positive = 1
    resize_mode: Literal["none", "fit-shortest", "fit-longest", "squash"] = "squash"
    resize_kernel: Literal["lanczos3", "nearest"] = "lanczos3"
    crop_anchor: Literal[
        "top-left", "top-center", "top-right",
        "middle-left", "middle-center", "middle-right",
        "bottom-left", "bottom-center", "bottom-right",
    ] = "middle-center"  # fmt: skip


class TimeSeriesInput(_Node, frozen=True, kw_only=True, tag="time-series", tag_field="type"):
    """Windows of ``samples`` time steps with one value for each of ``axes``.

    ``frequency`` is in Hz, 0 where the steps are not equally far apart. A window consists of
    ``slices_per_window`` slices when the model runs continuously.
    """

    sensor: Literal[
        "unknown", "microphone", "accelerometer", "positional", "environmental", "fusion"
    ]
    axes: Annotated[tuple[str, ...], Meta(min_length=1)]
    samples: Positive
    frequency: Annotated[float, Meta(ge=0)] = 0.0
    slices_per_window: Positive = 4


class FreeformInput(_Node, frozen=True, kw_only=True, tag="freeform", tag_field="type"):
    """No fixed meaning: the tensors of the network are the input, by name or in order."""


Input = ImageInput | TimeSeriesInput | FreeformInput


class Normalization(_Node, frozen=True, kw_only=True):
    """Scaling of a block's features: (x - mean) * scale, one pair for each feature."""

    mean: tuple[Float32, ...]
    scale: tuple[Float32, ...]
    method: Literal["standard_scaler"] = "standard_scaler"


class DspBlock(_Node, frozen=True, kw_only=True):
    """A signal-processing block. ``config`` uses the field names of the C++ SDK.

    ``axes`` lists the axes of the input that the block sees, by index; ``None`` means all.
    ``outputs`` is the number of features that the block gives.
    """

    id: Identifier
    type: str
    outputs: Positive
    version: Positive = 1
    name: str = ""
    axes: tuple[Identifier, ...] | None = None
    config: dict[str, Scalar] = {}
    normalization: Normalization | None = None


class NetworkBlock(_Node, frozen=True, kw_only=True, tag="network", tag_field="type"):
    """A neural network.

    ``inputs`` lists the ids of the DSP blocks whose features it takes, or of learn blocks before it
    whose outputs it takes; ``files`` the same network in one or more formats (paths relative to
    ``impulse.json``). ``layout`` is the order of the dimensions of an image tensor; ``auto`` reads
    it from the tensor's shape. ``outputs`` picks output tensors by index; ``None`` means all of
    them, in order.
    """

    id: Identifier
    files: tuple[str, ...]
    inputs: tuple[Identifier, ...] = ()
    name: str = ""
    image_scaling: ImageScaling = "NONE"
    layout: Literal["auto", "nhwc", "nchw"] = "auto"
    outputs: tuple[Identifier, ...] | None = None


class Cluster(_Node, frozen=True, kw_only=True):
    """One cluster of a K-means block."""

    centroid: tuple[float, ...]
    max_error: float


class KMeansBlock(_Node, frozen=True, kw_only=True, tag="kmeans", tag_field="type"):
    """Anomaly detection by distance to clusters, over the features that ``axes`` picks."""

    id: Identifier
    inputs: tuple[Identifier, ...]
    axes: tuple[Identifier, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    clusters: tuple[Cluster, ...]
    name: str = ""


class GmmBlock(_Node, frozen=True, kw_only=True, tag="gmm", tag_field="type"):
    """Anomaly detection by a network that scores the features that ``axes`` picks."""

    id: Identifier
    inputs: tuple[Identifier, ...]
    axes: tuple[Identifier, ...]
    files: tuple[str, ...]
    name: str = ""


LearnBlock = NetworkBlock | KMeansBlock | GmmBlock


class PostProcessingBlock(_Node, frozen=True, kw_only=True):
    """A step from raw tensors to results: decoding, tracking, counting, calibration.

    ``input`` is the id of the learn block that is decoded. ``config`` uses the field names of the
    C++ SDK; thresholds stand there too.
    """

    id: Identifier
    type: str
    input: Identifier | None = None
    name: str = ""
    config: dict[str, Any] = {}


class Impulse(_Node, frozen=True, kw_only=True):
    """A whole impulse: what it looks at, how it computes and what its answers mean."""

    format: Literal["ei-runner-impulse"] = "ei-runner-impulse"
    version: Literal[1] = 1
    name: str = ""
    project: ProjectInfo = ProjectInfo()
    input: Input
    labels: tuple[str, ...] = ()
    dsp: tuple[DspBlock, ...] = ()
    learn: Annotated[tuple[LearnBlock, ...], Meta(min_length=1)]
    postprocessing: tuple[PostProcessingBlock, ...] = ()
    anomaly: Literal[
        "none", "kmeans", "gmm", "visual_gmm", "visual_patchcore", "custom", "visual_custom"
    ] = "none"
    engine: str = ""

    @property
    def networks(self) -> tuple[NetworkBlock | GmmBlock, ...]:
        """The learn blocks that an engine has to run."""
        return tuple(block for block in self.learn if not isinstance(block, KMeansBlock))

    @property
    def window_length(self) -> int:
        """The number of values in one window, all axes together; 0 for a freeform model."""
        if isinstance(self.input, ImageInput):
            return self.input.width * self.input.height * self.input.frames
        if isinstance(self.input, TimeSeriesInput):
            return self.input.samples * len(self.input.axes)
        return 0
