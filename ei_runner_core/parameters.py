"""What a model tells about itself: the fields of the EIM protocol's hello reply, typed."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from msgspec import Struct

__all__ = [
    "AnomalyType",
    "BlockThresholds",
    "Engine",
    "ModelParameters",
    "ProjectInfo",
    "SensorType",
    "SharedMemoryInfo",
]


class SensorType(IntEnum):
    """The kind of sensor that a model was trained on, by the code of the EIM protocol."""

    UNKNOWN = -1
    MICROPHONE = 1
    ACCELEROMETER = 2
    CAMERA = 3
    POSITIONAL = 4
    ENVIRONMENTAL = 5
    FUSION = 6

    @classmethod
    def _missing_(cls, value: object) -> SensorType:  # noqa: ARG003 - the enum's interface
        return cls.UNKNOWN  # 255 is what newer exports write, and new codes may come


class AnomalyType(IntEnum):
    """How a model finds anomalies, by the code of the EIM protocol."""

    NONE = 0
    KMEANS = 1
    GMM = 2
    VISUAL_GMM = 3
    VISUAL_PATCHCORE = 4
    CUSTOM = 5
    VISUAL_CUSTOM = 6

    @property
    def is_visual(self) -> bool:
        """Whether the scores form a grid over an image."""
        return self in (self.VISUAL_GMM, self.VISUAL_PATCHCORE, self.VISUAL_CUSTOM)


class Engine(IntEnum):
    """The engine that an export was made for, by the code of the C++ SDK."""

    NONE = 255
    UTENSOR = 1
    TFLITE = 2
    CUBEAI = 3
    TFLITE_FULL = 4
    TENSAIFLOW = 5
    TENSORRT = 6
    DRPAI = 7
    TFLITE_TIDL = 8
    AKIDA = 9
    SYNTIANT = 10
    ONNX_TIDL = 11
    MEMRYX = 12
    ETHOS_LINUX = 13
    ATON = 14
    CEVA_NPN = 15
    NORDIC_AXON = 16
    VLM_CONNECTOR = 17

    @classmethod
    def _missing_(cls, value: object) -> Engine:  # noqa: ARG003 - the enum's interface
        return cls.NONE


class ProjectInfo(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Edge Impulse project that a model comes from."""

    id: int = 0
    owner: str = ""
    name: str = ""
    deploy_version: int = 0
    impulse_id: int | None = None
    impulse_name: str | None = None


class SharedMemoryInfo(Struct, frozen=True, kw_only=True):
    """A shared-memory segment that an ``.eim`` process offers."""

    name: str
    size_bytes: int
    type: str = "float32"
    elements: int = 0
    index: int | None = None


class BlockThresholds(Struct, frozen=True):
    """The values of one block that can be changed while the model runs, by their protocol keys."""

    id: int
    type: str
    values: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """One entry of the protocol's ``thresholds`` list."""
        return {"id": self.id, "type": self.type, **self.values}


class ModelParameters(Struct, frozen=True, kw_only=True):
    """Every field of the hello reply of the EIM protocol, for a model on any backend.

    ``input_features_count`` is the length of one window with all axes (an image counts one value
    a pixel), ``frequency`` is in Hz, ``interval_ms`` in milliseconds, ``slice_size`` is the length
    of a slice in samples *per axis*. What the model does not tell keeps its default.
    """

    input_features_count: int = 0
    sensor: SensorType = SensorType.UNKNOWN
    frequency: float = 0.0
    interval_ms: float = 0.0
    axis_count: int = 1
    image_input_width: int = 0
    image_input_height: int = 0
    image_input_frames: int = 1
    image_channel_count: int = 0
    image_resize_mode: str = "unknown"
    labels: tuple[str, ...] = ()
    has_anomaly: AnomalyType = AnomalyType.NONE
    has_object_tracking: bool = False
    has_performance_calibration: bool = False
    model_type: str = "classification"
    slice_size: int = 0
    use_continuous_mode: bool = False
    inferencing_engine: Engine = Engine.NONE
    engine_properties: tuple[str, ...] = ()
    thresholds: tuple[BlockThresholds, ...] = ()
    vlm_model_download_url: str | None = None
    project: ProjectInfo = ProjectInfo()
    features_shm: SharedMemoryInfo | None = None
    features_shm_error: str | None = None
    freeform_output_shm: tuple[SharedMemoryInfo, ...] = ()

    @property
    def label_count(self) -> int:
        """The number of labels."""
        return len(self.labels)

    @property
    def is_image(self) -> bool:
        """Whether the model looks at images."""
        return self.image_input_width > 0 and self.image_input_height > 0

    def to_dict(self) -> dict[str, Any]:
        """The hello reply without ``id`` and ``success``, ready for JSON."""
        model = {name: _plain(getattr(self, name)) for name in _MODEL_FIELDS}
        model["label_count"] = self.label_count
        model["thresholds"] = [threshold.to_dict() for threshold in self.thresholds]
        if self.vlm_model_download_url is not None:
            model["vlm_model_download_url"] = self.vlm_model_download_url
        engine = {
            "engine_type": int(self.inferencing_engine),
            "properties": list(self.engine_properties),
        }
        reply: dict[str, Any] = {
            "project": _fields(self.project),
            "model_parameters": model,
            "inferencing_engine": engine,
        }
        if self.features_shm is not None:
            reply["features_shm"] = _fields(self.features_shm)
        if self.features_shm_error is not None:
            reply["features_shm_error"] = self.features_shm_error
        if self.freeform_output_shm:
            reply["freeform_output_shm"] = [_fields(shm) for shm in self.freeform_output_shm]
        return reply

    @classmethod
    def from_dict(cls, reply: Mapping[str, Any]) -> ModelParameters:
        """Read a hello reply of any generation; what is missing or unknown gets its default."""
        model = dict(reply.get("model_parameters", {}))
        engine = reply.get("inferencing_engine") or {}
        segment = reply.get("features_shm")
        known = {name: model[name] for name in _MODEL_FIELDS if model.get(name) is not None}
        known |= {
            name: float(known[name]) for name in ("frequency", "interval_ms") if name in known
        }
        known |= {
            "sensor": SensorType(int(model.get("sensor", -1))),
            "labels": tuple(model.get("labels") or ()),
            "has_anomaly": _anomaly_type(model.get("has_anomaly", 0)),
            "inferencing_engine": Engine(
                int(model.get("inferencing_engine") or engine.get("engine_type") or Engine.NONE)
            ),
            "engine_properties": tuple(engine.get("properties", ())),
        }
        return cls(
            **known,
            thresholds=tuple(map(_block_thresholds, model.get("thresholds") or ())),
            vlm_model_download_url=model.get("vlm_model_download_url"),
            project=_known_fields(ProjectInfo, reply.get("project", {})),
            features_shm=_known_fields(SharedMemoryInfo, segment) if segment else None,
            features_shm_error=reply.get("features_shm_error"),
            freeform_output_shm=tuple(
                _known_fields(SharedMemoryInfo, row) for row in reply.get("freeform_output_shm", ())
            ),
        )


_BESIDE_THE_MODEL = {
    "engine_properties",
    "thresholds",
    "vlm_model_download_url",
    "project",
    "features_shm",
    "features_shm_error",
    "freeform_output_shm",
}
_REAL_FIELDS = ("frequency", "interval_ms")
_MODEL_FIELDS = tuple(n for n in ModelParameters.__struct_fields__ if n not in _BESIDE_THE_MODEL)


def _plain(value: Any) -> Any:
    if isinstance(value, IntEnum):
        return int(value)
    return list(value) if isinstance(value, tuple) else value


def _fields(struct: Struct) -> dict[str, Any]:
    pairs = ((name, getattr(struct, name)) for name in struct.__struct_fields__)
    return {name: value for name, value in pairs if value is not None}


def _known_fields(struct_type: type[Any], data: Mapping[str, Any]) -> Any:
    return struct_type(**{k: v for k, v in data.items() if k in struct_type.__struct_fields__})


def _anomaly_type(value: float) -> AnomalyType:
    try:
        return AnomalyType(int(value))  # old clients and runners send a bool or a float
    except ValueError:
        return AnomalyType.CUSTOM


def _block_thresholds(row: Mapping[str, Any]) -> BlockThresholds:
    values = {k: v for k, v in row.items() if k not in ("id", "type")}
    return BlockThresholds(int(row["id"]), str(row.get("type", "unknown")), values)
