"""An export whose headers were cut off is refused, never read as another impulse."""

from __future__ import annotations

import random

import pytest
from cpp_exports import ERAS, render, write
from exported_impulses import CAMERA, KEYWORDS, MOTION, NETWORK

from ei_runner_core import ModelFormatError
from ei_runner_core.impulse.export import read_export

VARIABLES = "model-parameters/model_variables.h"
METADATA = "model-parameters/model_metadata.h"


def rendered(era="2026", impulse=MOTION):
    return render(ERAS[era], impulse, {impulse.learn[0].id: NETWORK})


def refusal(files, tmp_path):
    with pytest.raises(ModelFormatError) as caught:
        read_export(write(files, tmp_path))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("impulse", [MOTION, KEYWORDS, CAMERA], ids=["motion", "words", "camera"])
@pytest.mark.parametrize("era", ERAS)
def test_a_header_that_is_cut_off_is_refused_wherever_that_happens(era, impulse, tmp_path):
    files = rendered(era, impulse)
    choose = random.Random(era)
    for name in (n for n in files if n.startswith("model-par") and b"#endif" in files[n]):
        end = files[name].rindex(b"#endif") + len("#endif")
        for cut in (0, 1, *choose.sample(range(end), 12), end - 1):
            message = refusal(files | {name: files[name][:cut]}, tmp_path)
            assert name.rpartition("/")[2] in message or "complete?" in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("#ifdef EI_MORE\n", r"model_variables.h ends inside a condition \(EI_MORE\)"),
        ("#if 1\n#else\n", r"model_variables.h ends inside a condition \(1\)"),
        ("int x = 1; /* and so", "model_variables.h ends inside a comment"),
        ("/*/", "model_variables.h ends inside a comment"),
        ('const char* x = "and so', "model_variables.h ends inside a text"),
        ("int x[] = { 1, 2,\n", "model_variables.h holds no declaration at .*complete?"),
        ("int x = (1 + 2;\n", "model_variables.h holds no declaration at .*complete?"),
        ("= = 3 ] )\n", "model_variables.h holds no declaration at .*complete?"),
    ],
)
def test_what_is_open_at_the_end_is_named_with_its_file(text, message, tmp_path):
    files = rendered()
    write(files | {VARIABLES: files[VARIABLES] + text.encode()}, tmp_path)
    with pytest.raises(ModelFormatError, match=message):
        read_export(tmp_path)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("era", ["2022", "2026"])
def test_random_bytes_in_the_place_of_a_header_are_refused(era, seed, tmp_path):
    content = random.Random(seed).randbytes(3000)
    assert refusal(rendered(era) | {VARIABLES: content}, tmp_path)
    assert refusal(rendered(era) | {VARIABLES: content.replace(b"\0", b"\1")}, tmp_path)


@pytest.mark.parametrize("gone", ["dsp_blocks.h", "anomaly_clusters.h"])
def test_a_header_that_is_missing_is_noticed(gone, tmp_path):
    files = rendered("2021")
    del files[f"model-parameters/{gone}"]
    message = refusal(files, tmp_path)
    assert "ei_dsp_blocks" in message or "clusters" in message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("dsp_blocks_size =", "dsp_blocks_size = 1 +", "2 DSP blocks are declared and 1 listed"),
        (".dsp_blocks = ei_dsp_blocks_43_2,", "", "1 DSP blocks are declared and 0 listed"),
        (".learning_blocks = ei_learning_blocks_43_2,", "", "learn blocks are declared and 0"),
        (".postprocessing_blocks = ei_postprocessing_blocks_43_2,", "", "processing blocks are d"),
        (".categories = ei_classifier_inferencing_categories_43_2,", "", "4 labels are declared"),
    ],
)
def test_a_list_has_the_length_that_is_declared(old, new, message, tmp_path):
    files = rendered()
    text = files[VARIABLES].decode()
    begin = text.index("ei_impulse_t ")
    assert old in text[begin:]
    changed = text[:begin] + text[begin:].replace(old, new, 1)
    assert message in refusal(files | {VARIABLES: changed.encode()}, tmp_path)


def test_what_stands_behind_an_extern_c_that_is_never_closed_counts(tmp_path):
    files = rendered("2026", CAMERA)
    start = b"#include <stdint.h>"
    opened = start + b'\n#ifdef __cplusplus\nextern "C" {\n'
    expected = read_export(write(files, tmp_path / "whole")).impulse
    files[METADATA] = files[METADATA].replace(start, opened, 1)
    assert read_export(write(files, tmp_path / "edited")).impulse == expected
    cut = files[METADATA].rindex(b"#endif")
    assert "model_metadata.h ends inside" in refusal(
        files | {METADATA: files[METADATA][:cut]}, tmp_path / "cut"
    )
