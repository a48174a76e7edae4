"""The windows: keywords, other words and noise, one second each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .noise import colored, some_noise
from .speech import HELD_OUT_SPEAKERS, RATE, TRAINING_SPEAKERS, Wave, say

__all__ = ["LABELS", "RATE", "Windows", "held_out_windows", "training_windows"]

KEYWORDS = ("hello", "right", "stop", "yes")
LABELS = (*KEYWORDS, "noise", "unknown")
UNKNOWN_SHARE = 2  # there are more other words than keywords
STEP = 32  # of the samples that are held out, so that they pack well
OTHER_WORDS = (
    "about", "after", "bed", "bird", "blue", "boat", "book", "bright", "cat", "chess", "cold",
    "come", "dog", "door", "down", "eight", "ever", "fellow", "first", "five", "follow", "four",
    "friend", "ghost", "go", "good", "green", "guess", "happy", "hollow", "home", "house", "learn",
    "left", "less", "light", "low", "marvin", "mess", "music", "nest", "night", "nine", "no",
    "nose", "not", "note", "off", "on", "one", "open", "orange", "rain", "red", "ride", "ripe",
    "river", "seven", "shop", "show", "sit", "six", "slow", "snow", "spot", "start", "step",
    "stock", "stool", "story", "there", "three", "top", "tree", "two", "under", "up", "visual",
    "well", "white", "wow", "year", "yellow", "yet", "young", "zero",
)  # fmt: skip
STRANGE_WORDS = (
    "apple", "bottle", "coffee", "forward", "garden", "july", "kitchen", "monday", "morning",
    "paper", "rocket", "silver", "table", "water", "window", "winter",
)  # fmt: skip


class Windows(NamedTuple):
    """Sound, int16 of shape (n, 16000), and what it is, uint8 of shape (n,)."""

    windows: npt.NDArray[np.int16]
    labels: npt.NDArray[np.uint8]


def training_windows(per_label: int, seed: int) -> Windows:
    """Windows to train on, every second one in steps of 32; the same seed gives the same ones."""
    rng = np.random.default_rng(seed)
    labels = np.tile(_all_labels(UNKNOWN_SHARE), per_label)
    training = _windows(labels, rng, TRAINING_SPEAKERS, OTHER_WORDS)
    training.windows[::2] = _rounded(training.windows[::2])
    return training


def held_out_windows(per_label: int, seed: int) -> Windows:
    """Windows with speakers and other words that are never trained on, in steps of 32 levels."""
    rng = np.random.default_rng(seed)
    wanted = np.tile(_all_labels(), per_label)
    windows, labels = _windows(wanted, rng, HELD_OUT_SPEAKERS, STRANGE_WORDS)
    return Windows(_rounded(windows), labels)


def _rounded(windows: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    return np.clip(np.round(windows / STEP) * STEP, -32768, 32736).astype(np.int16)


def _all_labels(unknown: int = 1) -> npt.NDArray[np.uint8]:
    """The index of each label once, of "unknown" so many times."""
    once = np.arange(len(LABELS), dtype=np.uint8)
    return np.append(once, [np.uint8(LABELS.index("unknown"))] * (unknown - 1)).astype(np.uint8)


def _windows(
    labels: npt.NDArray[np.uint8],
    rng: np.random.Generator,
    speakers: tuple[str, ...],
    others: tuple[str, ...],
) -> Windows:
    waves = [_window(LABELS[label], rng, speakers, others) for label in labels]
    sound = np.clip(np.round(waves), -32768, 32767).astype(np.int16)
    return Windows(sound, labels)


def _window(
    label: str, rng: np.random.Generator, speakers: tuple[str, ...], others: tuple[str, ...]
) -> Wave:
    if label == "noise":
        return some_noise(rng)
    word = str(rng.choice(others)) if label == "unknown" else label
    return _placed(say(word, rng, speakers), rng)


def _placed(word: Wave, rng: np.random.Generator) -> Wave:
    """A word somewhere in a second, at any loudness, over a noise that is 10 to 45 dB softer."""
    word = word[:RATE] * 10 ** rng.uniform(3.3, 4.3)
    level = np.sqrt(np.mean(word**2)) * 10 ** (-rng.uniform(10, 45) / 20)
    window = colored(rng) * max(level, 8.0)
    start = rng.integers(0, RATE - len(word) + 1)
    window[start : start + len(word)] += word
    return np.asarray(window)
