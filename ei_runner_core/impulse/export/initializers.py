"""The values of initialisers and of constant expressions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

from ...errors import ModelFormatError
from . import expressions
from .syntax import MAX_NESTING, Node, declarations, node_text, parse
from .values import Aggregate, Reference, Value

__all__ = ["Depth", "Evaluator", "evaluate_condition"]

MAX_VALUES = 2**20
Lookup = Callable[[str], Value]


@lru_cache(maxsize=256)
def evaluate_condition(text: str) -> bool:
    """Whether an expression without macros is true; unknown words count as 0."""
    try:
        root = parse(f"int x = ({text});")
        value = declarations(root)[0][0].value
        return value is not None and bool(Evaluator(_unknown).value(value))
    except (ModelFormatError, IndexError):
        return False  # compilers refuse it; here it is a branch that is not taken


def _unknown(name: str) -> Value:  # noqa: ARG001 - a lookup: no macro of this name is left
    return 0


@dataclass
class Depth:
    """How deep expressions are nested, those that names stand for included."""

    value: int = 0


class Evaluator:
    """The values of initialisers; ``lookup`` tells what a name stands for."""

    def __init__(
        self, lookup: Lookup, numbers: list[str] | None = None, depth: Depth | None = None
    ) -> None:
        self._lookup = lookup
        self._numbers = numbers or []
        self._depth = depth or Depth()
        self._count = 0

    def value(self, node: Node) -> Any:
        """The value of an expression or initialiser.

        Raises:
            ModelFormatError: it has none, is nested too deep or too large.
        """
        self._count += 1
        if self._count > MAX_VALUES:
            raise ModelFormatError(f"there are more than {MAX_VALUES} values in an initialiser")
        if self._depth.value >= 2 * MAX_NESTING:
            raise ModelFormatError(f"the expression {node_text(node)[:40]}... is nested too deep")
        self._depth.value += 1
        try:
            read = self._READERS.get(node.type)
            return Reference(node_text(node)[:80]) if read is None else read(self, node)
        finally:
            self._depth.value -= 1

    def _field(self, node: Node, name: str) -> Any:
        child = node.child_by_field_name(name)
        if child is None:
            raise ModelFormatError(f"cannot read {node_text(node)[:60]!r}")
        return self.value(child)

    def _name(self, node: Node) -> Any:
        return self._lookup(node_text(node))

    def _number(self, node: Node) -> Any:
        return expressions.number(node_text(node))

    def _string(self, node: Node) -> Any:
        return expressions.text(node_text(node))

    def _strings(self, node: Node) -> Any:
        parts = [child for child in node.named_children if child.type != "comment"]
        return "".join(str(self.value(part)) for part in parts)

    def _letter(self, node: Node) -> Any:
        content = expressions.text(node_text(node).replace("'", '"'))
        return ord(content) if len(content) == 1 else 0

    def _inner(self, node: Node) -> Any:
        inner = [child for child in node.named_children if child.type != "comment"]
        if len(inner) != 1:
            raise ModelFormatError(f"cannot read {node_text(node)[:60]!r}")
        return self.value(inner[0])

    def _constant(self, node: Node) -> Any:
        return {"true": True, "false": False}.get(node.type)

    def _literal(self, node: Node) -> Any:
        return self._field(node, "value")

    def _address(self, node: Node) -> Any:
        return self._field(node, "argument")

    def _cast(self, node: Node) -> Any:
        kind = node.child_by_field_name("type")
        return expressions.cast(node_text(kind) if kind else "", self._field(node, "value"))

    def _unary(self, node: Node) -> Any:
        sign = node_text(node.child_by_field_name("operator"))
        return expressions.unary(sign, self._field(node, "argument"))

    def _binary(self, node: Node) -> Any:
        sign = node_text(node.child_by_field_name("operator"))
        left, right = self._field(node, "left"), self._field(node, "right")
        return expressions.binary(sign, left, right)

    def _conditional(self, node: Node) -> Any:
        chosen = "consequence" if self._field(node, "condition") else "alternative"
        return self._field(node, chosen)

    def _call(self, node: Node) -> Any:
        """A conversion such as ``int(2.5)``, or a constructor: what goes into it counts."""
        arguments = node.child_by_field_name("arguments")
        values = [self.value(child) for child in _entries(arguments)]
        if len(values) != 1:
            return Aggregate(values)
        function = node.child_by_field_name("function")
        return expressions.cast(node_text(function) if function else "", values[0])

    def _list(self, node: Node) -> Any:
        result = Aggregate()
        for child in _entries(node):
            if child.type == "initializer_pair":
                name = node_text(child.child_by_field_name("designator")).strip(". \t\n")
                result.fields[name] = self._field(child, "value")
            elif child.type == "identifier" and node_text(child).startswith("__ei_numbers_"):
                result.items.extend(self._cut_out(node_text(child)))
            else:
                result.items.append(self.value(child))
        return result

    def _cut_out(self, name: str) -> list[int] | list[float]:
        """A long list of numbers that was taken out of the text."""
        index = name.rpartition("_")[2]
        if not index.isdecimal() or int(index) >= len(self._numbers):
            raise ModelFormatError(f"cannot read {name!r}")
        return expressions.numbers(self._numbers[int(index)])

    _READERS: ClassVar[dict[str, Callable[[Evaluator, Node], Any]]] = {
        "number_literal": _number,
        "string_literal": _string,
        "concatenated_string": _strings,
        "char_literal": _letter,
        "true": _constant,
        "false": _constant,
        "null": _constant,
        "nullptr": _constant,
        "identifier": _name,
        "qualified_identifier": _name,
        "parenthesized_expression": _inner,
        "pointer_expression": _address,
        "cast_expression": _cast,
        "compound_literal_expression": _literal,
        "unary_expression": _unary,
        "binary_expression": _binary,
        "conditional_expression": _conditional,
        "call_expression": _call,
        "initializer_list": _list,
    }


def _entries(node: Node | None) -> Iterator[Node]:
    if node is not None:
        for child in node.named_children:
            if child.type != "comment":
                yield child
