"""Whatever an export holds, it is read or refused with one clear error, and in bounded time."""

from __future__ import annotations

import os
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cpp_exports import ERAS, render, variables, write
from exported_impulses import KEYWORDS, MOTION, NETWORK
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ei_runner_core import (
    EdgeImpulseError,
    InvalidInputError,
    ModelFormatError,
    ModelNotFoundError,
)
from ei_runner_core.impulse.export import list_impulses, read_export
from ei_runner_core.parameters import ProjectInfo

NEWEST = ERAS["2026"]
METADATA = "model-parameters/model_metadata.h"
VARIABLES = "model-parameters/model_variables.h"


def rendered(era="2026", impulse=MOTION):
    return render(ERAS[era], impulse, {impulse.learn[0].id: NETWORK})


def changed(name, old, new, era="2026"):
    files = rendered(era)
    assert old.encode() in files[name], f"{old!r} is not in the export"
    return files | {name: files[name].replace(old.encode(), new.encode(), 1)}


def refusal(files, tmp_path, kind=ModelFormatError):
    with pytest.raises(kind) as caught:
        read_export(write(files, tmp_path))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_two_impulses_without_a_choice_are_listed(tmp_path):
    files = rendered()
    other = replace(
        KEYWORDS,
        project=replace(KEYWORDS.project, id=99, impulse_id=5, impulse_name="Words"),
        name="Words",
    )
    more = variables(NEWEST, other).replace("ei_default_impulse", "ei_other_impulse")
    network = {n: c for n, c in render(NEWEST, other, {6: NETWORK}).items() if "tflite-" in n}
    files[VARIABLES] = files[VARIABLES].replace(b"#endif // _EI", more.encode() + b"#endif // _EI")
    message = refusal(files | network, tmp_path)

    assert "holds 2 impulses" in message
    assert "impulse_43_2 ('Impulse #2', id 2, project 43)" in message
    assert "impulse_99_5 ('Words', id 5, project 99)" in message
    for choice in (5, "5", 99, "99_5", "impulse_99_5", "Words"):
        assert read_export(tmp_path, choice).impulse.name == "Words"
    assert "choose one" in message
    for choice in (5, "5", "Words", "impulse_99_5"):
        source = read_export(tmp_path, choice)
        assert source.impulse.labels == KEYWORDS.labels
        assert source.impulse.project.id == 99
    assert read_export(tmp_path, 2).impulse.labels == MOTION.labels
    assert [about["id"] for about in list_impulses(tmp_path)] == [2, 5]
    with pytest.raises(InvalidInputError, match="no impulse 'Worlds'.*impulse_99_5"):
        read_export(tmp_path, "Worlds")


@pytest.mark.parametrize("era", ["2021", "2023-08"])
@pytest.mark.parametrize("choice", ["None", "", 10**5000, "9" * 5000, -(2**70)], ids=range(5))
def test_what_no_impulse_is_called_chooses_none(choice, era, tmp_path):
    impulse = replace(MOTION, name="", project=ProjectInfo())
    write(render(ERAS[era], impulse, {3: NETWORK}), tmp_path)
    with pytest.raises(InvalidInputError, match="no impulse") as caught:
        read_export(tmp_path, choice)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (".label_count = 4", ".label_count = 5", "5 labels are declared and 4 listed"),
        ("[] = { 0, 11 }", "[3] = { 0, 11 }", "declared with 3 values and holds 2"),
        ("[2] = { 4.13", "[1] = { 4.13", "declared with 1 values and holds 2"),
        (".anom_cluster_count = 2", ".anom_cluster_count = 32", "anom_cluster_count is 32"),
        (".anom_axes_size = 2", ".anom_axes_size = 3", "anom_axes_size is 3"),
        ("_axes_size = 3", "_axes_size = 2", "declares 2 axes and lists 3"),
        ("0.46 }", '"much" }', "max_error is 'much', expected a number"),
        (".frequency = 62.5", '.frequency = "fast"', "frequency is 'fast', expected a number"),
        (".raw_sample_count = 125", ".raw_sample_count = 12.5", "expected a whole number"),
        (".raw_sample_count = 125,", "", "raw_sample_count is not given"),
        (".dsp_blocks = ei_dsp_blocks_43_2", ".dsp_blocks = nowhere", "there is no 'nowhere'"),
        (".has_anomaly = 1", ".has_anomaly = 1 / 0", "1 / 0 has no value"),
        (".has_anomaly = 1", ".has_anomaly = 77", "no kind of anomaly 77"),
        (".raw_sample_count = 125", ".raw_sample_count = -125", "$.input.samples: Expected"),
        (".frequency = 62.5", ".frequency = 1e999", "'1e999' is larger than"),
        ("33, // field", "2000000000, // field", "2000000000 features are too many"),
        ("true, // setting do_log", "true, true, // setting do_log", "holds 19 values where 18"),
    ],
)
def test_headers_that_contradict_themselves_are_one_clear_error(old, new, message, tmp_path):
    found = refusal(changed(VARIABLES, old, new), tmp_path)
    assert message in found
    assert str(tmp_path) in found


@pytest.mark.parametrize("era", ["2024", "2026"])
def test_a_network_whose_file_is_missing_keeps_its_block(era, tmp_path):
    files = rendered(era)
    gone = ".tflite" if era == "2026" else ".h"
    kept = {n: c for n, c in files.items() if n.startswith("model-") or not n.endswith(gone)}
    source = read_export(write(kept, tmp_path))
    (block, _) = source.impulse.learn
    assert block.files in [("tflite_learn_43_3.tflite",), ("tflite_learn_3.tflite",)]
    assert source.networks == {}


def test_a_folder_without_an_export_says_what_is_expected(tmp_path):
    assert "C++ library export" in refusal({"readme.txt": b"hi"}, tmp_path)


def test_headers_that_say_nothing_are_refused(tmp_path):
    assert "says nothing about an impulse" in refusal({METADATA: b"// empty\n"}, tmp_path)


def test_several_exports_in_one_folder_are_listed(tmp_path):
    write(rendered(), tmp_path / "one")
    write(rendered(), tmp_path / "two")
    with pytest.raises(ModelFormatError, match=r"holds 2 exports .*one.*two.*name one of them"):
        read_export(tmp_path)


def test_a_path_with_nothing_is_an_error_of_its_own(tmp_path):
    with pytest.raises(ModelNotFoundError):
        read_export(tmp_path / "nothing")


@pytest.mark.parametrize(
    "array",
    [
        b"0x01, 0x02, 0x03",  # shorter than declared
        b"0x01, 0x02, 0x03, 0x04, 0x05",
        b"0x01, 0x102, 0x03, 0x04",
        b"0x01, -2, 0x03, 0x04",
        b"0x01, , 0x03, 0x04",
        b"0x01 0x02 0x03 0x04",
        b"1, 2, three, 4",
        b"sizeof(int)",
        b"",
    ],
)
def test_a_damaged_array_of_bytes_is_one_clear_error(array, tmp_path):
    name = "tflite-model/tflite_learn_3.h"
    text = b"const unsigned char tflite_learn_3[] = {%b};\nunsigned int tflite_learn_3_len = 4;\n"
    assert "tflite_learn_3" in refusal(rendered("2024") | {name: text % array}, tmp_path)


def test_an_array_that_is_cut_off_is_one_clear_error(tmp_path):
    files = rendered("2024")
    name = "tflite-model/tflite_learn_3.h"
    files[name] = files[name][: len(files[name]) // 2]
    assert "is cut off" in refusal(files, tmp_path)


@pytest.mark.parametrize(
    "array",
    [
        b"0x00,0x01,\n0xfe,0xFF", b"0x00, 0x1, 0xfe, 0xff,", b"0,1,254,255",
        b"0x00, /* one */ 0x01, // two,\n 0xfe, 0xff\n",
    ],
)  # fmt: skip
def test_bytes_are_read_however_they_are_written(array, tmp_path):
    name = "tflite-model/tflite_learn_3.h"
    text = b"alignas(16) const uint8_t tflite_learn_3[4] ALIGN(16) = {%b};\n"
    source = read_export(write(rendered("2024") | {name: text % array}, tmp_path))
    (network,) = source.networks[3]
    assert network.read() == b"\x00\x01\xfe\xff"


def test_only_the_model_that_the_headers_include_counts(tmp_path):
    files = rendered("2024")
    stray = files["tflite-model/tflite_learn_3.h"].replace(b"0x54", b"0x55")
    files["tflite-model/an_old_one.h"] = stray
    (network,) = read_export(write(files, tmp_path)).networks[3]
    assert network.read() == NETWORK


def test_links_out_of_the_export_are_not_followed(tmp_path):
    files = rendered()
    name = next(name for name in files if name.endswith(".tflite"))
    secret = tmp_path / "secret"
    secret.write_bytes(NETWORK)
    write(files, tmp_path / "export")
    (tmp_path / "export" / name).unlink()
    (tmp_path / "export" / name).symlink_to(secret)
    with pytest.raises(ModelFormatError, match="leads out of the export"):
        read_export(tmp_path / "export")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize("name", [VARIABLES, METADATA, "tflite-model/tflite_learn_43_3.h"])
def test_a_pipe_in_the_place_of_a_file_does_not_keep_us_waiting(name, tmp_path):
    write(rendered(), tmp_path)
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    with pytest.raises(EdgeImpulseError, match=r"a named pipe|holds no model"):
        read_export(tmp_path)


def test_a_zip_that_would_unpack_to_too_much_is_refused(tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in rendered().items():
            archive.writestr(name, content)
        archive.writestr("model-parameters/big.h", b"\n" * 2**26)
    with pytest.raises(ModelFormatError, match="zip bomb"):
        read_export(path)


def test_a_zip_that_leads_out_of_itself_is_refused(tmp_path):
    path = tmp_path / "out.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in rendered().items():
            archive.writestr(name, content)
        archive.writestr("../model-parameters/model_metadata.h", b"")
    with pytest.raises(ModelFormatError, match="leads out"):
        read_export(path)


@pytest.mark.parametrize(
    "text",
    [
        "int x = " + "{" * 100_000,
        "int x = " + "{" * 100_000 + "}" * 100_000 + ";",
        "int x = " + "(" * 100_000 + "1" + ")" * 100_000 + ";",
        "int x[] = {" + "{1,2}," * 100_000 + "};",
        "int x = " + "1+" * 200_000 + "1;",
        "int x = " + "-" * 200_000 + "1;",
        'const char* x = "' + "a" * 1_000_000,
        "/*" * 200_000,
        "#if 1\n" * 100_000,
        "#if (1 + 2 * 3)\n" * 100_000,
        "typedef struct {" * 50_000,
        "int x;" * 60_000,
        "}" * 200_000,
        "a b c d ( [ ;" * 20_000,
        "float x[] = {" + "1.5f, " * 300_000 + "};",
        "\0" * 1000,
        "\ufffd\ud7ff" * 50_000,
        "x" * 5_000_000,
        "#include \"model_variables.h\"\n" * 50_000,
        "#define X X\n" * 1000,
        "a\\\n" * 200_000,
    ],
    ids=range(21),
)  # fmt: skip
def test_huge_and_nested_headers_are_read_or_refused_in_bounded_time(text, tmp_path):
    files = rendered()
    files[VARIABLES] += text.encode("utf-8", "replace")
    started = time.perf_counter()
    try:
        read_export(write(files, tmp_path))
    except EdgeImpulseError as error:
        assert "\n" not in str(error)  # noqa: PT017 - no error is right, too
    assert time.perf_counter() - started < 20  # a second or two where nothing else runs


def test_a_network_of_megabytes_is_read_fast(tmp_path):
    content = bytes(range(256)) * 2**12
    files = render(ERAS["2024"], MOTION, {3: content})
    write(files, tmp_path)
    started = time.perf_counter()
    (network,) = read_export(tmp_path).networks[3]
    elapsed = time.perf_counter() - started
    assert network.read() == content
    assert elapsed < 5


@pytest.mark.parametrize("era", ERAS)
def test_headers_that_end_anywhere_are_read_or_refused(era, tmp_path):
    files = rendered(era)
    for name in (n for n in files if n.startswith("model-parameters")):
        whole = files[name]
        for end in range(0, len(whole), max(len(whole) // 12, 1)):
            _read_or_refuse(files | {name: whole[:end]}, tmp_path)


def _read_or_refuse(files, folder):
    try:
        read_export(write(files, folder))
    except EdgeImpulseError as error:
        assert "\n" not in str(error)  # noqa: PT017 - no error is right, too


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_mutated_headers_are_read_or_refused(tmp_path_factory, data):
    era = data.draw(st.sampled_from(list(ERAS)))
    files = rendered(era)
    headers = sorted(n for n in files if n.startswith("model-parameters"))
    name = data.draw(st.sampled_from(headers))
    content = bytearray(files[name])
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(content) - 1))
        length = data.draw(st.integers(0, 40))
        piece = data.draw(
            st.binary(max_size=10)
            | st.sampled_from([b"{", b"}", b'"', b"/*", b"#if", b"(", b"= {", b"-1", b"\n#else\n"])
        )
        content[at : at + length] = piece
        content = content or bytearray(b" ")
    folder = tmp_path_factory.mktemp("mutated")
    _read_or_refuse(files | {name: bytes(content)}, Path(folder))


@pytest.mark.parametrize(
    "text",
    [
        "const int a = a;",
        "const int a = b; const int b = a;",
        "".join(f"const int a{i} = a{i + 1} + 1;\n" for i in range(5000)),
        "".join(f"const int *a{i} = a{i + 1};\n" for i in range(5000)),
    ],
)
def test_names_that_lead_back_or_on_and_on_are_one_clear_error(text, tmp_path):
    files = changed(VARIABLES, "samples_per_frame = 3", "samples_per_frame = a0")
    files[METADATA] += text.replace(" a ", " a0 ").replace(" a;", " a0;").encode()
    assert "a0" in refusal(files, tmp_path) or "defined by itself" in refusal(files, tmp_path)


def test_exports_are_read_in_several_threads_at_once(tmp_path):
    folder = write(rendered(), tmp_path)
    expected = read_export(folder).impulse
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: read_export(folder).impulse, range(40)))
    assert all(impulse == expected for impulse in found)
