"""Signal-processing blocks: what stands in their row, their config and their normalisation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...errors import ModelFormatError, UnsupportedModelError
from ..tree import DspBlock, Normalization
from .facts import Facts
from .numbers import as_whole, reals, whole, wholes
from .sdk import DSP_FIELDS, DSP_HEADS, STRUCTS
from .source import Source
from .values import Aggregate, Reference

__all__ = ["read_dsp_blocks"]

# of every config; the tree has fields for them
_COMMON = {
    "block_id", "implementation_version", "axes", "named_axes", "named_axes_size"
}  # fmt: skip
_TYPES = {"audio_syntiant": "audio-syntiant", "imu_syntiant": "imu-syntiant"}


def read_dsp_blocks(source: Source, facts: Facts) -> tuple[DspBlock, ...]:
    """The blocks in the order in which their features stand."""
    axis_count = whole(facts, "raw_samples_per_frame", 1)
    rows = source.array(facts.get("dsp_blocks"), "the list of DSP blocks")
    return tuple(_block(source, _row(source, row), axis_count) for row in rows)


def _row(source: Source, value: Any) -> Mapping[str, Any]:
    """The fields of a row; before 2024 it has no block id, and before 2021 no axes."""
    row = source.aggregate(value, "a DSP block")
    if row is None:
        raise ModelFormatError("a DSP block is a null pointer; is the export complete?")
    names = STRUCTS["ei_model_dsp_t"]
    function = next((i for i, item in enumerate(row.items) if isinstance(item, Reference)), 2)
    skipped = max(names.index("extract_fn") - function, 0)
    return dict(zip(names[skipped:], row.items, strict=False)) | row.fields


def _block(source: Source, row: Mapping[str, Any], axis_count: int) -> DspBlock:
    function, config = row.get("extract_fn"), row.get("config")
    if not isinstance(function, Reference):
        raise ModelFormatError("a DSP block names no function; is the export damaged?")
    what = f"the DSP block {function.name}"
    kind = _type(function.name)
    fields = source.struct(config, what, _known_fields(source, config, kind))
    number = row.get("blockId", fields.get("block_id", _number_in(config)))
    outputs = whole(row, "n_output_features")
    return DspBlock(
        id=as_whole(number, f"the id of {what}"),
        type=kind,
        outputs=outputs,
        version=max(whole(fields, "implementation_version", 1), 1),
        axes=_axes(source, row, axis_count),
        config={name: _scalar(v) for name, v in fields.items() if name not in _COMMON},
        normalization=_normalization(source, row.get("data_normalization_config"), what),
    )


def _type(function: str) -> str:
    name = function.removeprefix("extract_").removesuffix("_features")
    return _TYPES.get(name, name)


def _number_in(config: Any) -> int:
    match = re.search(r"(\d{1,9})$", config.name) if isinstance(config, Reference) else None
    return int(match[1]) if match else 1


def _axes(source: Source, row: Mapping[str, Any], axis_count: int) -> tuple[int, ...] | None:
    """As in the SDK, a list as long as the window has axes means all of them in their order."""
    axes = wholes(source.array(row.get("axes"), "the axes of a DSP block"), "an axis")
    size = row.get("axes_size")
    if isinstance(size, int) and size != len(axes):
        raise ModelFormatError(
            f"a DSP block declares {size} axes and lists {len(axes)}; is the export damaged?"
        )
    return None if len(axes) in (0, axis_count) else axes


def _scalar(value: Any) -> bool | int | float | str | None:
    if isinstance(value, Reference):
        return value.name
    return None if isinstance(value, Aggregate) else value


def _known_fields(source: Source, config: Any, kind: str) -> tuple[str, ...]:
    """The names of the fields, for exports that do not declare the struct.

    The comments behind the values give them, else the order of today's exports; the settings of
    a block that is not known here are numbered.
    """
    found = source.aggregate(config, f"the {kind} block")
    count = len(found.items) if found is not None else 0
    comments = source.comments(config)
    if len(comments) == count:
        return tuple(_named_by(comment) for comment in comments)
    settings = DSP_FIELDS.get(kind, ())
    head = DSP_HEADS.get(count - len(settings), ()) if settings else DSP_HEADS[3]
    unknown = (f"setting_{i}" for i in range(len(head) + len(settings), count))
    return (*head, *settings, *unknown)


def _named_by(comment: str) -> str:
    comment = comment.strip("/* \t")
    known = {
        "uint32_t blockId": "block_id",
        "int implementationVersion": "implementation_version",
        "int length of axes": "axes",
        "named axes": "named_axes",
        "size of the named axes array": "named_axes_size",
    }
    return known.get(comment) or comment.rpartition(" ")[2].replace("-", "_")


def _normalization(source: Source, value: Any, what: str) -> Normalization | None:
    if value is None:
        return None
    what = f"the normalisation of {what}"
    outer = source.struct(value, what, STRUCTS["ei_data_normalization_t"])
    method = outer.get("method")
    if method in (0, Reference("DATA_NORMALIZATION_METHOD_NONE")):
        return None
    if method not in (1, Reference("DATA_NORMALIZATION_METHOD_STANDARD_SCALER")):
        raise UnsupportedModelError(
            f"{what} is of the method {method}, only the standard scaler is known here; "
            "use the eim or sdk-ffi backend"
        )
    inner = source.struct(
        outer.get("config"), what, STRUCTS["ei_data_normalization_standard_scaler_config_t"]
    )
    mean, scale = (source.array(inner.get(name), what) for name in ("mean_data", "scale_data"))
    return Normalization(mean=reals(mean, what), scale=reals(scale, what))
