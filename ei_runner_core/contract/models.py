"""What backends get to see: models on disk, networks, their tensors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

if TYPE_CHECKING:
    from ..impulse import Impulse

__all__ = ["ModelSource", "Network", "Support", "TensorSpec"]


class Support(Struct, frozen=True):
    """Whether a backend can open something and, if not, why: a clause that follows its name."""

    ok: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.ok


class TensorSpec(Struct, frozen=True):
    """One input or output of a network.

    ``shape`` has -1 where a dimension is dynamic. ``dtype`` is a NumPy name such as
    ``"float32"`` or ``"int8"``. For a quantised tensor, real = (raw - zero_point) * scale; a
    ``scale`` of 0 means that the tensor is not quantised.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float = 0.0
    zero_point: int = 0

    @property
    def is_quantized(self) -> bool:
        """Whether raw values stand for real ones by scale and zero point."""
        return self.scale != 0.0

    def with_shape(self, shape: tuple[int, ...]) -> TensorSpec:
        """The same tensor in another shape."""
        return replace(self, shape=shape)


class Network(Struct, frozen=True):
    """A network file, on disk or (from a zip) in memory.

    ``format`` is the suffix that tells what is in it, such as ``".tflite"``.
    """

    name: str
    format: str
    path: Path | None = None
    content: bytes | None = None

    def __repr__(self) -> str:
        return f"Network(name={self.name!r}, format={self.format!r}, path={self.path!r})"

    def read(self) -> bytes:
        """The bytes of the file.

        Raises:
            ModelNotFoundError: the file is gone or cannot be read.
        """
        if self.content is not None:
            return self.content
        from ..errors import ModelNotFoundError

        if self.path is None:
            raise ModelNotFoundError(f"the network {self.name!r} has neither a path nor content")
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise ModelNotFoundError(f"cannot read the network {self.path}: {error}") from error


class ModelSource(Struct, frozen=True):
    """A model that was found on disk, before a backend opens it.

    ``kind`` is ``"bundle"`` (an ``impulse.json`` with its networks), ``"network"`` (a bare network
    file), ``"eim"``, ``"cpp-export"`` or ``"library"`` (a shared library that was built of an
    export). ``impulse`` is known for a bundle, a bare network and an export that was read;
    ``networks`` maps the id of each learn block to its files, one for each format.
    """

    path: Path
    kind: str
    impulse: Impulse | None = None
    networks: Mapping[int, tuple[Network, ...]] = field(default_factory=dict)
