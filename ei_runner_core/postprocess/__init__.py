"""Post-processing: from the raw tensors of a network to the parts of a result."""

from __future__ import annotations

from .base import PostProcessor
from .factory import create

__all__ = ["PostProcessor", "create"]
