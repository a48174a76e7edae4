"""Words as sound, spoken by espeak-ng."""

# SciPy brings no types.
# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import subprocess

import numpy as np
import numpy.typing as npt
from scipy.signal import resample_poly

from ei_runner_core.files.sound import read_wav

__all__ = ["ACCENTS", "HELD_OUT_SPEAKERS", "RATE", "TRAINING_SPEAKERS", "Wave", "say"]

RATE = 16_000
UP, DOWN = 320, 441  # from espeak's 22,050 Hz
ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-us-nyc")
TRAINING_SPEAKERS = (
    "m1", "m2", "m3", "m4", "m6", "m7", "m8", "f1", "f2", "f4", "f5", "Alex", "Alicia", "Andy",
    "Annie", "Denis", "Diogo", "Gene", "Hugo", "Jacky", "Mario", "Michael", "Tweaky", "adam",
    "anika", "antonio", "aunty", "benjamin", "caleb", "david", "ed", "grandma", "grandpa",
    "gustave", "iven", "john", "klatt", "klatt2", "klatt3", "linda", "max", "norbert",
    "pablo", "quincy", "rob", "sandro", "shelby", "steph", "travis", "victor",
)  # fmt: skip
HELD_OUT_SPEAKERS = ("m5", "f3", "Andrea", "Lee", "belinda", "boris", "edward", "steph2", "zac")
QUIET = 0.01

Wave = npt.NDArray[np.float64]


def say(word: str, rng: np.random.Generator, speakers: tuple[str, ...]) -> Wave:
    """A word in a random accent, voice, speed and pitch, without the silence around it.

    Returns:
        The sound at 16 kHz with a peak of 1, shape (n,).
    """
    accent, speaker = (str(rng.choice(names)) for names in (ACCENTS, speakers))
    speed, pitch = int(rng.integers(120, 210)), int(rng.integers(25, 76))
    options = ("-v", f"{accent}+{speaker}", "-s", str(speed), "-p", str(pitch))
    command = ["espeak-ng", "--stdout", *options, word]
    run = subprocess.run(command, capture_output=True, check=True)  # noqa: S603 - words of ours
    spoken = read_wav(run.stdout).samples[:, 0].astype(np.float64)
    wave = np.asarray(resample_poly(spoken, UP, DOWN))
    wave /= abs(wave).max()
    loud = np.flatnonzero(abs(wave) > QUIET)
    return wave[loud[0] : loud[-1] + 1]
