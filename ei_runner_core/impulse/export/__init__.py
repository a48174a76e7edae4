"""Reading C++ library exports of any generation: without a compiler, and executing nothing."""

from .read import list_impulses, read_export

__all__ = ["list_impulses", "read_export"]
