"""The contract between the core and its plugins.

A plugin describes itself with a *spec*: a small record that names the heavy class by a string, so
that listing plugins imports nothing. The class behind it is one of two kinds of backend:

* a :class:`TensorBackend` runs networks only; the core does the signal processing before and the
  post-processing behind it,
* an :class:`ImpulseBackend` runs whole impulses, from the raw window to the result.

Both open in one step and then run many times: ``open`` does all choosing, parsing, allocation and
warm-up, the session that it returns does only the work.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from typing_extensions import Self

    from .impulse import Impulse
    from .parameters import BlockThresholds, ModelParameters
    from .results import InferenceResult

__all__ = [
    "API_VERSION",
    "BackendSpec",
    "BlockContext",
    "ImpulseBackend",
    "ImpulseSession",
    "ModelSource",
    "Network",
    "Preprocessor",
    "PreprocessorSpec",
    "Receipt",
    "Sample",
    "Session",
    "Support",
    "TensorBackend",
    "TensorSession",
    "TensorSpec",
    "Uploader",
    "UploaderSpec",
]

API_VERSION = 1
"""The version of this contract. A spec of another ``api`` is listed and not used."""


@dataclass(frozen=True)
class BackendSpec:
    """What a backend plugin tells about itself before anything of it is imported.

    ``target`` is ``"package.module:Class"``. ``opens`` lists file suffixes (``".tflite"``) or
    kinds of source (``"eim"``, ``"cpp-export"``). ``platforms`` lists prefixes such as
    ``"linux"`` or ``"linux-aarch64"``; empty means every platform. ``extra`` is the extra of
    ``ei-runner`` that installs the backend, for the hint in error messages.
    """

    name: str
    kind: Literal["tensor", "impulse"]
    target: str
    opens: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    summary: str = ""
    extra: str = ""
    api: int = API_VERSION


@dataclass(frozen=True)
class PreprocessorSpec:
    """A signal-processing block: ``target`` is called as ``target(config, context)``.

    ``config`` maps the field names of the block to their values, ``context`` is a
    :class:`BlockContext`; the call returns a :class:`Preprocessor`.
    """

    name: str
    target: str
    summary: str = ""
    api: int = API_VERSION


@dataclass(frozen=True)
class UploaderSpec:
    """A place that samples can be sent to: ``target`` is called as ``target(options)``.

    ``options`` maps the names of the uploader's options to their values; the call returns an
    :class:`Uploader`, or raises InvalidInputError for an option that is unknown or wrong.
    """

    name: str
    target: str
    summary: str = ""
    api: int = API_VERSION


@dataclass(frozen=True)
class Support:
    """Whether a backend can open something and, if not, why: a clause that follows its name."""

    ok: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.ok


@dataclass(frozen=True)
class TensorSpec:
    """One input or output of a network.

    ``shape`` has -1 where a dimension is dynamic. ``dtype`` is a NumPy name such as
    ``"float32"`` or ``"int8"``. For a quantised tensor, real = (raw - zero_point) * scale; a
    ``scale`` of 0 means that the tensor is not quantised.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float = 0.0
    zero_point: int = 0

    @property
    def is_quantized(self) -> bool:
        """Whether raw values stand for real ones by scale and zero point."""
        return self.scale != 0.0


@dataclass(frozen=True)
class Network:
    """A network file, on disk or (from a zip) in memory.

    ``format`` is the suffix that tells what is in it, such as ``".tflite"``.
    """

    name: str
    format: str
    path: Path | None = None
    content: bytes | None = field(default=None, repr=False)

    def read(self) -> bytes:
        """The bytes of the file.

        Raises:
            ModelNotFoundError: the file is gone or cannot be read.
        """
        if self.content is not None:
            return self.content
        from .errors import ModelNotFoundError

        if self.path is None:
            raise ModelNotFoundError(f"the network {self.name!r} has neither a path nor content")
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise ModelNotFoundError(f"cannot read the network {self.path}: {error}") from error


@dataclass(frozen=True)
class ModelSource:
    """A model that was found on disk, before a backend opens it.

    ``kind`` is ``"bundle"`` (an ``impulse.json`` with its networks), ``"network"`` (a bare network
    file), ``"eim"`` or ``"cpp-export"``. ``impulse`` is known for a bundle and a bare network;
    ``networks`` maps the id of each learn block to its files, one for each format.
    """

    path: Path
    kind: str
    impulse: Impulse | None = None
    networks: Mapping[int, tuple[Network, ...]] = field(default_factory=dict)


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


class TensorBackend(ABC):
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


class ImpulseBackend(ABC):
    """Something that runs whole impulses. It is made without arguments."""

    @abstractmethod
    def supports(self, source: ModelSource) -> Support:
        """Whether ``open`` has a chance with this source. Cheap: nothing is loaded."""

    @abstractmethod
    def open(self, source: ModelSource, options: Mapping[str, Any]) -> ImpulseSession:
        """Load the model and make ready to run. Errors as those of :meth:`TensorBackend.open`."""


@dataclass(frozen=True)
class BlockContext:
    """What a signal-processing block knows besides its config.

    ``frequency`` is in Hz, ``axis_count`` the number of interleaved axes in the windows that the
    block gets, ``n_outputs`` the number of features that the impulse declares for it, if it does.
    """

    version: int = 1
    frequency: float = 0.0
    axis_count: int = 1
    n_outputs: int | None = None


class Preprocessor(ABC):
    """A planned signal-processing block: everything that does not depend on the data is ready."""

    @abstractmethod
    def extract(self, window: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The features of one window.

        Args:
            window: float32, shape (n,), the block's axes interleaved; it is only read.

        Returns:
            float32, shape (n_features,); a new array that belongs to the caller.

        Raises:
            InvalidInputError: the window's length does not suit the block.
        """

    def extract_into(self, window: npt.NDArray[np.float32], out: npt.NDArray[np.float32]) -> None:
        """Like :meth:`extract`, into ``out``; blocks that can save the copy override it."""
        out[:] = self.extract(window)

    def extract_slice(self, piece: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The features that one slice of a stream adds, for blocks that can stream.

        Raises:
            UnsupportedModelError: the block needs whole windows.
        """
        from .errors import UnsupportedModelError

        raise UnsupportedModelError(
            f"{type(self).__name__} needs whole windows: it cannot work on slices"
        )

    def reset(self) -> None:  # noqa: B027 - most blocks remember nothing
        """Forget what earlier windows and slices left behind."""


@dataclass(frozen=True)
class Sample:
    """One sample to upload: its bytes and what is known about it."""

    filename: str
    content: bytes = field(repr=False)
    label: str | None = None
    category: str = "training"
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Receipt:
    """What became of one uploaded sample."""

    filename: str
    ok: bool
    message: str = ""
    sample_id: int | None = None


class Uploader(ABC):
    """A place that samples can be sent to, opened with the options of its kind."""

    @abstractmethod
    def upload(self, sample: Sample) -> Receipt:
        """Send one sample and tell what became of it.

        Raises:
            IngestionError: the place cannot be reached or refuses the credentials.
        """

    @abstractmethod
    def close(self) -> None:
        """Free all resources. Closing twice is legal."""
