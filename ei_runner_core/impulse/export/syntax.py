"""C++ by its grammar: the declarations of a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..._optional import need
from ...errors import ModelFormatError
from .macros import TEXT_OR_COMMENT

__all__ = [
    "MAX_NESTING",
    "Declaration",
    "Node",
    "damage",
    "declarations",
    "node_text",
    "parse",
]

MAX_NESTING = 64
MAX_ANGLES = 10_000  # each may begin a template, and the grammar tries
_BRACKETS = re.compile(TEXT_OR_COMMENT + r"|[][{}()]", re.DOTALL)
_WHAT = "reading a C++ library export"
_TRANSPARENT = {"linkage_specification", "declaration_list", "ERROR"}
Node = Any  # of tree_sitter, which is there only with an extra


@dataclass(frozen=True)
class Declaration:
    """A variable: its type in words, the lengths of an array, and its initialiser."""

    name: str
    type: str
    lengths: tuple[Node | None, ...]
    value: Node | None


@lru_cache(maxsize=1)
def _language() -> Any:
    library = need("tree_sitter", _WHAT, "tensor")
    return library.Language(need("tree_sitter_cpp", _WHAT, "tensor").language())


def parse(text: str) -> Node:
    """The root of the syntax tree of a text.

    Raises:
        ModelFormatError: it is nested deeper than any export.
    """
    if text.count("<") > MAX_ANGLES:
        raise ModelFormatError(
            f"the headers hold more than {MAX_ANGLES} signs <, is that an export?"
        )
    _check_nesting(text)
    parser = need("tree_sitter", _WHAT, "tensor").Parser(_language())  # one for each thread
    return parser.parse(text.encode()).root_node


def _check_nesting(text: str) -> None:
    for offset, depth in _depths(text):
        if depth > MAX_NESTING:
            line = text.count("\n", 0, offset) + 1
            raise ModelFormatError(
                f"a declaration near line {line} is nested more than {MAX_NESTING} deep"
            )


def _depths(text: str) -> Iterator[tuple[int, int]]:
    """Where each bracket stands, and how many are open behind it."""
    depth = 0
    for match in _BRACKETS.finditer(text):
        sign = match[0]
        if sign in ("{", "(", "["):
            depth += 1
        elif sign in ("}", ")", "]"):
            depth = max(depth - 1, 0)
        else:
            continue
        yield match.start(), depth


def damage(text: str, root: Node) -> int | None:
    """Where a text of declarations stops being one; None where it is whole."""
    opened = last = 0
    for offset, depth in _depths(text):
        opened = offset if last == 0 else opened
        last = depth
    if last:
        return opened
    if not root.has_error:
        return None
    errors = [node.start_byte for node in _statements(root) if node.type == "ERROR"]
    return len(text.encode()[: min(errors)].decode()) if errors else None


def _statements(root: Node) -> Iterator[Node]:
    """What stands outside of braces, or only in those of a namespace or a linkage."""
    open_nodes = [root]
    for parent in open_nodes:  # grows while it is walked
        for node in parent.children:
            yield node
            if node.type in _TRANSPARENT or node.type == "namespace_definition":
                open_nodes.append(node)


def declarations(root: Node) -> tuple[list[Declaration], dict[str, tuple[str, ...]]]:
    """The variables of a text, and the names of the fields of its structs.

    Variables in a namespace have its name before their own, as in ``space::name``.
    """
    variables: list[Declaration] = []
    structs: dict[str, tuple[str, ...]] = {}
    open_nodes = [(root, "")]
    for parent, scope in open_nodes:  # grows while it is walked
        for node in parent.named_children:
            if node.type in _TRANSPARENT:
                open_nodes.append((node, scope))
            elif node.type == "namespace_definition":
                open_nodes.append((node, scope + _scope(node)))
            elif node.type == "declaration":
                variables += _variables(node, scope)
            elif node.type == "type_definition":
                structs |= _struct(node)
    return variables, structs


def _scope(node: Node) -> str:
    name = node.child_by_field_name("name")
    return f"{node_text(name)}::" if name is not None else ""


def node_text(node: Node) -> str:
    """The words of a node as they stand in the text."""
    return str(node.text.decode())


def _variables(node: Node, scope: str) -> Iterator[Declaration]:
    kind = node.child_by_field_name("type")
    for declarator in node.children_by_field_name("declarator"):
        value = None
        if declarator.type == "init_declarator":
            value = declarator.child_by_field_name("value")
            declarator = declarator.child_by_field_name("declarator")
        lengths: list[Node | None] = []
        while declarator is not None and declarator.type != "identifier":
            if declarator.type == "array_declarator":
                lengths.append(declarator.child_by_field_name("size"))
            inner = declarator.child_by_field_name("declarator")
            declarator = inner or next(iter(declarator.named_children), None)
        if declarator is not None:
            name = scope + node_text(declarator)
            yield Declaration(name, node_text(kind) if kind else "", tuple(lengths), value)


def _struct(node: Node) -> dict[str, tuple[str, ...]]:
    """The fields of ``typedef struct {...} name;``."""
    kind = node.child_by_field_name("type")
    body = kind.child_by_field_name("body") if kind is not None else None
    names = node.children_by_field_name("declarator")
    if body is None or not names:
        return {}
    fields = [
        _field_name(declarator)
        for child in body.named_children
        if child.type == "field_declaration"
        for declarator in child.children_by_field_name("declarator")
    ]
    return {node_text(names[0]): tuple(name for name in fields if name)}


def _field_name(node: Node | None) -> str:
    while node is not None and node.type not in ("field_identifier", "identifier"):
        node = node.child_by_field_name("declarator") or next(iter(node.named_children), None)
    return node_text(node) if node is not None else ""
