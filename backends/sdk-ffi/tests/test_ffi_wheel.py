"""Wheels of built models: what is in them, for what they are, and that they open by their name."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from built_distributions import wheel_files, wheel_metadata
from ffi_commands import ei_runner
from packaging.tags import sys_tags
from packaging.utils import parse_wheel_filename

from ei_runner_core import EdgeImpulseModel, InvalidInputError, __version__
from ei_runner_core.locate import locate
from ei_runner_sdk_ffi.build.exports import build_export
from ei_runner_sdk_ffi.build.options import BuildOptions
from ei_runner_sdk_ffi.build.targets import TARGETS, this_machine
from ei_runner_sdk_ffi.packaging import package_library
from ei_runner_sdk_ffi.platform_tags import platform_tag

pytestmark = pytest.mark.requires("compiler")
OPTIONS = BuildOptions(cflags="-O0")
WINDOW = np.linspace(-1, 1, 12)
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="is about the C library of Linux")
OPEN = """
import json, sys
from ei_runner_core import EdgeImpulseModel
with EdgeImpulseModel(sys.argv[1]) as model:
    result = model.infer(json.loads(sys.argv[2]))
    print(json.dumps([str(model.path), model.backend_name, result.classification, result.anomaly]))
"""
MAJOR, MINOR = map(int, __version__.split(".")[:2])
RANGE = f">={MAJOR}.{MINOR},<{MAJOR}.{MINOR + 1}"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """An empty folder to be in."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def motion(exported):
    return build_export(exported("motion"), OPTIONS)


def package(export, *arguments):
    answer = ei_runner("build", export, "--cflags=-O0", "--json", "--wheel", "hand", *arguments)
    (wheel,) = answer.document["written"]
    return Path(wheel)


def install(wheel, site):
    """Install with pip, without an index and without what the wheel requires."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    command += ["--disable-pip-version-check", "--target", str(site), str(wheel)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def opened_by_name(name, site, window):
    """What the model answers in a fresh process that has the folder on its path."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(site), *filter(None, sys.path)])}
    done = subprocess.run(
        [sys.executable, "-c", OPEN, name, json.dumps(list(window))],
        capture_output=True, text=True, timeout=120, env=environment,
    )  # fmt: skip
    complaints = [line for line in done.stderr.splitlines() if not line.startswith("INFO:")]
    assert (done.returncode, complaints) == (0, [])
    return json.loads(done.stdout)


def test_an_installed_wheel_opens_by_its_name_and_answers_the_same(exported, tmp_path):
    install(package(exported("motion")), tmp_path / "site")
    path, backend, scores, anomaly = opened_by_name("hand", tmp_path / "site", WINDOW)
    assert path == str(tmp_path / "site" / "ei_runner_model_hand" / "model.so")
    assert backend == "sdk-ffi"
    with EdgeImpulseModel(exported("motion"), backend="sdk-ffi", options={"cflags": "-O0"}) as own:
        expected = own.infer(WINDOW)
    assert (scores, anomaly) == (expected.classification, expected.anomaly)


def test_it_holds_the_library_and_what_it_says_of_itself(exported, motion):
    wheel = package(exported("motion"), "--version", "2.1", "-o", "dist")
    assert wheel.parent == Path("dist")
    files = wheel_files(wheel)
    model = {name for name in files if name.startswith("ei_runner_model_hand/")}
    assert {name.split("/")[1] for name in model} == {"__init__.py", "model.so", "parameters.json"}
    assert files["ei_runner_model_hand/model.so"] == motion.library.sha256
    with zipfile.ZipFile(wheel) as archive:
        told = json.loads(archive.read("ei_runner_model_hand/parameters.json"))
        entries = archive.read("hand-2.1.dist-info/entry_points.txt").decode()
    assert told["project"]["name"] == "motion of 2026"
    assert told["model_parameters"]["labels"] == ["idle", 'say "hi"', "wäve \\ Δ"]
    assert "[ei_runner_models]\nhand=ei_runner_model_hand\n" in entries
    about = wheel_metadata(wheel)
    assert (about["Name"], about["Version"]) == ("hand", "2.1")
    assert about.get_all("Requires-Dist") == [f"ei-runner-sdk-ffi{RANGE}"]
    assert about["Summary"] == "motion of 2026, a model for ei-runner"


@ON_LINUX
def test_it_is_for_this_platform_and_no_other(exported):
    wheel = package(exported("motion"))
    name, version, _, tags = parse_wheel_filename(wheel.name)
    assert (name, str(version)) == ("hand", "1.0")
    (tag,) = tags
    assert (tag.interpreter, tag.abi) == ("py3", "none")
    assert tag.platform.startswith("manylinux_2_")
    assert tag in set(sys_tags())
    with zipfile.ZipFile(wheel) as archive:
        about = archive.read("hand-1.0.dist-info/WHEEL").decode()
    assert f"Tag: {tag}\n" in about


def test_the_same_library_gives_the_same_bytes(exported):
    first, second = (package(exported("motion"), "-o", folder) for folder in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()


def test_a_wheel_that_is_there_is_replaced_only_on_demand(exported):
    wheel = package(exported("motion"))
    wheel.write_bytes(b"mine")
    answer = ei_runner("build", exported("motion"), "--cflags=-O0", "--wheel", "hand")
    assert (answer.code, "is there already; choose another version" in answer.problem) == (2, True)
    assert wheel.read_bytes() == b"mine"
    assert package(exported("motion"), "--force").stat().st_size > 1000


def test_the_backend_that_runs_its_network_is_required(exported, tmp_path):
    pytest.importorskip("ei_runner_full_tflite")
    export = exported("dense", network="incbin")
    wheel = package(export, "--network", "full-tflite")
    assert wheel_metadata(wheel).get_all("Requires-Dist") == [
        f"ei-runner-sdk-ffi{RANGE}",
        f"ei-runner-full-tflite{RANGE}",
    ]
    install(wheel, tmp_path / "site")
    _, _, scores, _ = opened_by_name("hand", tmp_path / "site", WINDOW[:6])
    options = {"cflags": "-O0", "network": "full-tflite"}
    with EdgeImpulseModel(export, backend="sdk-ffi", options=options) as own:
        assert scores == own.infer(WINDOW[:6]).classification


def test_a_backend_that_nobody_brings_cannot_be_required(motion):
    foreign = replace(motion, plan=replace(motion.plan, network="stranger"))
    with pytest.raises(InvalidInputError, match="no distribution brings the backend 'stranger'"):
        package_library(foreign, None, "hand")


def test_what_the_library_needs_lies_beside_it(motion, tmp_path):
    needed = tmp_path / "libtensorflowlite_c.so"
    shutil.copyfile(motion.library.path, needed)
    built = replace(motion, library=msgspec.structs.replace(motion.library, libraries=(needed,)))
    install(package_library(built, None, "hand"), tmp_path / "site")
    folder = tmp_path / "site" / "ei_runner_model_hand"
    assert {path.name for path in folder.glob("*.so")} == {"model.so", needed.name}
    assert locate(folder).path == folder / "model.so"


def test_the_installed_model_is_listed_and_packaged_no_further(exported, tmp_path):
    install(package(exported("motion")), tmp_path / "site")
    answer = ei_runner("package", tmp_path / "site" / "ei_runner_model_hand", "--name", "other")
    assert answer.code == 2
    assert "of the kind 'library', which cannot be packaged" in answer.problem
    assert "ei-runner build --wheel NAME" in answer.problem


@pytest.mark.parametrize(
    ("target", "compiler", "ends"),
    [
        ("linux-aarch64", "aarch64-linux-gnu-g++", "_aarch64"),
        ("linux-armv7", "arm-linux-gnueabihf-g++", "_armv7l"),
    ],
)
def test_a_wheel_for_another_machine_says_so(exported, target, compiler, ends):
    if not shutil.which(compiler) or this_machine().name == target:
        pytest.skip("there is no cross compiler")
    wheel = package(exported("motion"), "--target", target)
    (tag,) = parse_wheel_filename(wheel.name)[3]
    assert tag.platform.startswith("manylinux_2_")
    assert tag.platform.endswith(ends)
    assert int(tag.platform.split("_")[2]) >= 17
    assert "ei_runner_model_hand/parameters.json" not in wheel_files(wheel)


# ------------------------------------------------------------------------------------- platforms


@ON_LINUX
@pytest.mark.parametrize(
    ("call", "expected"),
    [("getentropy", (2, 25)), ("__isoc23_strtol", (2, 38)), ("getpid", (2, 5))],
)
def test_the_newest_symbol_of_the_c_library_counts(tmp_path, call, expected):
    if this_machine().name != "linux-x86_64":
        pytest.skip("glibc has other versions for this processor")
    source = tmp_path / "a.c"
    source.write_text(f"extern int {call}(); int f() {{ return {call}(); }}\n")
    library = tmp_path / "a.so"
    command = ["gcc", "-w", "-shared", "-fPIC", "-o", str(library), str(source)]
    if subprocess.run(command, capture_output=True, timeout=60).returncode:
        pytest.skip("no compiler of C")
    tag = platform_tag([library], this_machine())
    has_it = tuple(map(int, os.confstr("CS_GNU_LIBC_VERSION").split()[1].split("."))) >= expected
    if has_it:
        assert tag == f"manylinux_{expected[0]}_{expected[1]}_x86_64"


def macho(*versions):
    """The head of a library for macOS, with load commands that name the oldest system."""
    commands = b""
    for number, (major, minor) in versions:
        value = major << 16 | minor << 8
        rest = (1, value, value, 0) if number == 0x32 else (value, value)
        commands += struct.pack(f"<II{len(rest)}I", number, 8 + 4 * len(rest), *rest)
    cpu = 0x0100000C
    head = struct.pack("<8I", 0xFEEDFACF, cpu, 0, 6, len(versions), len(commands), 0, 0)
    return head + commands


@pytest.mark.parametrize(
    ("versions", "target", "expected"),
    [
        ([(0x32, (11, 0))], "mac-arm64", "macosx_11_0_arm64"),
        ([(0x32, (13, 3))], "mac-arm64", "macosx_14_0_arm64"),
        ([(0x32, (10, 9))], "mac-arm64", "macosx_11_0_arm64"),
        ([(0x24, (10, 9))], "mac-x86_64", "macosx_10_15_x86_64"),
        ([(0x24, (12, 0))], "mac-x86_64", "macosx_12_0_x86_64"),
        ([], "mac-x86_64", "macosx_10_15_x86_64"),
    ],
)
def test_the_oldest_macos_that_a_library_names_counts(tmp_path, versions, target, expected):
    library = tmp_path / "model.dylib"
    library.write_bytes(macho(*versions))
    assert platform_tag([library], TARGETS[target]) == expected
