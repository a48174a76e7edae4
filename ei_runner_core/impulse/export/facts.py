"""The impulses of an export, as the fields of their struct.

Before 2023 there is no such struct: macros and fixed names say the same, and are given the names
of its fields here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import InvalidInputError, ModelFormatError
from .expressions import MAX_WHOLE
from .numbers import whole
from .source import Source
from .values import Reference

__all__ = ["Facts", "choose", "impulses"]

Facts = Mapping[str, Any]

_ORDER = ("project_id", "project_owner", "project_name")
_MACROS = {
    field: f"EI_CLASSIFIER_{suffix}"
    for field, suffix in {
        "project_id": "PROJECT_ID",
        "project_owner": "PROJECT_OWNER",
        "project_name": "PROJECT_NAME",
        "deploy_version": "PROJECT_DEPLOY_VERSION",
        "raw_sample_count": "RAW_SAMPLE_COUNT",
        "raw_samples_per_frame": "RAW_SAMPLES_PER_FRAME",
        "input_width": "INPUT_WIDTH",
        "input_height": "INPUT_HEIGHT",
        "input_frames": "INPUT_FRAMES",
        "interval_ms": "INTERVAL_MS",
        "frequency": "FREQUENCY",
        "sensor": "SENSOR",
        "fusion_string": "FUSION_AXES_STRING",
        "slices_per_model_window": "SLICES_PER_MODEL_WINDOW",
        "has_anomaly": "HAS_ANOMALY",
        "label_count": "LABEL_COUNT",
        "inferencing_engine": "INFERENCING_ENGINE",
        "compiled": "COMPILED",
        "object_detection": "OBJECT_DETECTION",
        "object_detection_count": "OBJECT_DETECTION_COUNT",
        "object_detection_threshold": "OBJECT_DETECTION_THRESHOLD",
        "object_detection_last_layer": "OBJECT_DETECTION_LAST_LAYER",
        "tflite_output_features_count": "NN_OUTPUT_COUNT",
        "tflite_output_data_tensor": "TFLITE_OUTPUT_DATA_TENSOR",
        "tflite_output_labels_tensor": "TFLITE_OUTPUT_LABELS_TENSOR",
        "tflite_output_score_tensor": "TFLITE_OUTPUT_SCORE_TENSOR",
        "tflite_output_quantized": "TFLITE_OUTPUT_QUANTIZED",
        "tflite_output_scale": "TFLITE_OUTPUT_SCALE",
        "tflite_output_zeropoint": "TFLITE_OUTPUT_ZEROPOINT",
    }.items()
}
# the blocks of these are fixed in the chip, and listed nowhere
_SYNTIANT = ("ei_dsp_config_audio_syntiant_t", "ei_dsp_config_imu_syntiant_t")
_NAMES = {
    "categories": "ei_classifier_inferencing_categories",
    "dsp_blocks": "ei_dsp_blocks",
    "calibration": "ei_calibration",
    "tflite_file": "trained_tflite",
}


def impulses(source: Source) -> dict[str, Facts]:
    """The fields of each impulse, by the name of its variable."""
    found: dict[str, Facts] = {}
    for variable in source.of_type("ei_impulse_t"):
        if variable.value is not None and variable.value.type == "initializer_list":
            found[variable.name] = source.struct(
                Reference(variable.name), f"the impulse {variable.name}", _ORDER
            )
    return found or {"": _from_macros(source)}


def _from_macros(source: Source) -> Facts:
    macros = {name: source.macro(macro) for name, macro in _MACROS.items()}
    if macros["raw_sample_count"] is None:
        raise ModelFormatError(
            "model_metadata.h says nothing about an impulse (there is neither an ei_impulse_t nor "
            "EI_CLASSIFIER_RAW_SAMPLE_COUNT); is the export complete?"
        )
    missing = "ei_impulse_t" if "EI_STUDIO_VERSION_MAJOR" in source.macros else "ei_dsp_blocks"
    if missing not in source and not any(source.of_type(*_SYNTIANT)):
        raise ModelFormatError(f"the headers hold no {missing}; is the export complete?")
    if source.macro("EI_CLASSIFIER_OBJECT_DETECTION_CONSTRAINED") == 1:
        macros["object_detection_last_layer"] = Reference("EI_CLASSIFIER_LAST_LAYER_FOMO")
    names = {field: Reference(name) for field, name in _NAMES.items() if name in source}
    return {name: value for name, value in macros.items() if value is not None} | names


def described(name: str, facts: Facts) -> dict[str, Any]:
    """What tells an impulse from the others: its variable, id, name and project."""
    return {
        "variable": name,
        "id": whole(facts, "impulse_id", 0) or None,
        "name": str(facts.get("impulse_name") or ""),
        "project": str(facts.get("project_name") or ""),
        "project_id": whole(facts, "project_id", 0) or None,
    }


def choose(source: Source, found: dict[str, Facts], wanted: str | int | None) -> Facts:
    """The impulse that is asked for, or the only one.

    Raises:
        ModelFormatError: there are several and none was asked for.
        InvalidInputError: none is of that id or name, or several are.
    """
    fitting = [
        name for name, facts in found.items() if wanted is None or _fits(name, facts, wanted)
    ]
    if len(fitting) == 1:
        return found[fitting[0]]
    shown = "; ".join(_line(described(name, facts)) for name, facts in found.items())
    if wanted is not None:
        problem = f"{len(fitting)} impulses" if fitting else "no impulse"
        named = repr(_text(wanted)[:80])
        raise InvalidInputError(f"{problem} {named} in the export; it holds: {shown}")
    default = source.value("ei_default_impulse")
    handled = source.value(default.name) if isinstance(default, Reference) else default
    hint = f" (its own default is {handled.name})" if isinstance(handled, Reference) else ""
    raise ModelFormatError(
        f"the export holds {len(found)} impulses{hint}: {shown}; "
        "choose one by its variable, name or a number with impulse= (--impulse)"
    )


def _fits(name: str, facts: Facts, wanted: str | int) -> bool:
    """What an impulse is not called fits nothing, nor does an empty choice."""
    about = described(name, facts)
    short = str(about["variable"]).removeprefix("impulse_")
    called = {str(value) for value in (short, *about.values()) if value not in (None, "")}
    return _text(wanted) in called


def _text(wanted: str | int) -> str:
    """A choice in words; no impulse has a number that Python does not write out."""
    return "a huge number" if isinstance(wanted, int) and abs(wanted) > MAX_WHOLE else str(wanted)


def _line(about: dict[str, Any]) -> str:
    named = about["name"] or about["project"]
    numbers = (("id", about["id"]), ("project", about["project_id"]))
    told = "".join(f", {what} {number}" for what, number in numbers if number is not None)
    return f"{about['variable'] or 'the impulse'} ({named!r}{told})"
