"""Post-processing: from the raw tensors of a network to the parts of a result."""

from __future__ import annotations

from .base import PostProcessor
from .factory import create, follows_results
from .nms import nms
from .sequence import ResultStep

__all__ = ["PostProcessor", "ResultStep", "create", "follows_results", "nms"]
