"""Impulses as data: the typed tree, its document ``impulse.json``, and bundles on disk."""

from .bundle import read_bundle
from .describe import model_parameters
from .document import dump_impulse, json_schema, parse_impulse
from .tree import (
    Cluster,
    DspBlock,
    FreeformInput,
    GmmBlock,
    ImageInput,
    ImageScaling,
    Impulse,
    Input,
    KMeansBlock,
    LearnBlock,
    NetworkBlock,
    Normalization,
    PostProcessingBlock,
    TimeSeriesInput,
)

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
    "dump_impulse",
    "json_schema",
    "model_parameters",
    "parse_impulse",
    "read_bundle",
]
