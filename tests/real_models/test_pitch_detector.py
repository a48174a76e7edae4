"""Basic Pitch: two seconds of sound in, notes out; the same network in two formats."""

from __future__ import annotations

import numpy as np
import pytest

from ei_runner_core import InvalidInputError

RATE, SAMPLES = 22_050, 43_844
NAME = "serving_default_input_2:0"
NOTES = "StatefulPartitionedCall:1"
LOWEST_NOTE = 21  # the number of the lowest key of a piano in MIDI


@pytest.fixture
def network(from_wheel):
    folder = "basic_pitch/saved_models/icassp_2022"
    return lambda suffix: from_wheel("basic-pitch==0.4.0", f"{folder}/nmp{suffix}")


@pytest.fixture(params=[".tflite", ".onnx"])
def path(request, network):
    return network(request.param)


def tone(*frequencies):
    """One window for each frequency, shape (n, samples, 1)."""
    time = np.arange(SAMPLES) / RATE
    waves = [0.5 * np.sin(2 * np.pi * frequency * time) for frequency in frequencies]
    return np.array(waves, np.float32)[..., np.newaxis]


def loudest_notes(outputs):
    return outputs[NOTES].mean(axis=1).argmax(axis=1) + LOWEST_NOTE


def test_it_hears_the_notes_of_a_batch(path, open_model):
    """440 Hz is the A in the middle, number 69; an octave up and down are 12 more and less."""
    model = open_model(path)

    assert loudest_notes(model.infer_freeform(tone(440.0))).tolist() == [69]
    assert loudest_notes(model.infer_freeform(tone(220.0, 440.0, 880.0))).tolist() == [57, 69, 81]
    assert loudest_notes(model.infer_freeform(tone(880.0))).tolist() == [81]


def test_both_formats_give_the_same(network, open_model):
    one, other = open_model(network(".tflite")), open_model(network(".onnx"))

    for sound in (tone(440.0), np.random.default_rng(0).normal(size=(1, SAMPLES, 1))):
        array = sound.astype(np.float32)
        first, second = one.infer_freeform(array), other.infer_freeform(array)
        assert sorted(first) == sorted(second)
        for name in first:
            np.testing.assert_allclose(first[name], second[name], rtol=0, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("frequencies", [(440.0,), (220.0, 880.0)], ids=["one", "batch"])
def test_a_list_and_a_mapping_give_what_the_engine_gives(
    path, open_model, run_bare, assert_alike, frequencies
):
    model, array = open_model(path), tone(*frequencies)
    expected = run_bare(path, [array])

    assert_alike(model.infer_freeform([array]), expected)
    assert_alike(model.infer_freeform({NAME: array}), expected)


def test_a_window_of_another_length_is_one_clear_error(path, open_model):
    with pytest.raises(InvalidInputError, match=r"serving_default_input_2:0.*43844"):
        open_model(path).infer_freeform(np.zeros((1, SAMPLES - 1, 1), np.float32))
