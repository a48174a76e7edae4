"""What an object file defines and what it needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ObjectError", "Symbols", "read_symbols"]

_ELF = b"\x7fELF"
_MACHO = (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe")
_UNDEFINED, _EXTERNAL, _TYPE, _WEAK_REFERENCE = 0x0, 0x1, 0xE, 0x40  # of Mach-O


class ObjectError(Exception):
    """A file is not an object, or is damaged."""


@dataclass(frozen=True)
class Symbols:
    """The names, as they are mangled, by which objects are linked.

    ``needed`` are those that have to come from elsewhere; weak ones may be missing, so they are
    not among them.
    """

    defined: frozenset[str]
    needed: frozenset[str]


def read_symbols(path: Path) -> Symbols:
    """The symbols of an ELF or Mach-O object.

    Raises:
        ObjectError: it is neither, or damaged.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(4)
        if magic != _ELF and magic not in _MACHO:
            raise ObjectError(f"{path} is no object file: it begins with {magic.hex()}")
        found = dict(_of_elf(path) if magic == _ELF else _of_macho(path))
    except ObjectError:
        raise
    except Exception as error:  # the readers let out whatever a damaged field leads to
        raise ObjectError(f"{path} is a damaged object file: {error}") from error
    return Symbols(
        frozenset(name for name, is_defined in found.items() if is_defined),
        frozenset(name for name, is_defined in found.items() if not is_defined),
    )


def _of_elf(path: Path) -> Iterator[tuple[str, bool]]:
    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import SymbolTableSection

    with path.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        if not isinstance(table, SymbolTableSection):
            raise ObjectError(f"{path} has no symbols: is it stripped?")
        for symbol in table.iter_symbols():
            binding = symbol["st_info"]["bind"]
            is_defined = symbol["st_shndx"] != "SHN_UNDEF"
            if symbol.name and (binding == "STB_GLOBAL" or (is_defined and binding != "STB_LOCAL")):
                yield symbol.name, is_defined


def _of_macho(path: Path) -> Iterator[tuple[str, bool]]:
    from macholib.MachO import MachO  # type: ignore[import-untyped]
    from macholib.SymbolTable import SymbolTable  # type: ignore[import-untyped]

    for symbol, name in SymbolTable(MachO(str(path))).nlists:
        if not symbol.n_type & _EXTERNAL:
            continue
        # an undefined symbol with a value is a common one: storage without a home
        is_defined = bool(symbol.n_type & _TYPE != _UNDEFINED or symbol.n_value)
        if is_defined or not symbol.n_desc & _WEAK_REFERENCE:
            yield name.decode().removeprefix("_"), is_defined
