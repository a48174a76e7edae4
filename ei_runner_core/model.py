"""The one class that users hold."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn

from .errors import InferenceError, InvalidInputError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt
    from typing_extensions import Self

    from .contract import ImpulseSession, ModelSource, TensorSpec
    from .impulse import Impulse
    from .parameters import BlockThresholds, ModelParameters, SensorType
    from .reading import NetworkFiles
    from .results import BoundingBox, InferenceResult
    from .selection import Selection

__all__ = ["EdgeImpulseModel"]


class EdgeImpulseModel:
    """A model that is ready to answer.

    ::

        with EdgeImpulseModel("model/") as model:
            print(model.infer_image("photo.png").top())

    A model may be used from several threads; it works on one call at a time. After a fork it
    belongs to the process that opened it.

    Args:
        source: path of a bundle (folder or zip), an export, a built library (``.so`` or
            ``.dylib``), an ``.eim`` (or the socket of one that runs already) or a network file, or
            the name of an installed model. ``None`` looks at ``EI_MODEL``, then asks Studio for
            the project ``EI_PROJECT_ID``, then looks into ``./model``. Also a
            :class:`ModelSource` that was read.
        backend: name of the backend to use. ``None`` looks at ``EI_BACKEND`` and then takes the
            first installed one that can open the model.
        options: options of that backend, by name.
        debug: log every inference to the logger ``ei_runner_core`` at level DEBUG.
        impulse: which impulse of the project in Studio, or of a C++ export that holds several, by
            id or name.
        network: a network file to run in place of the model's own, such as an ``.onnx`` for a C++
            export; for several networks a mapping from the id of the learn block.

    Raises:
        ModelNotFoundError: there is no model.
        ModelFormatError: the model is damaged or contradicts itself.
        UnsupportedModelError: the backend lacks something that the model needs.
        BackendNotFoundError: no such backend is installed, or none opens the model.
        BackendUnavailableError: the backend is there, but cannot be used.
        PluginError: the backend breaks the contract, or two distributions bring a model of this
            name.
        InvalidInputError: an argument or an option is unknown, or of a wrong type or value.
        ProcessDiedError: the program of the model ended before it was ready.
        DeadlineError: the program of the model was not ready in time.
    """

    def __init__(
        self,
        source: str | os.PathLike[str] | ModelSource | None = None,
        *,
        backend: str | None = None,
        options: Mapping[str, Any] | None = None,
        debug: bool = False,
        impulse: int | str | None = None,
        network: NetworkFiles | None = None,
    ) -> None:
        from .opening import open_model
        from .windows import window_check

        opened = open_model(source, backend, options, impulse, network)
        self._session: ImpulseSession | None = opened.session
        self._pid = os.getpid()
        self._finalizer = weakref.finalize(self, _close, opened.session, self._pid)
        self._source = opened.source
        self._selection = opened.selection
        self._debug = debug
        self._parameters = opened.session.parameters
        axes = self._parameters.axis_count
        self._check_window = window_check(
            self._parameters.input_features_count,
            axes,
            finite=not opened.session.refuses_non_finite,
        )
        self._check_slice = window_check(self._parameters.slice_size * axes, axes, "slice values")

    def infer(self, features: npt.ArrayLike) -> InferenceResult:
        """Answer one window.

        Args:
            features: real numbers, shape (input_size,), or (samples, axes) for time series: raw
                sensor values interleaved by axis, or one 0xRRGGBB number a pixel for images. A
                contiguous float32 array is used without a copy.

        Raises:
            InvalidInputError: wrong length, shape or dtype, NaN or infinity.
            InferenceError: the engine failed, the model is closed, or it was opened in another
                process.
        """
        session = self._session
        if session is None or self._pid != os.getpid():
            raise self._unusable()
        return session.classify(self._check_window(features), self._debug)

    def infer_batch(self, windows: Iterable[Any]) -> list[InferenceResult]:
        """Answer several windows or images, in order; all are checked before the first one runs.

        Args:
            windows: as for :meth:`infer`, for example an array of shape (n, input_size). A model
                that takes images also takes those of :meth:`infer_image`, for example an array of
                uint8 with the shape (n, height, width, 3).
        """
        session = self._use()
        try:
            several = list(windows)
        except TypeError:
            raise InvalidInputError(
                f"infer_batch takes several windows, got {type(windows).__name__}"
            ) from None
        asks = [self._asked(session, window) for window in several]
        return [ask() for ask in asks]

    def _asked(self, session: ImpulseSession, window: Any) -> Callable[[], InferenceResult]:
        """A window or an image that is checked and ready to be answered."""
        if self._parameters.is_image and _is_image(window):
            return self._asked_image(session, window, None)
        return partial(session.classify, self._check_window(window), self._debug)

    def infer_image(self, image: Any, *, resize_mode: str | None = None) -> InferenceResult:
        """Answer one image, resized to the model's input.

        Boxes are in pixels of that input; ``result.on_image`` has them on the original image.

        Args:
            image: a path, the bytes of an image file, a Pillow image, or an RGB array of uint8,
                shape (height, width, 3), or (height, width) for grey.
            resize_mode: ``squash``, ``fit-shortest``, ``fit-longest`` or ``none``, in place of the
                model's own; what they do stands in :func:`ei_runner_core.images.resize`.

        Raises:
            InvalidInputError: the image cannot be read, there is no such mode, or the model does
                not take images.
        """
        return self._asked_image(self._use(), image, resize_mode)()

    def _asked_image(
        self, session: ImpulseSession, image: Any, resize_mode: str | None
    ) -> Callable[[], InferenceResult]:
        from . import images

        parameters = self._parameters
        self._check_takes_images()
        width, height = parameters.image_input_width, parameters.image_input_height
        own = getattr(self.impulse, "input", None)
        mode = resize_mode or parameters.image_resize_mode
        kernel = getattr(own, "resize_kernel", "lanczos3")
        anchor = getattr(own, "crop_anchor", "middle-center")
        rgb = images.load_image(image)
        original = rgb.shape[1], rgb.shape[0]
        mapping = images.image_mapping(original, (width, height), mode, anchor)
        pixels = images.resize(rgb, width, height, mode, kernel, anchor)

        def ask() -> InferenceResult:
            from msgspec.structs import replace

            return replace(session.classify_image(pixels, self._debug), image=mapping)

        return ask

    def _check_takes_images(self) -> None:
        if not self._parameters.is_image or self._parameters.image_input_frames != 1:
            what = f"windows of {self.input_size} values" if self.input_size else "tensors"
            raise InvalidInputError(
                f"infer_image needs a model that takes one image, this one takes {what}; call "
                f"{'infer' if self.input_size else 'infer_freeform'}()"
            )

    def infer_continuous(self, slice: npt.ArrayLike) -> InferenceResult:  # noqa: A002 - fixed name
        """Answer the window that ends with this slice of a stream.

        Until a whole window was seen the result says ``ready=False`` and has no parts.

        Args:
            slice: real numbers, shape (parameters.slice_size * axes,) or (slice_size, axes).

        Raises:
            InvalidInputError: wrong length, shape or dtype, NaN or infinity.
        """
        return self._use().classify_continuous(self._check_slice(slice), self._debug)

    def reset(self) -> None:
        """Forget earlier windows and slices: the next one starts a new stream."""
        self._use().reset()

    def infer_freeform(
        self, inputs: npt.ArrayLike | Sequence[npt.ArrayLike] | Mapping[str, npt.ArrayLike]
    ) -> dict[str, npt.NDArray[Any]]:
        """Run a model and return its tensors, whatever they mean.

        Args:
            inputs: for a bare network one array, a sequence with one array for each input, or a
                mapping from the names of the inputs, in their raw dtypes. For an impulse one
                window as for :meth:`infer`.

        Returns:
            All output tensors by name: raw ones of a bare network, dequantised float32 ones of an
            impulse.

        Raises:
            InvalidInputError: an input is missing, unknown, or of a wrong shape or dtype.
        """
        return self._use().freeform(inputs)  # type: ignore[arg-type]

    @property
    def thresholds(self) -> tuple[BlockThresholds, ...]:
        """The values that can be changed while the model runs, as they are now."""
        return self._use().thresholds

    def set_threshold(self, block_id: int, **values: float) -> None:
        """Change values of one block, by the names that :attr:`thresholds` shows.

        Raises:
            InvalidInputError: there is no such block or value; then nothing was changed.
        """
        self._use().set_threshold(block_id, **values)

    def normalize_visual_anomaly(
        self,
        anomaly: float | None,
        max: float,  # noqa: A002 - the protocol's word
        mean: float,
        grid: Iterable[BoundingBox] = (),
    ) -> tuple[float, float, float, tuple[BoundingBox, ...]]:
        """Scale visual anomaly scores so that 1.0 is the model's threshold, clipped to 0..1.

        Args:
            anomaly: the score of the whole image; a model that has none gives ``None``, as 0.
            max: the largest score of the grid.
            mean: the mean score of the grid.
            grid: the cells, as in :class:`VisualAnomaly`.

        Returns:
            The same four, scaled.

        Raises:
            InvalidInputError: the model has no visual anomaly threshold to scale by.
        """
        from msgspec.structs import replace

        limit = self._visual_anomaly_threshold()

        def scaled(score: float) -> float:
            ratio = score / limit
            return 0.0 if ratio < 0 else 1.0 if ratio > 1 else ratio

        cells = tuple(replace(cell, value=scaled(cell.value)) for cell in grid)
        return scaled(anomaly or 0.0), scaled(max), scaled(mean), cells

    def _visual_anomaly_threshold(self) -> float:
        for threshold in self.thresholds:
            limit = threshold.values.get("min_anomaly_score", 0.0)
            if limit > 0:
                return limit
        raise InvalidInputError(
            "the model has no min_anomaly_score above 0 to scale by: it is not a visual anomaly "
            f"model (its model_type is {self.parameters.model_type!r})"
        )

    @property
    def parameters(self) -> ModelParameters:
        """What the model tells about itself, with the thresholds as they are now."""
        from msgspec.structs import replace

        if self._session is None:
            return self._parameters
        return replace(self._parameters, thresholds=self._session.thresholds)

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """The tensors that :meth:`infer_freeform` takes; empty for a model that takes windows."""
        return self._use().inputs

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """The tensors that :meth:`infer_freeform` gives; empty for a model that takes windows."""
        return self._use().outputs

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order of the model's outputs."""
        return self._parameters.labels

    @property
    def sensor_type(self) -> SensorType:
        """The kind of sensor that the model was trained on."""
        return self._parameters.sensor

    @property
    def input_size(self) -> int:
        """The number of values in one window; 0 for a bare network."""
        return self._parameters.input_features_count

    @property
    def impulse(self) -> Impulse | None:
        """The impulse as data, where the backend or the files tell it."""
        return None if self._session is None else self._session.impulse

    @property
    def path(self) -> Path:
        """Where the model lies."""
        return self._source.path

    @property
    def backend_name(self) -> str:
        """The name of the backend that runs the model."""
        return self._selection.spec.name

    @property
    def selection(self) -> Selection:
        """Which backend was chosen, why, and why not the others."""
        return self._selection

    def close(self) -> None:
        """Free all resources. Closing twice is legal; a closed model answers no more."""
        self._session = None
        self._finalizer()

    def __enter__(self) -> Self:
        self._use()
        return self

    def __reduce__(self) -> NoReturn:
        raise InferenceError(
            f"{self!r} cannot be copied or sent to another process: open {str(self.path)!r} there"
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed, " if self._session is None else ""
        return f"<EdgeImpulseModel {str(self.path)!r} ({state}{self.backend_name})>"

    def _use(self) -> ImpulseSession:
        session = self._session
        if session is None or self._pid != os.getpid():
            raise self._unusable()
        return session

    def _unusable(self) -> InferenceError:
        if self._pid != os.getpid():
            return InferenceError(
                f"the model {self.path} was opened in another process (pid {self._pid}, this is "
                f"{os.getpid()}): open it again after the fork"
            )
        return InferenceError(f"the model {self.path} is closed: open it again")


def _is_image(window: Any) -> bool:
    """Whether something is an image as such, and not a window of packed pixels."""
    shape = getattr(window, "shape", None)
    if shape is not None:
        return len(shape) >= 2 and str(getattr(window, "dtype", "")) == "uint8"
    return isinstance(window, (str, bytes, os.PathLike)) or hasattr(window, "convert")


def _close(session: ImpulseSession, pid: int) -> None:
    """Close a session, unless a fork copied it: then it is the parent's."""
    if pid == os.getpid():
        session.close()
