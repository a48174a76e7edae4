"""ei-runner: run any Edge Impulse model on any engine, with the same answers.

The public names of the library live here. They are imported on first use, so that importing the
package costs next to nothing.
"""

import sys

from ._version import __version__

TYPE_CHECKING = False  # type checkers know the name; importing typing would cost milliseconds
if TYPE_CHECKING:
    from .contract import (
        API_VERSION,
        UNLABELED,
        BackendSpec,
        BlockContext,
        ImpulseBackend,
        ImpulseSession,
        Label,
        LabeledBox,
        LabelSpan,
        ModelSource,
        Network,
        Preprocessor,
        PreprocessorSpec,
        Receipt,
        Sample,
        Session,
        Support,
        TensorBackend,
        TensorSession,
        TensorSpec,
        Unlabeled,
        Uploader,
        UploaderSpec,
    )
    from .errors import (
        BackendNotFoundError,
        BackendUnavailableError,
        BuildError,
        DeadlineError,
        EdgeImpulseError,
        InferenceError,
        IngestionError,
        InvalidInputError,
        ModelFormatError,
        ModelNotFoundError,
        PluginError,
        ProcessDiedError,
        StudioError,
        UnsupportedModelError,
    )
    from .hookspecs import hookimpl
    from .impulse import Impulse
    from .model import EdgeImpulseModel
    from .parameters import (
        AnomalyType,
        BlockThresholds,
        Engine,
        ModelParameters,
        ProjectInfo,
        SensorType,
        SharedMemoryInfo,
    )
    from .results import (
        BoundingBox,
        InferenceResult,
        ResultParts,
        Timing,
        TrackedObject,
        VisualAnomaly,
    )
    from .selection import Selection

_HOMES = {
    "contract": (
        "API_VERSION", "BackendSpec", "BlockContext", "ImpulseBackend", "ImpulseSession", "Label",
        "LabelSpan", "LabeledBox", "ModelSource", "Network", "Preprocessor", "PreprocessorSpec",
        "Receipt", "Sample", "Session", "Support", "TensorBackend", "TensorSession", "TensorSpec",
        "UNLABELED", "Unlabeled", "Uploader", "UploaderSpec",
    ),
    "errors": (
        "BackendNotFoundError", "BackendUnavailableError", "BuildError", "DeadlineError",
        "EdgeImpulseError", "InferenceError", "IngestionError", "InvalidInputError",
        "ModelFormatError", "ModelNotFoundError", "PluginError", "ProcessDiedError",
        "StudioError", "UnsupportedModelError",
    ),
    "hookspecs": ("hookimpl",),
    "impulse": ("Impulse",),
    "model": ("EdgeImpulseModel",),
    "parameters": (
        "AnomalyType", "BlockThresholds", "Engine", "ModelParameters", "ProjectInfo",
        "SensorType", "SharedMemoryInfo",
    ),
    "results": (
        "BoundingBox", "InferenceResult", "ResultParts", "Timing", "TrackedObject",
        "VisualAnomaly",
    ),
    "selection": ("Selection",),
}  # fmt: skip
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "API_VERSION",
    "AnomalyType",
    "BackendNotFoundError",
    "BackendSpec",
    "BackendUnavailableError",
    "BlockContext",
    "BlockThresholds",
    "BoundingBox",
    "BuildError",
    "DeadlineError",
    "EdgeImpulseError",
    "EdgeImpulseModel",
    "Engine",
    "Impulse",
    "ImpulseBackend",
    "ImpulseSession",
    "InferenceError",
    "InferenceResult",
    "IngestionError",
    "InvalidInputError",
    "Label",
    "LabelSpan",
    "LabeledBox",
    "ModelFormatError",
    "ModelNotFoundError",
    "ModelParameters",
    "ModelSource",
    "Network",
    "PluginError",
    "Preprocessor",
    "PreprocessorSpec",
    "ProcessDiedError",
    "ProjectInfo",
    "Receipt",
    "ResultParts",
    "Sample",
    "Selection",
    "SensorType",
    "Session",
    "SharedMemoryInfo",
    "StudioError",
    "Support",
    "TensorBackend",
    "TensorSession",
    "TensorSpec",
    "Timing",
    "TrackedObject",
    "UNLABELED",
    "Unlabeled",
    "UnsupportedModelError",
    "Uploader",
    "UploaderSpec",
    "VisualAnomaly",
    "__version__",
    "hookimpl",
]


def __getattr__(name: str) -> object:
    module = _HOME_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    path = f"{__name__}.{module}"
    __import__(path)
    value: object = getattr(sys.modules[path], name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
