"""The one class that users hold."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn

from .errors import InferenceError, InvalidInputError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt
    from typing_extensions import Self

    from .contract import ImpulseSession, TensorSpec
    from .impulse import Impulse
    from .parameters import BlockThresholds, ModelParameters, SensorType
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
        source: path of a bundle (folder or zip), an export, an ``.eim`` or a network file, or the
            name of an installed model. ``None`` looks at ``EI_MODEL`` and then into ``./model``.
        backend: name of the backend to use. ``None`` looks at ``EI_BACKEND`` and then takes the
            first installed one that can open the model.
        options: options of that backend, by name.
        debug: log every inference to the logger ``ei_runner_core`` at level DEBUG.

    Raises:
        ModelNotFoundError: there is no model.
        ModelFormatError: the model is damaged or contradicts itself.
        UnsupportedModelError: the backend lacks something that the model needs.
        BackendNotFoundError: no such backend is installed, or none opens the model.
        BackendUnavailableError: the backend is there, but cannot be used.
        PluginError: the backend breaks the contract, or two distributions bring a model of this
            name.
        InvalidInputError: an argument or an option is unknown, or of a wrong type or value.
    """

    def __init__(
        self,
        source: str | os.PathLike[str] | None = None,
        *,
        backend: str | None = None,
        options: Mapping[str, Any] | None = None,
        debug: bool = False,
    ) -> None:
        from .opening import open_model
        from .windows import window_check

        opened = open_model(source, backend, options)
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

    def infer_batch(self, windows: Iterable[npt.ArrayLike]) -> list[InferenceResult]:
        """Answer several windows, in order; all are checked before the first one runs.

        Args:
            windows: as for :meth:`infer`, for example an array of shape (n, input_size).
        """
        session = self._use()
        try:
            several = list(windows)
        except TypeError:
            raise InvalidInputError(
                f"infer_batch takes several windows, got {type(windows).__name__}"
            ) from None
        checked = [self._check_window(window) for window in several]
        return [session.classify(window, self._debug) for window in checked]

    def infer_image(self, image: Any) -> InferenceResult:
        """Answer one image, resized to the model's input.

        Args:
            image: a path, the bytes of an image file, a Pillow image, or an RGB array of uint8,
                shape (height, width, 3), or (height, width) for grey.

        Raises:
            InvalidInputError: the image cannot be read, or the model does not take images.
            UnsupportedModelError: the image has another size, and the model's way to resize it is
                not implemented.
        """
        session = self._use()
        parameters = self._parameters
        if not parameters.is_image or parameters.image_input_frames != 1:
            what = f"windows of {self.input_size} values" if self.input_size else "tensors"
            raise InvalidInputError(
                f"infer_image needs a model that takes one image, this one takes {what}; call "
                f"{'infer' if self.input_size else 'infer_freeform'}()"
            )
        from . import images

        width, height = parameters.image_input_width, parameters.image_input_height
        kernel = getattr(getattr(self.impulse, "input", None), "resize_kernel", "lanczos3")
        rgb = images.load_image(image)
        rgb = images.resize(rgb, width, height, parameters.image_resize_mode, kernel)
        return session.classify(images.pack(rgb), self._debug)

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
        anomaly: float,
        max: float,  # noqa: A002 - the protocol's word
        mean: float,
        grid: Iterable[BoundingBox] = (),
    ) -> tuple[float, float, float, tuple[BoundingBox, ...]]:
        """Scale visual anomaly scores so that 1.0 is the model's threshold, clipped to 0..1.

        Args:
            anomaly: the score of the whole image.
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
        return scaled(anomaly), scaled(max), scaled(mean), cells

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


def _close(session: ImpulseSession, pid: int) -> None:
    """Close a session, unless a fork copied it: then it is the parent's."""
    if pid == os.getpid():
        session.close()
