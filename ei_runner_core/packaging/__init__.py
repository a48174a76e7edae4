"""Making models to hand on: a bundle, or a package that ``pip install`` brings and a name opens."""

from .bundle import make_bundle
from .package import package_model

__all__ = ["make_bundle", "package_model"]
