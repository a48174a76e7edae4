"""Forms that some real exports have: chains of networks, namespaces, slips of the generator."""

from __future__ import annotations

import re

import pytest
from cpp_exports import ERAS, render, write
from exported_impulses import CAMERA, KEYWORDS, MOTION, NETWORK
from msgspec.structs import replace

from ei_runner_core.impulse import GmmBlock, NetworkBlock, PostProcessingBlock
from ei_runner_core.impulse.export import list_impulses, read_export

NEWEST = ERAS["2026"]
VARIABLES = "model-parameters/model_variables.h"
METADATA = "model-parameters/model_metadata.h"


def changed(files, name, *pairs):
    text = files[name].decode()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return files | {name: text.encode()}


def test_a_network_may_take_what_another_one_gives(tmp_path):
    learn = (
        NetworkBlock(id=2, files=("x",), inputs=(1,)),
        NetworkBlock(id=3, files=("x",), inputs=(2,)),
    )
    ad = {"threshold": 4.5, "grid_size_x": 9, "grid_size_y": 9}
    steps = (PostProcessingBlock(id=3, type="visual_ad", input=3, config=ad),)
    impulse = replace(CAMERA, learn=learn, postprocessing=steps, anomaly="visual_gmm", labels=())
    source = read_export(write(render(NEWEST, impulse, {2: NETWORK, 3: b"gmm"}), tmp_path))
    assert [block.inputs for block in source.impulse.learn] == [(1,), (2,)]
    assert source.impulse.postprocessing == steps
    assert source.impulse.anomaly == "visual_gmm"


def test_a_threshold_that_the_generator_left_undefined_is_not_there(tmp_path):
    ad = {"threshold": 4.5, "grid_size_x": 9, "grid_size_y": 9}
    steps = (PostProcessingBlock(id=2, type="visual_ad", input=2, config=ad),)
    files = render(NEWEST, replace(CAMERA, postprocessing=steps), {2: NETWORK})
    files = changed(files, VARIABLES, (".threshold = 4.5", ".threshold = undefined"))
    (step,) = read_export(write(files, tmp_path)).impulse.postprocessing
    assert step.config == {"grid_size_x": 9, "grid_size_y": 9}


def test_structs_inside_a_config_may_have_a_name_of_their_own(tmp_path):
    config = {"threshold": 0.5, "nms_config": {"confidence_threshold": 0.0, "iou_threshold": 0.2}}
    steps = (PostProcessingBlock(id=2, type="yolov5", input=2, config=config),)
    files = render(NEWEST, replace(CAMERA, postprocessing=steps), {2: NETWORK})
    inline = "{ .confidence_threshold = 0.0, .iou_threshold = 0.2 }"
    struct = (
        "const ei_object_detection_nms_config_t ei_object_detection_nms = {\n"
        "    0.0f, /* NMS confidence threshold */\n    0.2f  /* NMS IOU threshold */\n};\n"
    )
    files = changed(
        files,
        VARIABLES,
        (inline, "ei_object_detection_nms"),
        (
            "const size_t ei_postprocessing",
            f"{struct}const size_t ei_postprocessing",
        ),
    )
    assert read_export(write(files, tmp_path)).impulse.postprocessing == steps


def test_configs_without_names_get_them_from_their_type(tmp_path):
    tracking = {"keep_grace": 5, "max_observations": 4, "threshold": 0.25, "use_iou": True}
    steps = (*CAMERA.postprocessing, PostProcessingBlock(id=9, type="tracking", config=tracking))
    files = render(NEWEST, replace(CAMERA, postprocessing=steps), {2: NETWORK})
    named = ".keep_grace = 5, .max_observations = 4, .threshold = 0.25, .use_iou = true"
    unnamed = "1, /* implementation_version */ 5, /* keep_grace */ 4, 0.2500f, /* iou */ true"
    files = changed(files, VARIABLES, (named, unnamed))
    assert read_export(write(files, tmp_path)).impulse.postprocessing == steps


@pytest.mark.parametrize("configured", [True, False])
@pytest.mark.parametrize("era", ["2022", "2023-08"])
def test_a_calibration_counts_when_the_project_has_configured_it(era, configured, tmp_path):
    flag = "true, " if configured else "false, "
    fields = f"1, {'' if era == '2022' else flag}926, 0.9209751525297545, 753, "
    fields += "0x7" if configured else "0"
    text = f"const ei_model_performance_calibration_t ei_calibration = {{ {fields} }};\n#endif //"
    files = render(ERAS[era], KEYWORDS, {6: NETWORK})
    files = changed(files, VARIABLES, ("#endif //", text))
    steps = read_export(write(files, tmp_path)).impulse.postprocessing
    assert [step.type for step in steps] == ["classification", "calibration"][: 1 + configured]
    if configured:
        assert steps[1].config == {
            "is_configured": True,
            "average_window_duration_ms": 926,
            "detection_threshold": 0.9209751525297545,
            "suppression_ms": 753,
            "suppression_flags": 7,
        }


def test_impulses_in_namespaces_do_not_mix_up_their_names(tmp_path):
    era = ERAS["2023-08"]
    other = replace(KEYWORDS, project=replace(KEYWORDS.project, id=99))
    files = render(era, MOTION, {})
    metadata = render(era, other, {})[METADATA].decode()
    typedef = metadata[metadata.index("typedef") : metadata.rindex("#endif")]
    parts = []
    for space, impulse in (("one", MOTION), ("two", other)):
        text = render(era, impulse, {})[VARIABLES].decode()
        body = text[text.index("const char*") : text.rindex("#endif")]
        body = body.replace("ei_default_impulse", f"ei_default_{space}")
        parts.append(f"namespace {space} {{\n{body}\n}} // namespace {space}\n")
    files = changed(files, METADATA, ("typedef struct", f"{typedef}typedef struct"))
    files[VARIABLES] = "".join(parts).encode()
    write(files, tmp_path)

    assert [about["variable"] for about in list_impulses(tmp_path)] == [
        "one::impulse_43_0",
        "two::impulse_99_0",
    ]
    assert read_export(tmp_path, "one::impulse_43_0").impulse.labels == MOTION.labels
    found = read_export(tmp_path, "two::impulse_99_0").impulse
    assert found.labels == KEYWORDS.labels
    assert found.dsp == KEYWORDS.dsp


def test_labels_made_with_new_are_read(tmp_path):
    files = render(ERAS["2023-08"], KEYWORDS, {6: NETWORK})
    files = changed(
        files,
        VARIABLES,
        (
            ".categories = ei_classifier_inferencing_categories",
            '.categories = new const char*[2] {"yes", "no"}',
        ),
    )
    assert read_export(write(files, tmp_path)).impulse.labels == ("yes", "no")


def test_a_block_of_a_plugin_keeps_its_name_and_its_settings(tmp_path):
    block = replace(KEYWORDS.dsp[0], type="my_own", config={"depth": 3, "kind": "x"})
    files = render(NEWEST, replace(KEYWORDS, dsp=(block,)), {6: NETWORK})
    assert read_export(write(files, tmp_path)).impulse.dsp == (block,)


@pytest.mark.parametrize(("function", "kind"), [("audio_syntiant", "audio-syntiant"), ("hr", "hr")])
def test_blocks_without_a_public_implementation_are_named(function, kind, tmp_path):
    block = replace(KEYWORDS.dsp[0], type=function)
    files = render(NEWEST, replace(KEYWORDS, dsp=(block,)), {6: NETWORK})
    (found,) = read_export(write(files, tmp_path)).impulse.dsp
    assert found.type == kind


def test_an_impulse_that_only_finds_anomalies_has_no_labels_and_no_network(tmp_path):
    impulse = replace(MOTION, labels=(), learn=MOTION.learn[1:], postprocessing=(), engine="none")
    files = render(ERAS["2024"], impulse, {})
    files = changed(files, VARIABLES, (".label_count = 0", ".label_count = 1"))
    source = read_export(write(files, tmp_path))
    assert source.impulse.labels == ()
    assert source.impulse.learn == MOTION.learn[1:]
    assert source.impulse.postprocessing == ()
    assert source.networks == {}


def test_a_mixture_without_listed_steps_gives_its_score(tmp_path):
    gmm = GmmBlock(id=8, files=("x",), inputs=(2,), axes=(0, 2))
    impulse = replace(MOTION, learn=(gmm, MOTION.learn[0]), anomaly="gmm")
    source = read_export(write(render(ERAS["2024"], impulse, {8: b"g", 3: NETWORK}), tmp_path))
    assert [(step.type, step.input) for step in source.impulse.postprocessing] == [
        ("anomaly", 8),
        ("classification", 3),
    ]


def test_an_extern_c_that_is_never_closed_does_not_hide_the_rest(tmp_path):
    files = render(NEWEST, MOTION, {3: NETWORK})
    start = "#include <stdint.h>"
    opened = f'{start}\n#ifdef __cplusplus\nextern "C" {{\n'
    files = changed(files, METADATA, (start, opened))
    assert read_export(write(files, tmp_path)).impulse.labels == MOTION.labels


def test_a_network_may_stand_in_a_namespace(tmp_path):
    files = render(ERAS["2023-08"], MOTION, {3: NETWORK})
    (array,) = (name for name in files if b"const unsigned char" in files[name])
    symbol = re.search(rb"const unsigned char (\w+)\[", files[array])[1].decode()
    text = files[array].decode()
    begin = text.index("const unsigned char")
    files |= {array: f"{text[:begin]}namespace space_43 {{\n{text[begin:]}\n}}\n".encode()}
    files = changed(files, VARIABLES, (f"= {symbol},", f"= space_43::{symbol},"))
    (network,) = read_export(write(files, tmp_path)).networks[3]
    assert network.read() == NETWORK
