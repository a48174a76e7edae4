"""The parts of a build plan, and what the modules that add them know."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..options import BuildOptions
from ..targets import Target, named_boards
from ..toolchain import Toolchain

if TYPE_CHECKING:
    from ..export import Export

__all__ = ["SHIM", "Context", "Need", "Part"]

SHIM = Path(__file__).parents[2] / "shim"


@dataclass(frozen=True)
class Need:
    """A file or folder that a build cannot do without; ``why`` says what for and where from."""

    path: Path
    why: str

    @property
    def is_there(self) -> bool:
        """Whether it exists."""
        return self.path.exists()


@dataclass(frozen=True)
class Part:
    """What one module adds to a plan; the plan joins them in order."""

    defines: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    own_flags: tuple[str, ...] = ()
    sdk_flags: tuple[str, ...] = ()
    common_flags: tuple[str, ...] = ()
    c_flags: tuple[str, ...] = ()
    cxx_flags: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    link: tuple[str, ...] = ()
    libraries: tuple[Path, ...] = ()
    needs: tuple[Need, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Context:
    """What a part may depend on. ``network`` is decided by then."""

    export: Export
    options: BuildOptions
    target: Target
    toolchain: Toolchain
    network: str

    @property
    def sdk(self) -> str:
        """Where the C++ SDK is, as the compilers are told."""
        inside = self.export.sdk.parent == self.export.root
        return "edge-impulse-sdk" if inside else str(self.export.sdk)

    @property
    def is_compiled(self) -> bool:
        """Whether the network runs in TensorFlow Lite Micro or EON."""
        return self.network == "compiled"

    @property
    def is_linked(self) -> bool:
        """Whether full TensorFlow Lite is a part of the library."""
        return self.network == "linked"

    def is_board(self, *flags: str) -> bool:
        """Whether the target is one of these boards or a kind of it."""
        return not set(flags).isdisjoint(named_boards(self.options))
