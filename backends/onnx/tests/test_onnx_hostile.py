"""Files that are made to mislead the reader: no path is overlooked, and no file takes long."""

from __future__ import annotations

import time

import pytest

from ei_runner_core import ModelFormatError, Network, UnsupportedModelError
from ei_runner_onnx.backend import OnnxBackend
from ei_runner_onnx.network_file import read_network

LONGEST = 10.0  # seconds, many times what it takes


def varint(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def part(number: int, *values: bytes | str | int) -> bytes:
    """A field of a message, once for each value."""
    return b"".join(one(number, value) for value in values)


def one(number: int, value: bytes | str | int) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content)) + content


def entry(key: str, value: str) -> bytes:
    return part(13, part(1, key) + part(2, value))


def tensor(location: str, where: bytes = part(14, 1)) -> bytes:
    extent = entry("offset", "4096") + entry("length", "8")
    return part(1, 2) + part(2, 1) + part(8, "w") + entry("location", location) + extent + where


def attribute(content: bytes) -> bytes:
    return part(7, part(1, part(5, part(1, "a") + content)))


SECRET = "../secret"
OUTSIDE = tensor(SECRET)
EMPTY_GROUP = varint(100 << 3 | 3) + varint(100 << 3 | 4)
GROUP = varint(3 << 3 | 3) + EMPTY_GROUP + part(1, 7, "abc") + varint(3 << 3 | 4)
OVERLONG = b"\xba\x80\x80\x80\x10"  # the key of the graph, with bits that a parser drops
INITIALIZER = part(5, OUTSIDE)
ONLY_LOCATION, ONLY_WHERE = tensor(SECRET, b""), part(14, 1)

HIDDEN = {
    "an initializer": part(7, INITIALIZER),
    "a sparse initializer": part(7, part(15, part(1, OUTSIDE))),
    "the indices of a sparse initializer": part(7, part(15, part(2, OUTSIDE))),
    "an attribute": attribute(part(5, OUTSIDE)),
    "a list of tensors": attribute(part(10, b"", OUTSIDE)),
    "a graph below": attribute(part(6, INITIALIZER)),
    "a list of graphs": attribute(part(11, b"", INITIALIZER)),
    "a sparse attribute": attribute(part(22, part(1, OUTSIDE))),
    "a list of sparse tensors": attribute(part(23, part(2, OUTSIDE))),
    "a function": part(25, part(7, part(5, part(5, OUTSIDE)))),
    "a default of a function": part(25, part(11, part(5, OUTSIDE))),
    "training": part(20, part(1, INITIALIZER), part(2, b"")),
    "a file with unknown groups": part(7, INITIALIZER) + EMPTY_GROUP + GROUP,
    "a tensor with unknown groups": part(7, part(5, GROUP + OUTSIDE + EMPTY_GROUP)),
    "a place that is given twice": part(7, part(5, part(14, 0) + OUTSIDE)),
    "a place and one that is unknown": part(7, part(5, OUTSIDE + part(14, 9))),
    "a location behind a harmless one": part(7, part(5, tensor("a") + entry("location", SECRET))),
    "a key that is given twice": part(
        7, part(5, part(13, part(1, "x", "location") + part(2, "y", SECRET)) + part(14, 1))
    ),
    "a value in front of its key": part(
        7, part(5, part(13, part(2, SECRET) + part(1, "location")) + part(14, 1))
    ),
    "a graph in two pieces": part(7, b"", INITIALIZER),
    "a tensor in two pieces": attribute(part(5, ONLY_LOCATION, ONLY_WHERE)),
    "a graph with an overlong key": OVERLONG + part(7, INITIALIZER)[1:],
}


@pytest.mark.parametrize("place", HIDDEN)
def test_a_path_is_found_wherever_it_is(place):
    assert SECRET in read_network(HIDDEN[place]).external_data


def test_what_is_too_damaged_to_find_all_paths_is_refused():
    for damage in (b"\0", b"\x3c", b"\x3b", b"\x3a\x7f", b"\x08" + b"\xff" * 11):
        with pytest.raises(ModelFormatError, match="^it is damaged .*export the network again"):
            read_network(part(7, INITIALIZER) + damage, "it")


def test_a_location_of_values_that_are_in_the_file_counts_for_nothing():
    assert read_network(part(7, part(5, ONLY_LOCATION + part(14, 0)))).external_data == ()


ADDRESSES = (
    "*/_ORT_MEM_ADDR_/*",
    "*//_ORT_MEM_ADDR_/*",
    "*/_ORT_NATIVE_ENDIAN_MEM_ADDR_/*",
)


@pytest.mark.parametrize("behind", [b"", EMPTY_GROUP, b"\x3c"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_no_network_reads_the_memory_of_the_process(tmp_path, address, behind):
    shape = part(2, part(1, part(1, 2)))
    x, y = (part(1, name) + part(2, part(1, part(1, 1) + shape)) for name in "xy")
    add = part(1, "x", "w") + part(2, "y") + part(4, "Add")
    graph = part(1, add) + part(2, "g") + part(5, tensor(address)) + part(11, x) + part(12, y)
    content = part(1, 8) + part(8, part(2, 17)) + part(7, graph) + behind
    path = tmp_path / "network.onnx"
    path.write_bytes(content)

    for network in (
        Network("network.onnx", ".onnx", path=path),
        Network("network.onnx", ".onnx", content=content),
    ):
        with pytest.raises(ModelFormatError, match="takes for an address in memory"):
            OnnxBackend().open(network, {})


INTEGER_INPUT = part(11, part(1, "x") + part(2, part(1, part(1, 3))))
LARGE = {
    "numbers": part(1, 7) * 1_100_000,
    "nodes": part(7, part(1, b"") * 1_100_000),
    "nodes that are looked at": part(7, part(1, part(4, "A")) * 900_000 + INTEGER_INPUT),
    "graphs": part(7, b"") * 900_000,
    "paths": part(7, part(5, b"location") * 2_000_000),
}


@pytest.mark.parametrize("content", LARGE.values(), ids=LARGE)
def test_a_file_of_many_parts_is_refused_soon(content):
    started = time.monotonic()

    with pytest.raises(UnsupportedModelError, match="^it has more than 1000000 parts"):
        read_network(content, "it")

    assert time.monotonic() - started < LONGEST


def test_a_file_of_zeros_is_given_up_at_once():
    started = time.monotonic()

    assert not read_network(bytes(50_000_000)).input_shapes

    assert time.monotonic() - started < LONGEST / 10


def test_graphs_deep_in_each_other_take_no_longer_than_others():
    content = INITIALIZER
    while len(content) < 300_000:
        content = part(1, part(5, part(6, content + part(2, "x" * 200))))
    started = time.monotonic()

    assert read_network(part(7, content)).external_data == (SECRET,)

    assert time.monotonic() - started < LONGEST
