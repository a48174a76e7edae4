"""Finding an export and its SDK, in folders and zips, and the facts that a build depends on."""

import os
import re
import stat
import zipfile
from pathlib import Path

import pytest
from small_exports import FILES, METADATA, write_export

from ei_runner_core import BuildError, ModelFormatError, ModelNotFoundError
from ei_runner_sdk_ffi.build.cache import Cache
from ei_runner_sdk_ffi.build.contents import Contents
from ei_runner_sdk_ffi.build.export import Export, read_export
from ei_runner_sdk_ffi.build.fingerprint import scan, settled

MARK = "model-parameters/model_metadata.h"
FLATBUFFER = b"\x1c\x00\x00\x00TFL3rest"


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def read(path: Path, cache: Cache, sdk: Path | None = None) -> Export:
    return read_export(path, sdk=sdk, cache=cache)


def zipped(target: Path, folder: Path, prefix: str = "") -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, f"{prefix}{path.relative_to(folder).as_posix()}")
    return target


@pytest.mark.parametrize("below", ["", "src", "a library/src", "one/two/three"])
def test_an_export_is_found_wherever_it_begins(tmp_path, cache, below):
    root = write_export(tmp_path / "given" / below)
    export = read(tmp_path / "given", cache)
    assert export.root == root
    assert export.sdk == root / "edge-impulse-sdk"
    assert export.layout == ("arduino" if below.endswith("src") else "library")
    assert set(export.files) == set(FILES)
    assert list(export.files) == sorted(export.files)


@pytest.mark.parametrize("prefix", ["", "top/", "my export/src/"])
def test_a_zip_is_the_same_export(tmp_path, cache, prefix):
    folder = read(write_export(tmp_path / "folder"), cache)
    path = zipped(tmp_path / "export.zip", folder.root, prefix)
    export = read(path, cache)
    assert export.given == path
    assert export.files == folder.files
    assert Contents(export, cache).digest == Contents(folder, cache).digest
    assert read(path, cache).root == export.root


def test_a_zip_in_a_zip_is_unpacked_too(tmp_path, cache):
    folder = write_export(tmp_path / "folder")
    (tmp_path / "outer").mkdir()
    zipped(tmp_path / "outer/inner.zip", folder, "library/")
    assert read(zipped(tmp_path / "outer.zip", tmp_path / "outer"), cache).engine == "TFLITE"


def test_the_facts_are_those_of_the_headers(tmp_path, cache):
    export = read(write_export(tmp_path / "export"), cache)
    assert (export.studio_version, export.engine, export.is_eon) == ("1.75.3", "TFLITE", True)
    assert not export.has_flatbuffer


OPEN = METADATA.replace("COMPILED                      1", "COMPILED 0")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('INCBIN(net, "tflite-model/net.tflite");', True),
        ('INCBIN(net, "tflite-model/other.bin");', False),
        ('INCBIN(net, "tflite-model/missing.tflite");', False),
        (
            "const unsigned char net[] ALIGN(16) = {0x1c, 0x00, 0, 0x0, 0x54, 0x46, 0x4c, 0x33",
            True,
        ),
        ("const unsigned char net[] = { 1, 2, 3, 4, 5, 6, 7, 8 };", False),
        ("", False),
    ],
)
def test_a_flatbuffer_is_known_by_its_bytes(tmp_path, cache, header, expected):
    files = {**FILES, MARK: OPEN, "tflite-model/net_compiled.h": header}
    root = write_export(tmp_path / "export", files)
    (root / "tflite-model/net.tflite").write_bytes(FLATBUFFER)
    (root / "tflite-model/other.bin").write_bytes(b"something else")
    (root / "tflite-model/stray.h").write_text('INCBIN(net, "tflite-model/net.tflite");')
    assert read(root, cache).has_flatbuffer is expected


QUANTIZED = "#define EI_CLASSIFIER_QUANTIZATION_ENABLED 1\n"
OF_2021 = "#define EI_CLASSIFIER_TFLITE_INPUT_QUANTIZED     1\n"
OBJECTS = "#define EI_CLASSIFIER_OBJECT_DETECTION 1\n"
LAST_LAYER = "#define EI_CLASSIFIER_OBJECT_DETECTION_LAST_LAYER EI_CLASSIFIER_LAST_LAYER_"


@pytest.mark.parametrize(
    ("defines", "expected"),
    [
        ("", False),
        ("#define EI_CLASSIFIER_QUANTIZATION_ENABLED 0\n", False),
        (QUANTIZED, True),
        (OF_2021, True),
        (f"{QUANTIZED}#define EI_CLASSIFIER_TFLITE_LARGEST_ARENA_SIZE 3174\n", True),
        (f"{QUANTIZED}#define EI_CLASSIFIER_TFLITE_LARGEST_ARENA_SIZE 0\n", False),
        (f"{OF_2021}{OBJECTS}#define EI_CLASSIFIER_OBJECT_DETECTION_CONSTRAINED 1\n", True),
        (f"{OF_2021}{OBJECTS}#define EI_CLASSIFIER_OBJECT_DETECTION_CONSTRAINED 0\n", False),
        (f"{QUANTIZED}{OBJECTS}{LAST_LAYER}FOMO\n", True),
        (f"{QUANTIZED}{OBJECTS}{LAST_LAYER}YOLOV5\n", True),
        (f"{QUANTIZED}{OBJECTS}{LAST_LAYER}SSD\n", False),
    ],
)
def test_what_micro_would_quantise_is_known(tmp_path, cache, defines, expected):
    root = write_export(tmp_path / "export", {**FILES, MARK: OPEN + "\n" + defines})
    assert read(root, cache).quantizes_for_micro is expected


def test_a_network_in_the_signal_processing_is_not_for_micro(tmp_path, cache):
    variables = "model-parameters/model_variables.h"
    files = {**FILES, MARK: f"{OPEN}\n{QUANTIZED}"}
    files[variables] += "\nint (*first)() = &extract_tflite_features;\n"
    assert not read(write_export(tmp_path / "export", files), cache).quantizes_for_micro


def test_the_model_of_2021_has_a_fixed_name(tmp_path, cache):
    files = {**FILES, MARK: OPEN, "model-parameters/model_variables.h": ""}
    files["tflite-model/tflite-trained.h"] = 'INCBIN(net, "tflite-model/net.tflite")'
    root = write_export(tmp_path / "export", files)
    (root / "tflite-model/net.tflite").write_bytes(FLATBUFFER)
    assert read(root, cache).has_flatbuffer


def test_headers_that_do_not_compile_are_read_all_the_same(tmp_path, cache):
    text = '#ifdef __cplusplus extern "C"\n' + METADATA.split("#define EI_STUDIO")[0]
    export = read(write_export(tmp_path / "export", {**FILES, MARK: text}), cache)
    assert export.engine == "TFLITE"
    assert export.studio_version == ""


def test_an_export_without_a_network_has_no_engine(tmp_path, cache):
    text = "#define EI_CLASSIFIER_INFERENCING_ENGINE EI_CLASSIFIER_NONE\n"
    export = read(write_export(tmp_path / "export", {**FILES, MARK: text}), cache)
    assert (export.engine, export.is_eon, export.has_flatbuffer) == ("NONE", False, False)


def test_nothing_at_the_path_is_one_clear_error(tmp_path, cache):
    with pytest.raises(ModelNotFoundError, match="there is no export at"):
        read(tmp_path / "nothing", cache)


def test_a_folder_without_an_export_is_one_clear_error(tmp_path, cache):
    (tmp_path / "folder").mkdir()
    with pytest.raises(ModelFormatError, match=r"holds no model-parameters/model_metadata\.h"):
        read(tmp_path / "folder", cache)


def test_two_exports_in_one_folder_are_told_apart_by_the_user(tmp_path, cache):
    write_export(tmp_path / "folder/one")
    write_export(tmp_path / "folder/two")
    with pytest.raises(ModelFormatError, match=r"holds 2 exports \(one, two\)"):
        read(tmp_path / "folder", cache)


def without_sdk() -> dict[str, str]:
    return {name: text for name, text in FILES.items() if not name.startswith("edge-impulse-sdk")}


def test_an_export_without_an_sdk_names_the_option(tmp_path, cache):
    root = write_export(tmp_path / "export", without_sdk())
    with pytest.raises(BuildError, match="with the option sdk="):
        read(root, cache)


@pytest.mark.parametrize("given", ["elsewhere", "elsewhere/edge-impulse-sdk", "sdk of 1.75"])
def test_an_sdk_elsewhere_is_taken_under_its_own_name(tmp_path, cache, given):
    root = write_export(tmp_path / "export", without_sdk())
    sdk = write_export(tmp_path / "elsewhere") / "edge-impulse-sdk"
    (tmp_path / "sdk of 1.75").symlink_to(sdk)
    export = read(root, cache, sdk=tmp_path / given)
    assert export.sdk.name == "edge-impulse-sdk"
    assert export.sdk.resolve() == sdk
    assert set(export.files) == set(FILES)
    assert export.path("edge-impulse-sdk/dsp/numpy.hpp").is_file()


def test_an_incomplete_sdk_says_what_it_lacks(tmp_path, cache):
    root = write_export(tmp_path / "export")
    (root / "edge-impulse-sdk/dsp/numpy.hpp").unlink()
    with pytest.raises(BuildError, match=r"is incomplete: there is no dsp/numpy\.hpp"):
        read(root, cache)


def test_an_sdk_that_is_not_there_is_one_clear_error(tmp_path, cache):
    with pytest.raises(BuildError, match="there is no folder at sdk="):
        read(write_export(tmp_path / "export"), cache, sdk=tmp_path / "nothing")


def member(name: str, mode: int = 0, flags: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    info.flag_bits = flags
    return info


@pytest.mark.parametrize(
    "info",
    [member("../outside.h"), member("link", stat.S_IFLNK | 0o777), member("pipe", stat.S_IFIFO)],
    ids=["outside", "link", "pipe"],
)
def test_a_zip_that_is_not_safe_is_refused_and_leaves_nothing(tmp_path, cache, info):
    path = zipped(tmp_path / "export.zip", write_export(tmp_path / "folder"))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, "content")
    with pytest.raises(ModelFormatError, match=re.escape(info.filename)):
        read(path, cache)
    assert not any(cache.exports.glob("*"))
    assert not any(cache.work.glob("*"))


@pytest.mark.parametrize("keep", [0, 10, -30])
def test_a_damaged_zip_is_one_clear_error(tmp_path, cache, keep):
    path = zipped(tmp_path / "export.zip", write_export(tmp_path / "folder"))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ModelFormatError, match="is not a readable zip"):
        read(path, cache)
    assert not any(cache.work.glob("*"))


def test_links_that_lead_up_do_not_end_in_a_loop(tmp_path, cache):
    root = write_export(tmp_path / "export")
    (root / "edge-impulse-sdk/dsp/again").symlink_to(root, target_is_directory=True)
    (root / "edge-impulse-sdk/nowhere.h").symlink_to(tmp_path / "nothing")
    os.mkfifo(root / "edge-impulse-sdk/pipe.h")
    assert set(read(root, cache).files) == set(FILES)


def age(root: Path) -> None:
    """Let no file look as if it had been written just now: its time of change cannot be set."""
    for path in root.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))


def test_the_content_decides_and_not_the_time(tmp_path, cache):
    root = write_export(tmp_path / "export")
    before = Contents(read(root, cache), cache).digest
    age(root)
    assert Contents(read(root, cache), cache).digest == before
    (root / "edge-impulse-sdk/dsp/tables.c").write_text("int changed;")
    assert Contents(read(root, cache), cache).digest != before


def test_a_change_of_equal_size_and_time_is_seen(tmp_path, cache):
    root = write_export(tmp_path / "export")
    path = root / "edge-impulse-sdk/dsp/tables.c"
    before = Contents(read(root, cache), cache).digest
    stamp = path.stat()
    path.write_text(path.read_text().replace("10", "20"))
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert Contents(read(root, cache), cache).digest != before


@pytest.mark.parametrize(
    ("changed", "moment", "expected"),
    [
        (5_000_000_001, 5_000_000_002, False),  # a later change could have the same stamp
        (5_000_000_001, 5_100_000_002, True),
        (5_000_000_000, 5_100_000_000, False),  # a clock of whole seconds, it seems
        (5_000_000_000, 7_100_000_000, True),
        (9_000_000_001, 5_000_000_000, False),  # from the future
    ],
)
def test_stamps_are_trusted_only_when_they_are_old_enough(changed, moment, expected):
    assert settled([(1, 0, changed)], moment) is expected


def test_a_remembered_digest_spares_the_reading(tmp_path, cache, monkeypatch):
    root = write_export(tmp_path / "export")
    export = read(root, cache)
    newest = max(changed for _, _, changed in export.stamps.files.values())
    monkeypatch.setattr("ei_runner_sdk_ffi.build.contents.now", lambda: newest + 10_000_000_000)
    digest = Contents(export, cache).digest
    for path in root.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    monkeypatch.setattr("ei_runner_sdk_ffi.build.contents.digest_file", None)
    assert Contents(export, cache).digest == digest


def test_a_folder_with_far_too_many_files_is_refused(tmp_path, monkeypatch):
    write_export(tmp_path / "export")
    monkeypatch.setattr("ei_runner_sdk_ffi.build.fingerprint.MAX_FILES", 3)
    with pytest.raises(BuildError, match="more than 3 files"):
        scan({"a": tmp_path / "export"})
