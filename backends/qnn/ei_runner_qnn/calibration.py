"""Running a model over samples while its networks are listened to."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from ei_runner_core import Impulse, InvalidInputError, ModelSource, Network
from ei_runner_core.files import FeatureWindow, ImageWindow, WindowInput
from ei_runner_core.impulse import FreeformInput, ImageInput
from ei_runner_core.pipeline import TensorImpulse

from .lone_networks import LoneNetwork
from .recording import RecordedSession
from .samples import naming, windows_in

if TYPE_CHECKING:
    import numpy.typing as npt

    from .float_networks import FloatNetwork
    from .steps import Steps

__all__ = ["Trial", "tried"]


class Subject(Protocol):
    """A model that can be run over samples."""

    def windows(self, path: Path) -> Sequence[WindowInput]:
        """What a file holds for this model."""

    def answer(self, window: WindowInput) -> Hashable:
        """Run the networks on it; returns what the model says, ``None`` if that is no label."""


class WholeImpulse:
    """An impulse with its own signal processing."""

    def __init__(self, impulse: Impulse, sessions: Mapping[int, RecordedSession]) -> None:
        self._session = TensorImpulse(impulse, sessions)
        self._impulse = impulse
        self._parameters = self._session.parameters

    def windows(self, path: Path) -> Sequence[WindowInput]:
        """One window, several out of a longer recording, or an image."""
        return windows_in(path, self._parameters)

    def answer(self, window: WindowInput) -> Hashable:
        """The best label; ``None`` for a model that has no labels to choose from."""
        self._session.reset()  # one window says nothing about the next
        if isinstance(window, ImageWindow):
            result = self._session.classify_image(self._fitted(window))
        elif isinstance(window, FeatureWindow):
            result = self._session.classify(window.values)
        else:  # pragma: no cover - files are read by what the model takes
            raise InvalidInputError("it holds tensors, but the model takes windows")
        if len(self._parameters.labels) < 2:
            return None
        return next((label for label, _ in result.top(1)), "")

    def _fitted(self, window: ImageWindow) -> npt.NDArray[np.uint8]:
        """The image in the size of the model, as ``EdgeImpulseModel.infer_image`` brings it to."""
        from ei_runner_core.images import resize

        own = self._impulse.input
        if not isinstance(own, ImageInput) or own.frames != 1:
            raise InvalidInputError("it is one image, but the model takes several in one window")
        return resize(
            window.pixels, own.width, own.height, own.resize_mode, own.resize_kernel,
            own.crop_anchor,
        )  # fmt: skip


class Trial(NamedTuple):
    """What came of running a model over samples: its answers, and what its networks recorded."""

    answers: list[Hashable]
    sessions: dict[int, RecordedSession]


@contextmanager
def tried(
    source: ModelSource,
    networks: Mapping[int, FloatNetwork],
    replaced: Mapping[int, Network],
    paths: Sequence[Path],
    steps: Steps,
) -> Iterator[Trial]:
    """Run a model over files on the CPU; what was recorded goes when the context ends.

    Args:
        source: the model.
        networks: its networks, by the ids of their blocks.
        replaced: those that run in place of them.
        paths: the files.
        steps: is told of each file.

    Raises:
        InvalidInputError: a file cannot be read, is not what the model takes, or there is no
            window in all of them.
    """
    with ExitStack() as stack:
        sessions = {
            key: stack.enter_context(RecordedSession(one.open(replaced.get(key))))
            for key, one in networks.items()
        }
        answers = _answers(_subject(source, sessions), sessions, paths, steps)
        if not answers:
            raise InvalidInputError("there is no window in the samples; expected at least one")
        yield Trial(answers, sessions)


def _subject(source: ModelSource, sessions: Mapping[int, RecordedSession]) -> Subject:
    """What is run over the samples: an impulse, or a network that nothing is known of."""
    impulse = source.impulse
    if impulse is None or isinstance(impulse.input, FreeformInput):
        return LoneNetwork(next(iter(sessions.values())))
    return WholeImpulse(impulse, sessions)


def _answers(
    subject: Subject,
    sessions: Mapping[int, RecordedSession],
    paths: Sequence[Path],
    steps: Steps,
) -> list[Hashable]:
    for session in sessions.values():
        session.is_recording = True  # from here on: opening an impulse runs silence
    answers: list[Hashable] = []
    for path in paths:
        windows = subject.windows(path)
        with naming(path):
            answers += [subject.answer(window) for window in windows]
        steps.advance()
    return answers
