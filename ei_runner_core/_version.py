"""The one version number of all distributions of this repository."""

__version__ = "0.1.0"
