"""Damaged files: an error or an answer, never the end of the process."""

from __future__ import annotations

import math
import random
import struct
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_core import ModelFormatError, UnsupportedModelError
from ei_runner_full_tflite.flatbuffer import Flatbuffer, Table
from ei_runner_full_tflite.inspection import inspect_model

MODELS = Path(__file__).parent / "models"
NAMES = sorted(path.stem for path in MODELS.glob("*.tflite"))
CONTENT = {name: (MODELS / f"{name}.tflite").read_bytes() for name in NAMES}

TRIALS = 400

# Each file is opened and run in one process after the other; its number is printed first, so that
# the last number tells which one ended the process.
TRIAL = """
import sys
from contextlib import suppress
from pathlib import Path
import numpy as np
from ei_runner_core import EdgeImpulseError, Network
from ei_runner_full_tflite.backend import FullTfliteBackend

with suppress(ImportError):
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))

for path in sorted(Path(sys.argv[1]).iterdir()):
    print(path.name, end=" ", flush=True)
    try:
        with FullTfliteBackend().open(Network(path.name, ".tflite", path=path), {}) as session:
            session.run([np.zeros(np.abs(spec.shape), spec.dtype) for spec in session.inputs])
        print("ran", flush=True)
    except (EdgeImpulseError, MemoryError) as error:  # a flipped shape can ask for any size
        print(type(error).__name__, flush=True)
"""


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def damaged(content: bytes, generator: random.Random) -> bytes:
    """One of the ways in which files get damaged."""
    size = len(content)
    way = generator.choice(["cut", "flip", "flip", "smear", "head"])
    if way == "cut":
        return content[: generator.randrange(size)]
    if way == "flip":
        return flipped(content, generator.randrange(size * 8))
    if way == "smear":
        start, length = generator.randrange(8, size), generator.randrange(1, 64)
        return content[:start] + generator.randbytes(length) + content[start + length :]
    return content[:8] + generator.randbytes(size - 8)


@pytest.mark.parametrize("name", ["conv", "conv_int8", "signatures", "many_dtypes"])
def test_no_damage_ends_the_process(run_script, tmp_path, name):
    generator = random.Random(name)
    folder = tmp_path / "damaged"
    folder.mkdir()
    for number in range(TRIALS):
        (folder / f"{number:03}").write_bytes(damaged(CONTENT[name], generator))

    lines = run_script(TRIAL, folder).splitlines()

    assert len(lines) == TRIALS
    outcomes = {line.split()[1] for line in lines}
    assert {"ran", "ModelFormatError"} <= outcomes
    errors = {"ModelFormatError", "UnsupportedModelError", "InferenceError", "MemoryError"}
    assert outcomes <= {"ran", *errors}


@pytest.mark.parametrize("name", NAMES)
def test_a_sound_file_is_not_refused(name):
    assert inspect_model(CONTENT[name], name)


@pytest.mark.parametrize("name", NAMES)
def test_a_truncated_file_is_one_clear_error(name):
    content = CONTENT[name]
    for size in range(0, len(content) - 8, 7):
        with pytest.raises(ModelFormatError, match=f"^{name} is (not|a damaged)"):
            inspect_model(content[:size], name)


@given(st.sampled_from(NAMES), st.data())
def test_any_single_bit_flip_is_read_or_refused(name, data):
    content = CONTENT[name]
    bit = data.draw(st.integers(0, len(content) * 8 - 1))

    with suppress(ModelFormatError):
        inspect_model(flipped(content, bit), name)


@given(st.sampled_from(NAMES), st.binary(min_size=8, max_size=200))
def test_noise_behind_a_sound_head_is_refused(name, noise):
    with pytest.raises(ModelFormatError):
        inspect_model(CONTENT[name][:8] + noise, name)


def repeated(entries: int) -> bytes:
    """A file with one graph of one tensor, each listed so many times."""
    graphs = 52
    graph = graphs + 4 + 4 * entries
    tensors = graph + 8
    buffers = tensors + 4 + 4 * entries
    empty = buffers + 8
    head = struct.pack("<I4s7Hxx", 24, b"TFL3", 14, 16, 4, 0, 8, 0, 12)
    root = struct.pack("<iIII", 16, 3, graphs - 32, buffers - 36)
    layouts = struct.pack("<3H2Hxx", 6, 8, 4, 4, 4)

    def vector(start: int, target: int) -> bytes:
        places = range(start + 4, start + 4 + 4 * entries, 4)
        return struct.pack(f"<{entries + 1}I", entries, *(target - place for place in places))

    parts = [head, root, layouts, vector(graphs, graph), struct.pack("<iI", graph - 40, 4)]
    parts += [vector(tensors, empty), struct.pack("<II", 1, 4), struct.pack("<i", empty - 46)]
    return b"".join(parts)


def test_a_file_that_lists_the_same_tables_over_and_over_is_refused():
    assert inspect_model(repeated(1), "once")

    with pytest.raises(ModelFormatError, match="structure is broken"):
        inspect_model(repeated(2000), "four million times")


def tensor(model: Table, index: int) -> Table:
    return model.tables(2)[0].tables(0)[index]


def operator(model: Table, index: int) -> Table:
    return model.tables(2)[0].tables(3)[index]


def options(model: Table, index: int) -> Table:
    table = operator(model, index).table(4)
    assert table
    return table


def quantization(model: Table, index: int) -> Table:
    table = tensor(model, index).table(4)
    assert table
    return table


# What stands where in conv_int8: CONV_2D, MAX_POOL_2D, RESHAPE, SPLIT, SUB, SOFTMAX.
CONTRADICTIONS = {
    "schema": (lambda m: m._at(0, 4), "<I", 4, "version 4, expected 3"),
    "buffer": (lambda m: tensor(m, 5)._at(2, 4), "<I", 99, "buffer 99 of"),
    "shape": (lambda m: tensor(m, 5).span(0, 4)[0], "<i", -3, "impossible shape"),
    "scale": (lambda m: quantization(m, 5).span(2, 4)[0], "<f", -0.5, "impossible scale"),
    "denormal": (lambda m: quantization(m, 5).span(2, 4)[0], "<f", 1e-42, "next to nothing"),
    "no number": (lambda m: quantization(m, 5).span(2, 4)[0], "<f", math.nan, "impossible scale"),
    "zero point": (lambda m: quantization(m, 5).span(3, 8)[0], "<q", 300, "impossible zero point"),
    "graph output": (lambda m: m.tables(2)[0].span(2, 4)[0], "<i", 99, "tensor 99 of 12"),
    "operator input": (lambda m: operator(m, 1).span(1, 4)[0], "<i", 99, "tensor 99 of 12"),
    "operator code": (lambda m: operator(m, 1)._at(0, 4), "<I", 99, "operator code 99 of"),
    "two writers": (lambda m: operator(m, 1).span(2, 4)[0], "<i", 5, "two operators write"),
    "kind of options": (lambda m: operator(m, 0)._at(3, 1), "<B", 5, "kind 5, expected 1"),
    "stride": (lambda m: options(m, 0)._at(1, 4), "<i", 0, "a stride or size of 0"),
    "padding": (lambda m: options(m, 1)._at(0, 1), "<b", 7, "padding of kind 7"),
    "splits": (lambda m: options(m, 3)._at(0, 4), "<i", 3, "into 3, but has 2 outputs"),
    "sum": (lambda m: quantization(m, 10).span(2, 4)[0], "<f", 1e-9, "cannot add up"),
    "channels": (lambda m: tensor(m, 0).span(0, 4)[0] + 12, "<i", 5, "channels of a convolution"),
}


@pytest.mark.parametrize(
    ("where", "layout", "value", "message"), CONTRADICTIONS.values(), ids=CONTRADICTIONS
)
def test_what_contradicts_itself_is_refused(where, layout, value, message):
    content = bytearray(CONTENT["conv_int8"])
    position = where(Flatbuffer(CONTENT["conv_int8"]).root())
    assert position
    struct.pack_into(layout, content, position, value)

    with pytest.raises(ModelFormatError, match=message):
        inspect_model(bytes(content), "conv")


def test_a_change_of_scale_from_nothing_is_refused():
    content = bytearray(CONTENT["dense_uint8"])
    position = quantization(Flatbuffer(content).root(), 0).span(2, 4)[0]
    struct.pack_into("<f", content, position, 0.0)

    with pytest.raises(ModelFormatError, match="a scale of nothing"):
        inspect_model(bytes(content), "dense")


@pytest.mark.usefixtures("strict_xnnpack")
def test_a_scale_of_zero_keeps_the_plain_kernels_away(open_network):
    """They would end the process where XNNPACK only refuses."""
    content = bytearray(CONTENT["conv_int8"])
    struct.pack_into("<f", content, quantization(Flatbuffer(content).root(), 5).span(2, 4)[0], 0.0)

    assert inspect_model(bytes(content), "conv").is_risky
    with pytest.raises(UnsupportedModelError, match="XNNPACK"):
        open_network(bytes(content))
