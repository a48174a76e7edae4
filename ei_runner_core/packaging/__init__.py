"""Making a package of a model, so that ``pip install`` brings it and a name opens it."""

from .package import package_model

__all__ = ["package_model"]
