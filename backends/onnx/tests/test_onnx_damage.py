"""Damaged files: an error or an answer, never the end of the process."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_core import ModelFormatError
from ei_runner_onnx.network_file import NetworkFile, read_network

MODELS = Path(__file__).parent / "models"
CONTENT = {path.stem: path.read_bytes() for path in sorted(MODELS.glob("*.onnx"))}
TRIALS = 150

# Each file is opened and run in one process after the other; its number is printed first, so that
# the last number tells which one ended the process.
TRIAL = """
import math, sys
from pathlib import Path
import numpy as np
from ei_runner_core import EdgeImpulseError, Network
from ei_runner_onnx.backend import OnnxBackend

for path in sorted(Path(sys.argv[1]).iterdir()):
    print(path.name, end=" ", flush=True)
    try:
        with OnnxBackend().open(Network(path.name, ".onnx", path=path), {}) as session:
            if all(math.prod(map(abs, spec.shape)) < 1e6 for spec in session.inputs):
                session.run([np.ones(np.abs(spec.shape), spec.dtype) for spec in session.inputs])
        print("ran", flush=True)
    except (EdgeImpulseError, MemoryError) as error:  # a flipped shape can ask for any size
        assert "\\n" not in str(error)
        print(type(error).__name__, flush=True)
"""


def damaged(content: bytes, generator: random.Random) -> bytes:
    """One of the ways in which files get damaged."""
    position = generator.randrange(len(content))
    way = generator.choice(["cut", "flip", "flip", "smear"])
    if way == "cut":
        return content[:position]
    changed = bytearray(content)
    if way == "flip":
        changed[position] ^= 1 << generator.randrange(8)
    else:
        length = generator.randrange(1, 12)
        changed[position : position + length] = generator.randbytes(length)
    return bytes(changed)


@pytest.mark.parametrize("name", ["branches", "conv", "int8", "every_dtype"])
def test_no_damage_ends_the_process(run_script, tmp_path, name):
    generator = random.Random(name)
    folder = tmp_path / "damaged"
    folder.mkdir()
    for number in range(TRIALS):
        (folder / f"{number:03}").write_bytes(damaged(CONTENT[name], generator))

    lines = run_script(TRIAL, folder).splitlines()

    assert len(lines) == TRIALS
    outcomes = {line.split()[1] for line in lines}
    errors = {"ModelFormatError", "UnsupportedModelError", "InferenceError", "MemoryError"}
    assert {"ran", "ModelFormatError"} <= outcomes <= {"ran", *errors}


def read_or_refused(content: bytes) -> None:
    """Only what may name other files is refused already here, in front of ONNX Runtime."""
    try:
        assert isinstance(read_network(content), NetworkFile)
    except ModelFormatError:
        assert b"location" in content or b"_MEM_ADDR_" in content


@given(st.sampled_from(sorted(CONTENT)), st.randoms(use_true_random=False))
def test_reading_a_damaged_file_gives_what_is_in_it_or_one_error(name, generator):
    read_or_refused(damaged(CONTENT[name], generator))


@given(st.binary(max_size=200))
def test_reading_noise_gives_what_is_in_it_or_one_error(noise):
    read_or_refused(noise)


@pytest.mark.parametrize("name", CONTENT)
def test_the_inputs_of_a_sound_file_are_read(name):
    assert read_network(CONTENT[name]).input_shapes
