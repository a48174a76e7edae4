"""Running an impulse on a tensor engine: features, networks, post-processing."""

from .freeform import FreeformImpulse
from .tensor_impulse import TensorImpulse

__all__ = ["FreeformImpulse", "TensorImpulse"]
