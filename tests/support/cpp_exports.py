"""C++ library exports as each generation of Studio wrote them, rendered from an impulse.

The texts are our own and hold no more than what tells the generations apart.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from ei_runner_core.impulse import (
    DspBlock,
    GmmBlock,
    ImageInput,
    Impulse,
    KMeansBlock,
    LearnBlock,
    NetworkBlock,
    PostProcessingBlock,
    TimeSeriesInput,
)
from ei_runner_core.parameters import AnomalyType, ProjectInfo, SensorType

Files = dict[str, bytes]


@dataclass(frozen=True)
class Era:
    """What a generation of headers has."""

    name: str
    project: bool = True
    versions: bool = True
    axes: bool = True
    fusion: bool = True
    impulse_struct: bool = True
    block_ids: bool = True
    row_fields: int = 6  # of a learn block
    suffixed: bool = False
    impulse_ids: bool = False
    postprocessing: bool = False
    incbin: bool = False
    named_axes: bool = False
    handle: bool = False


ERAS = {
    era.name: era
    for era in (
        Era("2020", project=False, versions=False, axes=False, fusion=False,
            impulse_struct=False, block_ids=False),
        Era("2021", axes=False, fusion=False, impulse_struct=False, block_ids=False),
        Era("2022", impulse_struct=False, block_ids=False),
        Era("2023-04", row_fields=2),
        Era("2023-08", row_fields=3),
        Era("2024", row_fields=8, impulse_ids=True, handle=True),
        Era("2025", suffixed=True, impulse_ids=True, postprocessing=True, incbin=True,
            named_axes=True, handle=True),
        Era("2026", suffixed=True, impulse_ids=True, postprocessing=True, incbin=True,
            named_axes=True, handle=True),
    )
}  # fmt: skip

_COMMENTS = {
    "block_id": "uint32_t blockId",
    "implementation_version": "int implementationVersion",
    "axes": "int length of axes",
}
_AUDIO_OR_IMAGE = {"image", "mfe", "mfcc", "spectrogram"}


def as_written_in(era: Era, impulse: Impulse) -> Impulse:
    """The impulse with what a generation of headers cannot say set to what reading it gives."""
    learn = tuple(_block_in(era, i, block, impulse) for i, block in enumerate(impulse.learn))
    ids = {old.id: new.id for old, new in zip(impulse.learn, learn, strict=True)}
    steps = tuple(
        replace(step, id=ids.get(step.id, step.id), input=ids.get(step.input))
        for step in impulse.postprocessing
    )
    project = impulse.project if era.project else ProjectInfo()
    if not era.impulse_ids:
        project = replace(project, impulse_id=None, impulse_name=None)
    name = project.impulse_name or project.name
    written = replace(impulse, learn=learn, postprocessing=steps, project=project, name=name)
    if isinstance(impulse.input, TimeSeriesInput) and not era.fusion:
        axes = tuple(f"axis {i}" for i in range(len(impulse.input.axes)))
        written = replace(written, input=replace(impulse.input, axes=axes))
    if not era.versions:
        written = replace(written, dsp=tuple(replace(block, version=1) for block in written.dsp))
    return written


def _block_in(era: Era, position: int, block: LearnBlock, impulse: Impulse) -> LearnBlock:
    if not era.impulse_struct:
        block = replace(block, id=position, inputs=tuple(b.id for b in impulse.dsp))
    if isinstance(block, NetworkBlock) and block.files:
        return replace(block, files=(f"{symbol(era, block, impulse)}.tflite",))
    if isinstance(block, GmmBlock) and block.files:
        return replace(block, files=(f"{symbol(era, block, impulse)}.tflite",))
    return block


def symbol(era: Era, block: LearnBlock, impulse: Impulse) -> str:
    """The name of a network's bytes."""
    if not era.impulse_struct:
        return "trained_tflite"
    project = f"{impulse.project.id}_" if era.suffixed else ""
    return f"tflite_learn_{project}{block.id}"


def render(era: Era, impulse: Impulse, networks: Mapping[int, bytes]) -> Files:
    """The files of an export; ``networks`` holds bytes by the id of the learn block."""
    headers = {"model_metadata.h": _metadata(era, impulse)}
    files: Files = {}
    includes = ""
    for position, block in enumerate(impulse.learn):
        if block.id in networks:
            name = symbol(era, _block_in(era, position, block, impulse), impulse)
            stem = name if era.impulse_struct else "tflite-trained"
            includes += f'#include "tflite-model/{stem}.h"\n'
            files |= _network_files(era, stem, name, networks[block.id])
    if era.impulse_struct:
        headers["model_variables.h"] = _guarded(includes + variables(era, impulse))
    else:
        headers |= _legacy_headers(era, impulse)
    return files | {f"model-parameters/{n}": text.encode() for n, text in headers.items()}


def write(files: Files, folder: Path) -> Path:
    """Put files below a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def literal(value: Any) -> str:
    """A value as the generator of Studio writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return f"{value!r}f" if isinstance(value, float) else str(value)


def variables(era: Era, impulse: Impulse) -> str:
    """The impulse struct with everything it points to."""
    tail = _tail(era, impulse)
    categories = f"ei_classifier_inferencing_categories{tail}"
    parts = [
        f"const char* {categories}[] = {{ {', '.join(map(literal, impulse.labels))} }};\n",
        *(_dsp_config(era, block, impulse) for block in impulse.dsp),
        _dsp_rows(era, impulse),
        *(_learn_config(era, block, impulse) for block in impulse.learn),
        _learn_rows(era, impulse),
    ]
    if era.postprocessing:
        parts.append(_postprocessing(era, impulse))
    parts.append(_impulse_struct(era, impulse, categories))
    return "\n".join(parts)


def _tail(era: Era, impulse: Impulse, block: int | None = None) -> str:
    if not era.suffixed:
        return "" if block is None else f"_{block}"
    return f"_{impulse.project.id}_{impulse.project.impulse_id if block is None else block}"


def _guarded(text: str) -> str:
    guard = f"_EI_CLASSIFIER_{sum(text.encode())}_H_"
    return (
        "/* Generated\n * for tests: #define EI_NOT_A_MACRO 1\n */\n"
        f'#ifndef {guard}\n#define {guard}\n#include <stdint.h>\n#include "model_metadata.h"\n'
        f"{text}\n#endif // {guard}\n"
    )


def _code(kind: type, word: str) -> int:
    return int(kind[word.upper().replace("-", "_")])


def _metadata(era: Era, impulse: Impulse) -> str:
    macros: dict[str, str] = {}
    series = impulse.input
    image = series if isinstance(series, ImageInput) else None
    if era.project:
        macros["PROJECT_ID"] = str(impulse.project.id)
        macros["PROJECT_OWNER"] = literal(impulse.project.owner)
        macros["PROJECT_NAME"] = literal(impulse.project.name)
        macros["PROJECT_DEPLOY_VERSION"] = str(impulse.project.deploy_version)
    samples = image.width * image.height if image else series.samples
    macros |= {
        "RAW_SAMPLE_COUNT": str(samples),
        "RAW_SAMPLES_PER_FRAME": str(1 if image else len(series.axes)),
        "DSP_INPUT_FRAME_SIZE": "(EI_CLASSIFIER_RAW_SAMPLE_COUNT * "
        "EI_CLASSIFIER_RAW_SAMPLES_PER_FRAME)",
        "INPUT_WIDTH": str(image.width if image else 0),
        "INPUT_HEIGHT": str(image.height if image else 0),
        "FREQUENCY": "0" if image else f"{series.frequency:g}",
        "LABEL_COUNT": str(len(impulse.labels)),
        "HAS_ANOMALY": str(_code(AnomalyType, impulse.anomaly)),
        "TFLITE": "2",
        "NONE": "255",
        "INFERENCING_ENGINE": f"EI_CLASSIFIER_{impulse.engine.upper()}",
        "SENSOR_OF_IT": "(3 - 0)" if image else f"({_code(SensorType, series.sensor)})",
        "SENSOR": "EI_CLASSIFIER_SENSOR_OF_IT",
    }
    if any(isinstance(b, NetworkBlock) and not b.files for b in impulse.learn):
        macros["COMPILED"] = "1"
    if era.fusion and not image:
        macros["FUSION_AXES_STRING"] = literal(" + ".join(series.axes))
    if image and image.resize_mode != "squash":
        mode = image.resize_mode.upper().replace("-", "_")
        macros["RESIZE_MODE"] = f"EI_CLASSIFIER_RESIZE_{mode}"
    if not era.impulse_struct:
        macros |= _legacy_detection(impulse)
    lines = [f"#define EI_CLASSIFIER_{name:40} {value}" for name, value in macros.items()]
    slices = 4 if image else series.slices_per_window
    lines += [
        "#ifndef EI_CLASSIFIER_SLICES_PER_MODEL_WINDOW",
        f"#define EI_CLASSIFIER_SLICES_PER_MODEL_WINDOW {slices}",
        "#endif // EI_CLASSIFIER_SLICES_PER_MODEL_WINDOW",
        "#if (EI_CLASSIFIER_INFERENCING_ENGINE == EI_CLASSIFIER_TFLITE) && \\",
        "    EI_CLASSIFIER_USE_FULL_TFLITE == 1",
        "#undef EI_CLASSIFIER_INFERENCING_ENGINE",
        "#define EI_CLASSIFIER_INFERENCING_ENGINE 4",
        '#error "not here"',
        "#endif",
    ]
    return _guarded("\n".join(lines) + "\n" + "".join(_typedefs(era, impulse)))


def _legacy_detection(impulse: Impulse) -> dict[str, str]:
    for step in impulse.postprocessing:
        if "object_detection_count" in step.config:
            return {
                "OBJECT_DETECTION": "1",
                "OBJECT_DETECTION_COUNT": str(step.config["object_detection_count"]),
                "OBJECT_DETECTION_THRESHOLD": str(step.config["threshold"]),
                "OBJECT_DETECTION_LAST_LAYER": f"EI_CLASSIFIER_LAST_LAYER_{step.type.upper()}",
                "NN_OUTPUT_COUNT": str(_output_count(step, impulse)),
            }
    return {}


def _output_count(step: PostProcessingBlock, impulse: Impulse) -> int:
    return step.config.get("out_width", 0) ** 2 * (len(impulse.labels) + 1)


def _head(era: Era, block: DspBlock, impulse: Impulse) -> dict[str, Any]:
    count = len(impulse.input.axes) if isinstance(impulse.input, TimeSeriesInput) else 1
    head: dict[str, Any] = {"block_id": block.id} if era.block_ids else {}
    if era.versions:
        head["implementation_version"] = block.version
    head["axes"] = count if block.axes is None else len(block.axes)
    return head


def _typedefs(era: Era, impulse: Impulse) -> list[str]:
    texts = {}
    for block in impulse.dsp:
        named = era.named_axes and block.type in _AUDIO_OR_IMAGE
        fields = [f"    int {name};\n" for name in _head(era, block, impulse)]
        fields += ["    ei_dsp_named_axis_t * named_axes;\n    size_t named_axes_size;\n"] * named
        fields += [f"    {_c_type(v)} {name};\n" for name, v in block.config.items()]
        name = f"ei_dsp_config_{block.type}_t"
        texts[name] = f"typedef struct {{\n{''.join(fields)}}} {name};\n"
    return list(texts.values())


def _c_type(value: Any) -> str:
    kinds = {bool: "bool", int: "int", float: "float", str: "const char *"}
    return kinds[type(value)]


def _dsp_config(era: Era, block: DspBlock, impulse: Impulse) -> str:
    name = f"ei_dsp_config{_tail(era, impulse, block.id)}"
    count = len(impulse.input.axes) if isinstance(impulse.input, TimeSeriesInput) else 1
    axes = range(count) if block.axes is None else block.axes
    head = _head(era, block, impulse).items()
    lines = [f"    {value}, // {_COMMENTS[key]}\n" for key, value in head]
    text = ""
    if era.named_axes and block.type in _AUDIO_OR_IMAGE:
        text += (
            f'ei_dsp_named_axis_t {name}_named_axes[] = {{ {{ .name = "Axis", .axis = 0 }} }};\n'
        )
        text += f"size_t {name}_named_axes_size = 1;\n"
        lines.append(f"    {name}_named_axes, // named axes\n")
        lines.append(f"    {name}_named_axes_size, // size of the named axes array\n")
    if era.axes:
        text += f"uint8_t {name}_axes[] = {{ {', '.join(map(str, axes))} }};\n"
        text += f"const uint32_t {name}_axes_size = {len(axes)};\n"
    settings = [f"{literal(v)}, // setting {key}" for key, v in block.config.items()]
    lines += [f"    {setting}\n" for setting in settings]
    text += f"ei_dsp_config_{block.type}_t {name} = {{\n{''.join(lines)}}};\n"
    return text + _normalization(era, block, impulse)


def _normalization(era: Era, block: DspBlock, impulse: Impulse) -> str:
    if block.normalization is None:
        return ""
    tail = _tail(era, impulse, block.id)
    texts = []
    for name in ("mean", "scale"):
        values = getattr(block.normalization, name)
        listed = ", ".join(map(str, values))
        texts.append(f"const float ei_dn_{name}{tail}[{len(values)}] = {{ {listed} }};\n")
    fields = "".join(
        f"    .{name}_data = (float *)ei_dn_{name}{tail}, .{name}_data_len = {block.outputs},\n"
        for name in ("mean", "scale")
    )
    kind = "ei_data_normalization_standard_scaler_config"
    texts.append(f"{kind}_t {kind}{tail} = {{\n{fields}}};\n")
    texts.append(
        f"ei_data_normalization_t ei_data_normalization_config{tail} = {{\n"
        f"    (void *) &{kind}{tail}, // config\n"
        "    DATA_NORMALIZATION_METHOD_STANDARD_SCALER, // method\n"
        "    nullptr, nullptr, nullptr, &data_normalization_standard_scaler };\n"
    )
    return "".join(texts)


def _dsp_rows(era: Era, impulse: Impulse) -> str:
    tail = _tail(era, impulse)
    rows = "".join(_dsp_row(era, block, impulse) for block in impulse.dsp)
    size = f"ei_dsp_blocks{tail}_size"
    return (
        f"const size_t {size} = {len(impulse.dsp)};\n"
        f"ei_model_dsp_t ei_dsp_blocks{tail}[{size}] = {{\n{rows}}};\n"
    )


def _dsp_row(era: Era, block: DspBlock, impulse: Impulse) -> str:
    name = f"ei_dsp_config{_tail(era, impulse, block.id)}"
    fields = [str(block.id)] if era.row_fields > 3 and era.impulse_struct else []
    fields += [f"{block.outputs}", f"&extract_{block.type}_features", f"(void*)&{name}"]
    if era.axes:
        fields += [f"{name}_axes", f"{name}_axes_size"]
    if era.impulse_ids:
        fields += ["1", "nullptr"]
    if era.suffixed:
        tail = _tail(era, impulse, block.id)
        scaled = block.normalization is not None
        fields.append(f"&ei_data_normalization_config{tail}" if scaled else "nullptr")
    return (
        f"    {{ // DSP block {block.id}\n        "
        + ", // field\n        ".join(fields)
        + "\n    },\n"
    )


def _learn_config(era: Era, block: LearnBlock, impulse: Impulse) -> str:
    tail = _tail(era, impulse, block.id)
    kind = "anomaly_kmeans" if isinstance(block, KMeansBlock) else "tflite_graph"
    if isinstance(block, GmmBlock):
        kind = "anomaly_gmm"
    fields: dict[str, Any] = {"implementation_version": 1}
    if era.row_fields not in (2, 3) or isinstance(block, NetworkBlock):
        fields["block_id"] = block.id
    before = ""
    if isinstance(block, KMeansBlock):
        before = _clusters(block, tail)
        fields |= {
            "anom_axis": f"ei_classifier_anom_axes{tail}",
            "anom_axes_size": len(block.axes),
            "anom_clusters": f"ei_classifier_anom_clusters{tail}",
            "anom_cluster_count": len(block.clusters),
            "anom_scale": f"ei_classifier_anom_scale{tail}",
            "anom_mean": f"ei_classifier_anom_mean{tail}",
        }
    else:
        before, more = _graph(era, block, impulse, tail)
        fields |= more
    listed = "".join(f"    .{name} = {value},\n" for name, value in fields.items())
    name = f"ei_learning_block_config{tail}"
    return f"{before}const ei_learning_block_config_{kind}_t {name} = {{\n{listed}}};\n"


def _graph(
    era: Era, block: NetworkBlock | GmmBlock, impulse: Impulse, tail: str
) -> tuple[str, dict[str, Any]]:
    name, network = f"ei_config_graph{tail}", symbol(era, block, impulse)
    fields: dict[str, Any] = {}
    if block.files:
        text = (
            f"const ei_config_tflite_graph_t {name} = {{ .implementation_version = 1,\n"
            f"    .model = {network}, .model_size = {network}_len,\n"
            f"    .arena_size = {network}_arena_size }};\n"
        )
    else:
        text = (
            f"const ei_config_tflite_eon_graph_t {name} = {{ .implementation_version = 1,\n"
            f"    .model_init = &{network}_init, .model_invoke = &{network}_invoke }};\n"
        )
    if isinstance(block, GmmBlock):
        axes = ", ".join(map(str, block.axes))
        text += f"const uint16_t ei_anom_axes{tail}[] = {{ {axes} }};\n"
        fields = {"anom_axis": f"ei_anom_axes{tail}", "anom_axes_size": len(block.axes)}
    elif era.suffixed and block.outputs is not None:
        outputs = ", ".join(map(str, block.outputs))
        indices = f"ei_output_tensors_indices{tail}"
        text += f"const uint8_t {indices}[{len(block.outputs)}] = {{ {outputs} }};\n"
        fields = {"output_tensors_indices": indices, "output_tensors_size": len(block.outputs)}
    if not era.postprocessing:
        fields |= _detection_fields(block, impulse)
    return text, fields | {"graph_config": f"(void*)&{name}"}


def _detection_fields(block: LearnBlock, impulse: Impulse) -> dict[str, Any]:
    for step in impulse.postprocessing:
        if step.input == block.id and "object_detection_count" in step.config:
            return {
                "object_detection": 1,
                "object_detection_last_layer": f"EI_CLASSIFIER_LAST_LAYER_{step.type.upper()}",
                "threshold": step.config["threshold"],
            }
    return {"object_detection": 0}


def _clusters(block: KMeansBlock, tail: str, axes_name: str = "ei_classifier_anom_axes") -> str:
    count = len(block.axes)
    rows = "".join(
        f"    {{ ( float[{count}] ) {{ {', '.join(map(str, c.centroid))} }}, {c.max_error} }},\n"
        for c in block.clusters
    )
    clusters = len(block.clusters)
    return (
        f"const uint16_t {axes_name}{tail}[] = {{ {', '.join(map(str, block.axes))} }};\n"
        f"const float ei_classifier_anom_scale{tail}[{count}] = "
        f"{{ {', '.join(map(str, block.scale))} }};\n"
        f"const float ei_classifier_anom_mean{tail}[{count}] = "
        f"{{ {', '.join(map(str, block.mean))} }};\n"
        f"const ei_classifier_anom_cluster_t ei_classifier_anom_clusters{tail}[{clusters}] = {{\n"
        f"{rows}}};\n"
    )


def _learn_rows(era: Era, impulse: Impulse) -> str:
    tail, text, rows = _tail(era, impulse), "", ""
    for block in impulse.learn:
        own = _tail(era, impulse, block.id)
        function = {KMeansBlock: "run_kmeans_anomaly", GmmBlock: "run_gmm_anomaly"}
        run = function.get(type(block), "run_nn_inference")
        scaling = getattr(block, "image_scaling", "NONE")
        inputs = f"ei_learning_block{own}_inputs"
        fields = [f"&{run}", f"(void*)&ei_learning_block_config{own}"]
        if era.row_fields >= 3:
            fields.append(f"EI_CLASSIFIER_IMAGE_SCALING_{scaling}")
        if era.row_fields >= 6:
            listed = ", ".join(map(str, block.inputs))
            text += f"const uint32_t {inputs}[{len(block.inputs)}] = {{ {listed} }};\n"
            text += f"const uint8_t {inputs}_size = {len(block.inputs)};\n"
            fields = [str(block.id), *fields, inputs, f"{inputs}_size"]
        if era.row_fields == 8:
            fields = [fields[0], "false", *fields[1:], "7"]
        rows += "    { " + ", ".join(fields) + ", },\n"
    size = f"ei_learning_blocks{tail}_size"
    return (
        f"{text}const size_t {size} = {len(impulse.learn)};\n"
        f"const ei_learning_block_t ei_learning_blocks{tail}[{size}] = {{\n{rows}}};\n"
    )


_FUNCTIONS = {
    "regression": ("process_classification_f32", "REGRESSION"),
    "classification": ("process_classification_f32", "CLASSIFICATION"),
    "tracking": ("process_object_tracking", "OTHER"),
    "counting": ("process_object_counting", "OTHER"),
    "calibration": ("process_perfcal", "OTHER"),
}
_CONFIG_TYPES = {
    "tracking": "ei_object_tracking_config_t",
    "counting": "ei_object_counting_config_t",
    "calibration": "ei_performance_calibration_config_t",
    "fomo": "ei_fill_result_fomo_f32_config_t",
    "visual_ad": "ei_fill_result_visual_ad_f32_config_t",
}


def _postprocessing(era: Era, impulse: Impulse) -> str:
    tail, text, rows = _tail(era, impulse), "", ""
    for step in impulse.postprocessing:
        function, mode = _FUNCTIONS.get(step.type, (f"process_{step.type}_f32", "OBJECT_DETECTION"))
        name = f"ei_post_config{_tail(era, impulse, step.id)}_{step.type}"
        kind = _CONFIG_TYPES.get(step.type, "ei_fill_result_object_detection_f32_config_t")
        fields = ", ".join(f".{key} = {_braced(v)}" for key, v in step.config.items())
        if step.config:
            text += f"{kind} {name} = {{ {fields} }};\n"
        config = f"(void*)&{name}" if step.config else "NULL"
        source = step.input if step.input is not None else impulse.learn[0].id
        rows += (
            f"    {{ .block_id = {step.id}, .type = EI_CLASSIFIER_MODE_{mode},\n"
            f"      .init_fn = NULL, .deinit_fn = NULL, .postprocess_fn = &{function},\n"
            f"      .display_fn = NULL, .config = {config}, .input_block_id = {source} }},\n"
        )
    size = f"ei_postprocessing_blocks{tail}_size"
    return (
        f"{text}const size_t {size} = {len(impulse.postprocessing)};\n"
        f"const ei_postprocessing_block_t ei_postprocessing_blocks{tail}[{size}] = {{\n{rows}}};\n"
    )


def _braced(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f".{k} = {_braced(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "{ " + ", ".join(map(_braced, value)) + " }"
    return str(value) if isinstance(value, float) else literal(value)


def _impulse_struct(era: Era, impulse: Impulse, categories: str) -> str:
    series, tail = impulse.input, _tail(era, impulse)
    image = series if isinstance(series, ImageInput) else None
    samples = image.width * image.height if image else series.samples
    axes = 1 if image else len(series.axes)
    fields: dict[str, Any] = {
        "project_id": impulse.project.id,
        "project_owner": literal(impulse.project.owner),
        "project_name": literal(impulse.project.name),
    }
    if era.impulse_ids:
        fields["impulse_id"] = impulse.project.impulse_id
        fields["impulse_name"] = literal(impulse.project.impulse_name)
    fields |= {
        "deploy_version": impulse.project.deploy_version,
        "raw_sample_count": samples,
        "raw_samples_per_frame": axes,
        "dsp_input_frame_size": f"{samples} * {axes}",
        "input_width": image.width if image else 0,
        "input_height": image.height if image else 0,
        "input_frames": 1 if image else 0,
        "frequency": 0 if image else f"{series.frequency:g}",
        "dsp_blocks_size": f"ei_dsp_blocks{tail}_size",
        "dsp_blocks": f"ei_dsp_blocks{tail}",
        "learning_blocks_size": f"ei_learning_blocks{tail}_size",
        "learning_blocks": f"ei_learning_blocks{tail}",
    }
    if era.postprocessing:
        fields["postprocessing_blocks_size"] = f"ei_postprocessing_blocks{tail}_size"
        fields["postprocessing_blocks"] = f"ei_postprocessing_blocks{tail}"
    else:
        fields |= _detection_of_impulse(impulse)
    fields |= {
        "inferencing_engine": f"EI_CLASSIFIER_{impulse.engine.upper()}",
        "sensor": 3 if image else _code(SensorType, series.sensor),
        "fusion_string": literal("image" if image else " + ".join(series.axes)),
        "slice_size": f"({samples}/4)",
        "slices_per_model_window": 4 if image else series.slices_per_window,
        "has_anomaly": _code(AnomalyType, impulse.anomaly),
        "label_count": len(impulse.labels),
        "categories": categories,
    }
    listed = "".join(f"    .{name} = {value},\n" for name, value in fields.items())
    number = impulse.project.impulse_id if era.suffixed else 0
    name = f"impulse_{impulse.project.id}_{number}"
    text = f"const ei_impulse_t {name} = {{\n{listed}}};\n"
    if not era.handle:
        return f"{text}const ei_impulse_t ei_default_impulse = {name};\n"
    handle = name.replace("impulse_", "impulse_handle_", 1)
    return (
        f"{text}ei_impulse_handle_t {handle} = ei_impulse_handle_t( &{name} );\n"
        f"ei_impulse_handle_t& ei_default_impulse = {handle};\n"
    )


def _detection_of_impulse(impulse: Impulse) -> dict[str, Any]:
    for step in impulse.postprocessing:
        if step.type == "fomo":
            return {
                "object_detection_count": step.config["object_detection_count"],
                "fomo_output_size": step.config["out_width"],
            }
    return {"object_detection_count": 0, "fomo_output_size": 0}


def _legacy_headers(era: Era, impulse: Impulse) -> dict[str, str]:
    labels = ", ".join(map(literal, impulse.labels))
    texts = f"const char* ei_classifier_inferencing_categories[] = {{ {labels} }};\n"
    texts += "".join(_dsp_config(era, block, impulse) for block in impulse.dsp)
    headers = {"dsp_blocks.h": _guarded(_dsp_rows(era, impulse))}
    if era.name == "2022":
        headers["model_variables.h"] = _guarded(texts)
    else:
        headers["dsp_blocks.h"] = _guarded(texts + _dsp_rows(era, impulse))
    for block in impulse.learn:
        if isinstance(block, KMeansBlock):
            headers["anomaly_types.h"] = "#define EI_CLASSIFIER_HAS_ANOMALY 1\n"
            headers["anomaly_clusters.h"] = _guarded(
                _clusters(block, "", "EI_CLASSIFIER_ANOM_AXIS")
            )
    return headers


def _network_files(era: Era, stem: str, name: str, content: bytes) -> Files:
    if era.incbin:
        header = (
            f"const size_t {name}_arena_size = 1000;\n"
            f'INCBIN(incbin_{name}, "tflite-model/{name}.tflite");\n'
            f"const unsigned char *{name} = gincbin_{name}_data;\n"
            f"unsigned int {name}_len = gincbin_{name}_size;\n"
        )
        return {
            f"tflite-model/{stem}.h": header.encode(),
            f"tflite-model/{name}.tflite": content,
        }
    rows = "".join(
        "  " + ", ".join(f"0x{byte:02x}" for byte in content[i : i + 12]) + ",\n"
        for i in range(0, len(content), 12)
    )
    rows = rows.removesuffix(",\n")
    text = (
        f"const unsigned char {name}[] __attribute__((aligned(16))) = {{\n{rows}"
        f"\n}};\nunsigned int {name}_len = {len(content)};\n"
    )
    return {f"tflite-model/{stem}.h": text.encode()}
