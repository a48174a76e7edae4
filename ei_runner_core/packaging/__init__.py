"""Making models to hand on: a bundle, or a package that ``pip install`` brings and a name opens."""

from .bundle import make_bundle
from .identity import Identity, backend_requirement, identify
from .package import package_model
from .wheel import write_wheel

__all__ = [
    "Identity",
    "backend_requirement",
    "identify",
    "make_bundle",
    "package_model",
    "write_wheel",
]
