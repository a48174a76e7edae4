"""Silero VAD: 32 ms of sound, a state and a rate (int64) in; a probability and a state out."""

from __future__ import annotations

import numpy as np
import pytest

from ei_runner_core import InvalidInputError

RATE, PIECE, CONTEXT = 16_000, 512, 64
TIME = np.arange(2 * RATE) / RATE


@pytest.fixture
def network(from_wheel):
    return from_wheel("silero-vad==6.2.3", "silero_vad/data/silero_vad.onnx")


def inputs(state, samples):
    rate = np.array(RATE, np.int64)
    return {"input": samples.astype(np.float32)[np.newaxis], "state": state, "sr": rate}


def steps(run, sound):
    """Run it over a sound, with the state of one piece for the next; yields inputs and outputs."""
    state, sound = np.zeros((2, 1, 128), np.float32), np.concatenate([np.zeros(CONTEXT), sound])
    for start in range(CONTEXT, len(sound) - PIECE + 1, PIECE):
        tensors = inputs(state, sound[start - CONTEXT : start + PIECE])
        outputs = run(tensors)
        yield tensors, outputs
        state = outputs["stateN"]


def probabilities(run, sound):
    return np.array([outputs["output"][0, 0] for _, outputs in steps(run, sound)])


def vowel(formants, pitch=120.0):
    """A sung vowel: harmonics of the pitch, strongest around the formants (Hz)."""
    phase = 2 * np.pi * np.cumsum(pitch * (1 + 0.02 * np.sin(2 * np.pi * 5 * TIME))) / RATE
    numbers = np.arange(1, 40)[:, np.newaxis]
    gains = sum(1 / (1 + ((numbers * pitch - formant) / 100) ** 2) for formant in formants)
    wave = (gains / np.sqrt(numbers) * np.sin(numbers * phase)).sum(axis=0)
    return wave / np.abs(wave).max()


def voice():
    """Four beats a second, changing between an open and a closed vowel."""
    vowels = np.where(
        (TIME * 2).astype(int) % 2, vowel((300, 2200, 3000)), vowel((700, 1200, 2600))
    )
    return 0.2 * (1 - np.cos(2 * np.pi * 4 * TIME)) * vowels


def test_it_tells_a_voice_from_silence_and_a_tone(network, open_model):
    run = open_model(network).infer_freeform

    assert probabilities(run, np.zeros(RATE)).max() < 0.1
    assert probabilities(run, 0.3 * np.sin(2 * np.pi * 440 * TIME)).max() < 0.1
    assert np.median(probabilities(run, voice())) > 0.8


def test_every_step_gives_what_the_engine_gives(network, open_model, run_bare, assert_alike):
    """The state of one step is an input of the next, so that a difference would grow."""
    model = open_model(network)
    for number, (tensors, outputs) in enumerate(steps(model.infer_freeform, voice()[: RATE // 2])):
        assert_alike(outputs, model.infer_freeform(list(tensors.values())))
        if number % 5 == 0:
            assert_alike(outputs, run_bare(network, list(tensors.values())))


def test_pieces_of_another_length_and_rate_are_taken(network, open_model):
    tensors = inputs(np.zeros((2, 1, 128), np.float32), np.zeros(PIECE // 2 + CONTEXT // 2))
    outputs = open_model(network).infer_freeform(tensors | {"sr": np.array(8000, np.int64)})

    assert outputs["output"].shape == (1, 1)
    assert outputs["stateN"].shape == (2, 1, 128)


def test_a_missing_state_is_one_clear_error(network, open_model):
    tensors = inputs(np.zeros((2, 1, 128), np.float32), np.zeros(PIECE + CONTEXT))
    del tensors["state"]

    with pytest.raises(InvalidInputError, match="missing.*state"):
        open_model(network).infer_freeform(tensors)
