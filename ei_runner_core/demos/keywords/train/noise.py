"""Sounds that are no speech."""

from __future__ import annotations

import numpy as np

from .speech import RATE, Wave

__all__ = ["colored", "some_noise"]


def colored(rng: np.random.Generator, length: int = RATE) -> Wave:
    """Noise with an RMS of 1, from white to brown."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    spectrum /= np.maximum(np.arange(len(spectrum)), 1) ** rng.uniform(0, 1)
    spectrum[0] = 0
    wave = np.fft.irfft(spectrum, length)
    return np.asarray(wave / np.sqrt(np.mean(wave**2)))


def some_noise(rng: np.random.Generator) -> Wave:
    """A second of noise, often with a hum, beeps or clicks in it; int16 levels, any loudness."""
    wave = colored(rng)
    if rng.uniform() < 0.75:
        extra = (_hum, _beeps, _clicks)[rng.integers(3)]
        wave += extra(rng) * rng.uniform(0.5, 4)
    return wave * 10 ** rng.uniform(0.9, 3.3)


def _hum(rng: np.random.Generator) -> Wave:
    time = np.arange(RATE) / RATE
    pitch = rng.uniform(45, 130)
    tones = [np.sin(2 * np.pi * pitch * (k + 1) * time) * rng.uniform() for k in range(6)]
    return np.asarray(np.sum(tones, axis=0))


def _beeps(rng: np.random.Generator) -> Wave:
    time = np.arange(RATE) / RATE
    tone = np.sin(2 * np.pi * (rng.uniform(300, 3500) * time + rng.uniform(-900, 900) * time**2))
    gate = np.sin(2 * np.pi * rng.uniform(0.5, 5) * time + rng.uniform(0, 7)) > 0
    return np.asarray(tone * gate)


def _clicks(rng: np.random.Generator) -> Wave:
    wave = np.zeros(RATE)
    for start in rng.integers(0, RATE - 800, rng.integers(1, 8)):
        decay = np.exp(-np.arange(800) / rng.uniform(20, 200))
        wave[start : start + 800] += 8 * decay * rng.standard_normal(800)
    return wave
