"""Ways to damage an ``impulse.json`` or a binary file. The same seed gives the same damage."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from functools import cache
from random import Random
from typing import Any

ODD_NUMBERS = (0, 1, 2, 3, 7, 8, *((1 << bits) - less for bits in (7, 31, 63) for less in (0, 1)))
ODD_NUMBERS += tuple((1 << bits) - less for bits in (8, 16, 32, 64) for less in (1, 2))


class Raw(str):
    """JSON text that stands for itself, such as numbers that Python cannot hold."""

    __slots__ = ()


class Members(list[tuple[str, Any]]):
    """The members of a JSON object, which may occur more than once."""


ODD_NODES = (
    *(None, True, False, "", "\0", "../network.tflite", "\ud800", "x" * 5000, [], [[]], [None]),
    *(0, -1, 1, 2, 3, 255, 65536, 2**31 - 1, 2**31, 2**53 + 1, 2**63, 10**40, 0.5, -0.0, 1e-300),
    *map(Raw, ("1e400", "-1e400", "NaN", "Infinity", "9" * 5000, "0x10", "[" * 3000, "{}", "01")),
    Members([("", None)]),
)

Node = Any
Place = tuple[Any, int]  # a list of nodes, or of members, and an index


def damaged_document(documents: Sequence[bytes], generator: Random) -> bytes:
    """One of the documents with a few nodes changed, or with damaged bytes."""
    document = generator.choice(documents)
    if generator.random() < 0.2:
        return damaged_bytes(document, generator)
    tree = [parsed(document)]
    donor = [parsed(generator.choice(documents))]
    for _ in range(generator.choice((1, 1, 1, 2, 4))):
        damage_node(tree, donor, generator)
    return written(tree[0]).encode("utf-8", "surrogatepass") if tree else b""


def damage_node(tree: list[Node], donor: list[Node], generator: Random) -> None:
    """Replace, delete, double or swap one node."""
    places = list(places_in(tree))
    if not places:
        return
    container, index = generator.choice(places)
    way = generator.choice(("odd", "odd", "odd", "delete", "double", "donor", "swap"))
    if way == "delete":
        del container[index]
    elif way == "double":
        container.insert(generator.randrange(len(container) + 1), deepcopy(container[index]))
    elif way == "swap":
        other, place = generator.choice(places)
        put(container, index, value_at(other, place))
    elif way == "donor":
        put(container, index, value_at(*generator.choice(list(places_in(donor)))))
    else:
        put(container, index, odd_node(value_at(container, index), generator))


def odd_node(node: Node, generator: Random) -> Node:
    """Something else in the place of a node, sometimes not far from it."""
    is_number = isinstance(node, (int, float)) and not isinstance(node, bool)
    if is_number and generator.random() < 0.4:
        return generator.choice((node + 1, node - 1, -node, node * 2, node * 1000, float(node)))
    if isinstance(node, str) and generator.random() < 0.3:
        return generator.choice((node.upper(), node + " ", node[1:], node * 2, [node]))
    return generator.choice(ODD_NODES)


def places_in(container: Any) -> Iterator[Place]:
    """Each node below, as the list that holds it and its index there."""
    for index in range(len(container)):
        yield container, index
        value = value_at(container, index)
        if isinstance(value, list):
            yield from places_in(value)


def value_at(container: Any, index: int) -> Node:
    return container[index][1] if isinstance(container, Members) else container[index]


def put(container: Any, index: int, value: Node) -> None:
    value = deepcopy(value)  # else a tree could come to contain itself
    container[index] = (container[index][0], value) if isinstance(container, Members) else value


def parsed(text: bytes) -> Node:
    """JSON with its objects as members; text that is none stands for itself."""
    try:
        return json.loads(text, object_pairs_hook=Members)
    except (ValueError, RecursionError):
        return Raw(text.decode("utf-8", "replace"))


def written(node: Node) -> str:
    if isinstance(node, Raw):
        return str(node)
    if isinstance(node, Members):
        members = (f"{json.dumps(name)}:{written(value)}" for name, value in node)
        return f"{{{','.join(members)}}}"
    if isinstance(node, list):
        return f"[{','.join(map(written, node))}]"
    return json.dumps(node, ensure_ascii=isinstance(node, str) and "\ud800" not in node)


def damaged_bytes(content: bytes, generator: Random) -> bytes:
    """A file with a few bytes changed, moved, added or cut off."""
    changed = bytearray(content)
    for _ in range(generator.choice((1, 1, 1, 2, 3, 6))):
        if changed:
            generator.choice(WAYS)(changed, _position(content, changed, generator), generator)
    return bytes(changed)


def _flip(changed: bytearray, at: int, generator: Random) -> None:
    changed[at] ^= 1 << generator.randrange(8)


def _put_byte(changed: bytearray, at: int, generator: Random) -> None:
    changed[at] = generator.randrange(256)


def _put_number(changed: bytearray, at: int, generator: Random) -> None:
    size = generator.choice((1, 2, 4, 4, 8))
    number = generator.choice(ODD_NUMBERS) % (1 << 8 * size)
    at -= at % size
    changed[at : at + size] = number.to_bytes(size, "little")


def _copy(changed: bytearray, at: int, generator: Random) -> None:
    size = generator.choice((1, 4, 8, 32))
    start = generator.randrange(len(changed))
    changed[at : at + size] = changed[start : start + size]


def _cut(changed: bytearray, at: int, generator: Random) -> None:
    del changed[at:]


def _remove(changed: bytearray, at: int, generator: Random) -> None:
    del changed[at : at + generator.choice((1, 2, 4, 16))]


def _insert(changed: bytearray, at: int, generator: Random) -> None:
    changed[at:at] = generator.randbytes(generator.choice((1, 2, 4, 16)))


WAYS: tuple[Callable[[bytearray, int, Random], None], ...]
WAYS = (*[_flip] * 5, *[_put_byte] * 2, *[_put_number] * 5, _copy, _copy, _cut, _remove, _insert)


def _position(content: bytes, changed: bytearray, generator: Random) -> int:
    """Mostly outside of the weights, where a change means something."""
    if generator.random() < 0.8:
        return min(generator.choice(_structure(content)), len(changed) - 1)
    return generator.randrange(len(changed))


@cache
def _structure(content: bytes) -> Sequence[int]:
    """Positions whose surroundings repeat themselves, which those of weights do not."""
    around = range(len(content))
    found = [at for at in around if len(set(content[max(at - 8, 0) : at + 8])) <= 12]
    return found or around
