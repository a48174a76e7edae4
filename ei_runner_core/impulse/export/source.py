"""The headers of an export as one text with its names: what they stand for, and which exist."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from ...errors import ModelFormatError
from .files import ExportFiles
from .initializers import Depth, Evaluator
from .preprocess import HEADERS, Preprocessor
from .sdk import CONSTANTS
from .syntax import Declaration, Node, damage, declarations, node_text, parse
from .values import Aggregate, Reference

__all__ = ["Source", "read_source"]

MAX_CHAIN = 30
_IMPULSE = "ei_impulse_t"
_LEGACY_HEADERS = ("anomaly_types.h", "anomaly_clusters.h", "anomaly_metadata.h", "dsp_blocks.h")


def read_source(files: ExportFiles) -> Source:
    """Read all headers of an export that matter.

    Raises:
        ModelFormatError: they are no text, too large, or nested beyond all bounds.
    """
    preprocessor = Preprocessor(files)
    there = files.names(HEADERS)
    preprocessor.read("model_metadata.h")
    if "model_variables.h" in there:
        preprocessor.read("model_variables.h")
    if _IMPULSE not in preprocessor.text:  # before 2023 they were included by the SDK
        for header in _LEGACY_HEADERS:
            if header in there:
                preprocessor.read(header)
    for name in preprocessor.macros.names():
        preprocessor.macros.expand(name)  # whatever leads back to itself is found here
    return Source(preprocessor)


class Source:
    """What the names of an export stand for."""

    def __init__(self, preprocessor: Preprocessor) -> None:
        self.macros = preprocessor.macros
        self.includes = tuple(preprocessor.includes)
        self._numbers = preprocessor.numbers
        found, self._structs = declarations(_whole(preprocessor))
        self._variables = {variable.name: variable for variable in found}
        self._values: dict[str, Any] = {}
        self._pending: set[str] = set()
        self._depth = Depth()

    def __contains__(self, name: str) -> bool:
        return name in self._variables

    def of_type(self, *types: str) -> Iterator[Declaration]:
        """The variables of the given types, in the order of the text."""
        return (v for v in self._variables.values() if v.type in types)

    def macro(self, name: str, default: Any = None) -> Any:
        """The value of a macro; the default where there is none, or an empty one."""
        if name not in self.macros:
            return default
        body = self.macros.expand(name)
        if not body or body == name:
            return default
        root = parse(f"auto x = {body};")
        found, _ = declarations(root)
        if root.has_error or not found or found[0].value is None:
            return Reference(body[:80])  # a type, for example
        return self._evaluator().value(found[0].value)

    def value(self, name: str) -> Any:
        """The value of a variable; a reference where it is an array, a struct or not known."""
        variable = self._variables.get(name)
        if variable is None:
            return CONSTANTS.get(name, Reference(name))
        if variable.value is None or variable.lengths:
            return Reference(name)
        value = self._evaluated(variable)
        return Reference(name) if isinstance(value, Aggregate) else value

    def array(self, value: Any, what: str) -> list[Any]:
        """The values of an array; none for a null pointer.

        Raises:
            ModelFormatError: it is not there, or has not the length that it declares.
        """
        found = self.aggregate(value, what)
        return found.items if found is not None else []

    def struct(self, value: Any, what: str, order: tuple[str, ...] = ()) -> dict[str, Any]:
        """The fields of a struct by name; those without a name get it from the order.

        The order is that of the struct's own type, where the export declares it.
        """
        variable = self._target(value)
        names = self._structs.get(variable.type, order) if variable is not None else order
        found = self.aggregate(value, what)
        return {} if found is None else named(found, names, what)

    def comments(self, value: Any) -> tuple[str, ...]:
        """The comment behind each value of a struct that the export does not declare."""
        variable = self._target(value)
        if variable is None or variable.value is None or variable.type in self._structs:
            return ()
        nodes = variable.value.named_children
        return tuple(
            node_text(after)
            for node, after in pairwise(nodes)
            if node.type != "comment" and after.type == "comment"
        )

    def type_of(self, value: Any) -> str:
        """The type of the struct or array that a value refers to; empty where unknown."""
        variable = self._target(value)
        return variable.type if variable is not None else ""

    def aggregate(self, value: Any, what: str) -> Aggregate | None:
        """What stands between the braces of an array or a struct; None for a null pointer."""
        if value is None or value == 0:
            return None
        if isinstance(value, Aggregate):
            return value
        variable = self._target(value)
        if variable is None or variable.value is None:
            shown = value.name if isinstance(value, Reference) else str(value)
            raise ModelFormatError(
                f"there is no {shown[:80]!r}, which {what} needs; is the export complete?"
            )
        found = self._evaluated(variable)
        if not isinstance(found, Aggregate):
            raise ModelFormatError(f"{variable.name} has no values in braces; {what} needs them")
        return found

    def _target(self, value: Any) -> Declaration | None:
        """The variable behind a reference, however many pointers lead to it."""
        for _ in range(20):
            if not isinstance(value, Reference):
                return None
            variable = self._variables.get(value.name)
            followed = self.value(value.name) if variable is not None else value
            if followed == value:
                return variable
            value = followed
        return None

    def _evaluator(self, owner: str = "") -> Evaluator:
        """Names are looked up in the namespace of their owner first."""
        scope = owner[: owner.rfind("::") + 2] if "::" in owner else ""

        def lookup(name: str) -> Any:
            return self.value(scope + name if scope + name in self._variables else name)

        return Evaluator(lookup, self._numbers, self._depth)

    def _evaluated(self, variable: Declaration) -> Any:
        name = variable.name
        if name not in self._values:
            if name in self._pending or len(self._pending) >= MAX_CHAIN:
                raise ModelFormatError(f"{name} is defined by itself, or by far too many others")
            if variable.value is not None and variable.value.has_error:
                raise ModelFormatError(f"cannot read the values of {name}; is the export damaged?")
            self._pending.add(name)
            try:
                value = self._evaluator(name).value(variable.value)
                self._check_length(variable, value)
            finally:
                self._pending.discard(name)
            self._values[name] = value
        return self._values[name]

    def _check_length(self, variable: Declaration, value: Any) -> None:
        declared = variable.lengths[-1] if variable.lengths else None
        if declared is None or not isinstance(value, Aggregate):
            return
        length = self._evaluator(variable.name).value(declared)
        if isinstance(length, int) and length != len(value.items):
            raise ModelFormatError(
                f"{variable.name} is declared with {length} values and holds {len(value.items)}; "
                "is the export damaged?"
            )


def _whole(preprocessor: Preprocessor) -> Node:
    """The syntax tree of the headers, if they hold declarations from end to end."""
    text = preprocessor.text
    root = parse(text)
    offset = damage(text, root)
    if offset is not None:
        raise ModelFormatError(
            f"{preprocessor.header_at(offset)} holds no declaration at "
            f"{text[offset : offset + 40].strip()!r}, or only a part of one; is it complete?"
        )
    return root


def named(found: Aggregate, order: tuple[str, ...], what: str) -> dict[str, Any]:
    """The values of an aggregate by name; those without one take theirs from the order."""
    if not found.fields and len(found.items) > len(order):
        raise ModelFormatError(
            f"{what} holds {len(found.items)} values where {len(order)} fields are known"
        )
    return dict(zip(order, found.items, strict=False)) | found.fields
