"""The headers of the tests' models, as Studio would write them for each generation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ffi_export_recipes import TASKS, Recipe, Task

GOLDEN = Path(__file__).parents[2] / "ei_runner_core" / "testing" / "golden"
STUDIO = {2024: (1, 57, 2), 2025: (1, 74, 16), 2026: (1, 93, 3)}
SENSORS = {"microphone": 1, "accelerometer": 2, "camera": 3, "fusion": 6}
# Where the weights of the golden dense.tflite are, for the Micro of the tests.
_WEIGHTS = {"TEST_WEIGHTS_AT": 384, "TEST_BIASES_AT": 348}


def model_files(recipe: Recipe) -> dict[str, bytes]:
    """The files that are the model's own, but for a network as code."""
    files = {"model-parameters/model_metadata.h": _metadata(recipe).encode()}
    name = "dsp_blocks.h" if recipe.generation == 2021 else "model_variables.h"
    files[f"model-parameters/{name}"] = _variables(recipe).encode()
    if recipe.network != "eon":
        content = (GOLDEN / "dense.tflite").read_bytes()
        files[f"{_network_header(recipe)}"] = _network(recipe, content).encode()
        if recipe.network == "incbin":
            files["tflite-model/tflite_learn_1.tflite"] = content
    return files


def _metadata(recipe: Recipe) -> str:
    task, generation = TASKS[recipe.task], recipe.generation
    is_eon = recipe.network == "eon"
    macros: dict[str, Any] = {
        "PROJECT_ID": recipe.project,
        "PROJECT_OWNER": '"Ünal & Co"',
        "PROJECT_NAME": json.dumps(f"{recipe.task} of {generation}"),
        "PROJECT_DEPLOY_VERSION": 3,
        "NN_INPUT_FRAME_SIZE": task.outputs,
        "RAW_SAMPLE_COUNT": task.window // task.axes,
        "RAW_SAMPLES_PER_FRAME": task.axes,
        "DSP_INPUT_FRAME_SIZE": "(EI_CLASSIFIER_RAW_SAMPLE_COUNT * "
        "EI_CLASSIFIER_RAW_SAMPLES_PER_FRAME)",
        "INPUT_WIDTH": task.image[0],
        "INPUT_HEIGHT": task.image[1],
        "INPUT_FRAMES": 1,
        "INTERVAL_MS": 1000 / task.frequency if task.frequency else 1,
        "FREQUENCY": task.frequency,
        "LABEL_COUNT": len(task.labels),
        "HAS_ANOMALY": task.anomaly,
        "SENSOR": SENSORS[task.sensor],
        "INFERENCING_ENGINE": "EI_CLASSIFIER_TFLITE" if task.infer else "EI_CLASSIFIER_NONE",
        "SLICES_PER_MODEL_WINDOW": task.slices,
        "SLICE_SIZE": "(EI_CLASSIFIER_RAW_SAMPLE_COUNT / EI_CLASSIFIER_SLICES_PER_MODEL_WINDOW)",
        **({"COMPILED": int(is_eon)} if task.infer else {}),
        **task.macros,
    }
    lines = [
        "#pragma once",
        "#include <stdint.h>",
        f"#define TEST_GENERATION {generation}",
        "#define EI_CLASSIFIER_NONE 255",
        "#define EI_CLASSIFIER_TFLITE 2",
        "#define EI_CLASSIFIER_TFLITE_FULL 4",
        "#define EI_CLASSIFIER_SENSOR_MICROPHONE 1",
        "#define EI_CLASSIFIER_LAST_LAYER_FOMO 2",
        *(f"#define EI_CLASSIFIER_{name} {value}" for name, value in macros.items()),
    ]
    if recipe.generation >= 2025 and task.image[0]:
        lines.append("#define EI_CLASSIFIER_RESIZE_MODE 2")
    if not is_eon:
        lines += [f"#define {name} {value}" for name, value in _WEIGHTS.items()]
    for part, number in zip(("MAJOR", "MINOR", "PATCH"), STUDIO.get(generation, ()), strict=False):
        lines.append(f"#define EI_STUDIO_VERSION_{part} {number}")
    return "\n".join([*lines, _FULL_TFLITE])


_FULL_TFLITE = """\
#if EI_CLASSIFIER_INFERENCING_ENGINE == EI_CLASSIFIER_TFLITE && EI_CLASSIFIER_USE_FULL_TFLITE == 1
#undef EI_CLASSIFIER_INFERENCING_ENGINE
#define EI_CLASSIFIER_INFERENCING_ENGINE EI_CLASSIFIER_TFLITE_FULL
#if EI_CLASSIFIER_COMPILED == 1
#error "Cannot use full TensorFlow Lite with EON"
#endif
#endif
"""


def _network_header(recipe: Recipe) -> str:
    stem = "tflite-trained" if recipe.generation == 2021 else "tflite_learn_1"
    return f"tflite-model/{stem if recipe.network != 'eon' else 'tflite_learn_1_compiled'}.h"


def _network(recipe: Recipe, content: bytes) -> str:
    if recipe.network == "incbin":
        return (
            '#pragma once\n#include "edge-impulse-sdk/third_party/incbin/incbin.h"\n'
            'INCBIN(incbin_tflite_learn_1, "tflite-model/tflite_learn_1.tflite");\n'
            "static const unsigned char *tflite_learn_1 = gincbin_tflite_learn_1_data;\n"
            "static const unsigned int tflite_learn_1_len = gincbin_tflite_learn_1_size;\n"
        )
    listed = ", ".join(f"0x{byte:02x}" for byte in content)
    return (
        "#pragma once\n"
        f"alignas(16) static const unsigned char tflite_learn_1[] = {{{listed}}};\n"
        f"static const unsigned int tflite_learn_1_len = {len(content)};\n"
    )


def _variables(recipe: Recipe) -> str:
    task, generation = TASKS[recipe.task], recipe.generation
    function = f"&extract_{task.features}_features"
    dsp, setting = ("image", '"Grayscale"') if task.image[0] else ("raw", "1.0f")
    labels = ", ".join(json.dumps(label, ensure_ascii=False) for label in task.labels)
    learn = [*_network_block(recipe), *_anomaly_block(recipe)]
    post = _postprocessing(task) if generation >= 2025 else []
    own_id = "2, " if generation >= 2024 else ""
    return "\n".join(
        [
            "#pragma once",
            '#include "edge-impulse-sdk/classifier/ei_model_types.h"',
            f'#include "{_network_header(recipe)}"',
            f"const char *ei_classifier_inferencing_categories[] = {{ {labels or 'nullptr'} }};",
            f"ei_dsp_config_{dsp}_t ei_dsp_config_2 = {{ 2, 1, {task.axes}, {setting} }};",
            "ei_model_dsp_t ei_dsp_blocks[1] = {",
            f"    {{ {own_id}{task.outputs}, {function}, &ei_dsp_config_2 }}",
            "};",
            "const size_t ei_dsp_blocks_size = 1;",
            *(text for text, _ in learn),
            f"const ei_learning_block_t ei_learning_blocks[] = {{ {_joined(learn)} }};",
            *(text for text, _ in post),
            *_postprocessing_rows(post),
            *_impulse(recipe, len(learn), len(post)),
        ]
    )


def _joined(rows: Iterable[tuple[str, str]]) -> str:
    return ", ".join(row for _, row in rows)


def _network_block(recipe: Recipe) -> list[tuple[str, str]]:
    task = TASKS[recipe.task]
    if not task.infer:
        return []
    is_visual = task.anomaly == 3
    mode = {"visual_ad": "VISUAL_ANOMALY", "fomo": "OBJECT_DETECTION"}.get(task.postprocessing[0])
    of_2024 = {
        "classification_mode": f"EI_CLASSIFIER_CLASSIFICATION_MODE_{mode or 'CLASSIFICATION'}",
        "anomaly_threshold" if is_visual else "threshold": "0.5f",
    }
    if recipe.network == "eon":
        graph = "ei_config_tflite_eon_graph_t ei_graph_1 = { &tflite_learn_1_invoke };"
    else:
        graph = (
            "ei_config_tflite_graph_t ei_graph_1 = { .implementation_version = 1, "
            ".model = tflite_learn_1, .model_size = tflite_learn_1_len, .arena_size = 4096 };"
        )
    kind = "anomaly_gmm" if is_visual else "tflite_graph"
    text, row = _block(recipe, 1, kind, of_2024, {"graph_config": "&ei_graph_1"}, task.infer)
    return [(f"static {graph}\n{text}", row)]


def _anomaly_block(recipe: Recipe) -> list[tuple[str, str]]:
    if TASKS[recipe.task].anomaly != 1:
        return []
    of_2024 = {"classification_mode": "EI_CLASSIFIER_CLASSIFICATION_MODE_ANOMALY_KMEANS"}
    return [_block(recipe, 5, "anomaly_kmeans", of_2024, {"centre": "0"}, "run_kmeans_anomaly")]


def _block(
    recipe: Recipe,
    number: int,
    kind: str,
    of_2024: Mapping[str, str],
    fields: Mapping[str, str],
    infer: str,
) -> tuple[str, str]:
    """The configuration of a learn block, and its row; in 2024 it lies in read-only memory."""
    is_2024 = recipe.generation == 2024
    values = {"implementation_version": "1", **(of_2024 if is_2024 else {}), **fields}
    listed = ", ".join(f".{name} = {value}" for name, value in values.items())
    text = (
        f"{'const' if is_2024 else 'static'} ei_learning_block_config_{kind}_t "
        f"ei_learning_block_config_{number} = {{ {listed} }};"
    )
    own_id = f"{number}, " if recipe.generation >= 2024 else ""
    return text, f"{{ {own_id}&{infer}, (void *)&ei_learning_block_config_{number} }}"


def _postprocessing(task: Task) -> list[tuple[str, str]]:
    """By block: its configuration, and its row."""
    kinds = {
        "classification": ("CLASSIFICATION", "process_classification_f32", ""),
        "fomo": (
            "OBJECT_DETECTION",
            "process_fomo_f32",
            "ei_fill_result_fomo_f32_config_t config_N = { 0.5f, 10 };",
        ),
        "visual_ad": (
            "VISUAL_ANOMALY",
            "process_visual_ad_f32",
            "ei_fill_result_visual_ad_f32_config_t config_N = { 0.5f, 4, 3 };",
        ),
        "tracking": (
            "OBJECT_TRACKING",
            "process_object_tracking",
            "ei_object_tracking_config_t config_N = { 1, 2, 5, 3.0f };",
        ),
        "perf_cal": (
            "PERFORMANCE_CALIBRATION",
            "process_perf_cal",
            "ei_performance_calibration_config_t config_N = { 500, 0.6f, 200, 1 };",
        ),
        "freeform": ("FREEFORM", "process_freeform_f32", ""),
    }
    return [
        _postprocessing_block(number, name == "tracking", *kinds[name])
        for number, name in enumerate(task.postprocessing, start=1)
    ]


def _postprocessing_block(
    number: int, is_tracking: bool, kind: str, function: str, config: str
) -> tuple[str, str]:
    fields = {
        "block_id": number,
        "type": f"EI_CLASSIFIER_MODE_{kind}",
        "init_fn": "&init_object_tracking" if is_tracking else "NULL",
        "deinit_fn": "&deinit_object_tracking" if is_tracking else "NULL",
        "postprocess_fn": f"&{function}",
        "config": f"&config_{number}" if config else "NULL",
        "input_block_id": 1,
    }
    listed = ", ".join(f".{name} = {value}" for name, value in fields.items())
    return config.replace("_N", f"_{number}"), f"{{ {listed} }}"


def _postprocessing_rows(post: list[tuple[str, str]]) -> list[str]:
    if not post:
        return []
    return [f"const ei_postprocessing_block_t ei_postprocessing_blocks[] = {{ {_joined(post)} }};"]


def _kind(is_detector: bool) -> str:
    return "OBJECT_DETECTION" if is_detector else "CLASSIFICATION"


def _impulse(recipe: Recipe, learn_count: int, post_count: int) -> list[str]:
    task, generation = TASKS[recipe.task], recipe.generation
    is_detector = "OBJECT_DETECTION" in task.macros
    fields: dict[str, Any] = {
        "project_id": "EI_CLASSIFIER_PROJECT_ID",
        "project_owner": "EI_CLASSIFIER_PROJECT_OWNER",
        "project_name": "EI_CLASSIFIER_PROJECT_NAME",
    }
    if generation >= 2025:
        fields |= {"impulse_id": 1, "impulse_name": '"Impulse #1"'}
    fields |= {
        "deploy_version": "EI_CLASSIFIER_PROJECT_DEPLOY_VERSION",
        "raw_sample_count": task.window // task.axes,
        "raw_samples_per_frame": task.axes,
        "dsp_input_frame_size": f"{task.window // task.axes} * {task.axes}",
        "input_width": task.image[0],
        "input_height": task.image[1],
        "input_frames": 1,
        "interval_ms": "EI_CLASSIFIER_INTERVAL_MS",
        "frequency": task.frequency,
        "dsp_blocks_size": 1,
        "dsp_blocks": "ei_dsp_blocks",
    }
    if generation <= 2023:
        fields |= {"object_detection": int(is_detector), "object_detection_threshold": "0.5f"}
    if generation <= 2024:
        fields |= {"object_detection_count": 10}
        fields |= {"visual_ad_grid_size_x": 4, "visual_ad_grid_size_y": 3}
    fields |= {"learning_blocks_size": learn_count, "learning_blocks": "ei_learning_blocks"}
    if generation >= 2025:
        fields["postprocessing_blocks_size"] = post_count
        fields["postprocessing_blocks"] = "ei_postprocessing_blocks" if post_count else "nullptr"
    fields |= {
        "sensor": "EI_CLASSIFIER_SENSOR",
        "slice_size": "EI_CLASSIFIER_SLICE_SIZE",
        "slices_per_model_window": task.slices,
        "label_count": len(task.labels),
        "categories": "ei_classifier_inferencing_categories",
    }
    lines = []
    if generation >= 2026:
        lines.append(f"uint32_t freeform_outputs[] = {{ {task.outputs}, 1 }};")
        fields |= {"results_type": f"EI_CLASSIFIER_TYPE_{_kind(is_detector)}"}
        fields |= {"freeform_outputs_size": 2 * ("FREEFORM_OUTPUT" in task.macros)}
        fields |= {"freeform_outputs": "freeform_outputs"}
    name = "the_only_impulse" if generation == 2021 else f"impulse_{recipe.project}_1"
    values = "".join(f"    .{name} = {value},\n" for name, value in fields.items())
    lines.append(f"const ei_impulse_t {name} = {{\n{values}}};")
    if generation == 2023:
        lines.append(f"const ei_impulse_t ei_default_impulse = {name};")
    elif generation > 2023:
        lines.append(f"ei_impulse_handle_t impulse_handle = ei_impulse_handle_t(&{name});")
        lines.append("ei_impulse_handle_t& ei_default_impulse = impulse_handle;")
    return [*lines, ""]
