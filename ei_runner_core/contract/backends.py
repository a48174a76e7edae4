"""The two kinds of backend and their sessions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..errors import UnsupportedModelError
from .models import ModelSource, Network, Support, TensorSpec

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from typing_extensions import Self

    from ..impulse import Impulse
    from ..parameters import BlockThresholds, ModelParameters
    from ..results import InferenceResult

__all__ = ["ImpulseBackend", "ImpulseSession", "Session", "TensorBackend", "TensorSession"]


class Session(ABC):
    """What both kinds of session have in common: ``with`` closes them."""

    @abstractmethod
    def close(self) -> None:
        """Free all resources. Closing twice is legal."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class TensorSession(Session):
    """An opened network. A session may be used from several threads; it runs one call at a time."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    @abstractmethod
    def run(self, inputs: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
        """Run the network once.

        Args:
            inputs: one C-contiguous array for each of ``self.inputs``, in that order, of its
                shape and raw dtype (not dequantised). They are only read.

        Returns:
            One array for each of ``self.outputs``, raw dtype; they belong to the caller.

        Raises:
            InvalidInputError: the number, shape or dtype of the inputs is wrong.
            InferenceError: the engine failed, or the session is closed.
        """


class _Backend(ABC):  # noqa: B024 - what each kind must have stands there
    """What both kinds of backend have in common."""

    def hint(self) -> str:
        """What ``ei-runner doctor`` tells of a backend that works, in a clause; empty for nothing.

        It is for what is missing and may still come, such as a library that an option names. A
        backend that cannot work raises BackendUnavailableError when it is made.
        """
        return ""


class TensorBackend(_Backend):
    """An engine that runs networks. It is made without arguments."""

    @abstractmethod
    def supports(self, network: Network) -> Support:
        """Whether ``open`` has a chance with this network. Cheap: nothing is loaded."""

    @abstractmethod
    def open(self, network: Network, options: Mapping[str, Any]) -> TensorSession:
        """Load the network and make ready to run.

        Args:
            network: the file to run.
            options: the options of this backend, by name.

        Raises:
            ModelFormatError: the file is damaged.
            UnsupportedModelError: the engine lacks something that the network needs.
            InvalidInputError: an option is unknown or has a wrong value.
        """

    def compile(self, network: Network, options: Mapping[str, Any], target: str = "") -> Network:
        """Compile a network ahead of time; ``compiles_to`` in the spec says that an engine does so.

        Args:
            network: the file to compile.
            options: the options of this backend, by name.
            target: the platform that shall run it, such as ``"linux-aarch64"``; else this one.

        Returns:
            The compiled network in memory, of the format ``compiles_to``.

        Raises:
            UnsupportedModelError: the engine compiles nothing, or lacks something that the network
                needs.
            ModelFormatError: the file is damaged.
            InvalidInputError: an option or the target is unknown or has a wrong value.
            BackendUnavailableError: the part of the engine that compiles is not installed.
            BuildError: the compiler failed, or is missing.
        """
        raise UnsupportedModelError(
            f"{type(self).__name__} compiles nothing ahead of time: run {network.name} as it is"
        )


class ImpulseSession(Session):
    """An opened impulse. It may be used from several threads; it runs one call at a time."""

    impulse: Impulse | None
    parameters: ModelParameters
    inputs: tuple[TensorSpec, ...] = ()  # of a freeform model
    outputs: tuple[TensorSpec, ...] = ()
    refuses_non_finite: bool = False  # itself, so that nobody has to look before it

    @abstractmethod
    def classify(self, window: npt.NDArray[np.float32], debug: bool = False) -> InferenceResult:
        """Answer one window.

        Args:
            window: float32, shape (parameters.input_features_count,), C-contiguous, all finite.
            debug: log what happens on the way.

        Raises:
            InferenceError: the engine failed, or the session is closed.
        """

    def classify_image(self, rgb: npt.NDArray[np.uint8], debug: bool = False) -> InferenceResult:
        """Answer one image of the model's size; a session that needs no packed pixels overrides it.

        Args:
            rgb: uint8, shape (height, width, 3), C-contiguous.
            debug: log what happens on the way.
        """
        from ..images import pack

        return self.classify(pack(rgb), debug)

    @abstractmethod
    def classify_continuous(
        self, piece: npt.NDArray[np.float32], debug: bool = False
    ) -> InferenceResult:
        """Answer the window that ends with this slice.

        Args:
            piece: float32, shape (parameters.slice_size * parameters.axis_count,), all finite.
            debug: log what happens on the way.
        """

    @abstractmethod
    def reset(self) -> None:
        """Forget what earlier windows and slices left behind."""

    @abstractmethod
    def freeform(
        self, inputs: Sequence[np.ndarray] | Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Run a model that has no fixed meaning: tensors in, all output tensors by name out."""

    @property
    @abstractmethod
    def thresholds(self) -> tuple[BlockThresholds, ...]:
        """The values that can be changed while the model runs, as they are now."""

    @abstractmethod
    def set_threshold(self, block_id: int, **values: float) -> None:
        """Change values of one block.

        Raises:
            InvalidInputError: there is no such block or key; then nothing was changed.
        """


class ImpulseBackend(_Backend):
    """Something that runs whole impulses. It is made without arguments."""

    @abstractmethod
    def supports(self, source: ModelSource) -> Support:
        """Whether ``open`` has a chance with this source. Cheap: nothing is loaded."""

    @abstractmethod
    def open(self, source: ModelSource, options: Mapping[str, Any]) -> ImpulseSession:
        """Load the model and make ready to run. Errors as those of :meth:`TensorBackend.open`."""
