"""Full TensorFlow Lite to link: fetched by a real pip, missing, and the order of the link."""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
import zipfile
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner
from ffi_plan_cases import make_export, plan_case

from ei_runner_core import BuildError, DeadlineError, InvalidInputError
from ei_runner_sdk_ffi.build.plan import refuse_missing
from ei_runner_sdk_ffi.build.targets import TARGETS, this_machine
from ei_runner_sdk_ffi.build.toolchain import Toolchain
from ei_runner_sdk_ffi.prebuilt import Prebuilt, fetch, main, prebuilt_for

needs_pip = pytest.mark.skipif(find_spec("pip") is None, reason="this Python has no pip")
SOURCE = Prebuilt(
    "carrier", "1.0", "manylinux_2_35_aarch64", "", "carrier/libtensorflowlite_c.so",
    "carrier-1.0.dist-info/LICENSE",
)  # fmt: skip


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Prebuilt:
    """A published wheel: the only one that pip sees."""
    folder = tmp_path / "published"
    folder.mkdir()
    info, tag = "carrier-1.0.dist-info", f"py3-none-{SOURCE.platform}"
    wheel = folder / f"carrier-1.0-{tag}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(SOURCE.library, b"a library")
        archive.writestr(f"{info}/LICENSE", "a licence")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nTag: {tag}\n")
        archive.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return replace(SOURCE, sha256=hashlib.sha256(wheel.read_bytes()).hexdigest())


# Fetched


@needs_pip
def test_the_library_and_its_licence_are_taken_out_of_a_published_wheel(
    source: Prebuilt, tmp_path: Path
) -> None:
    folder = tmp_path / "tflite" / "linux-aarch64"
    library = fetch(source, folder)
    assert library == folder / "libtensorflowlite_c.so"
    assert library.read_bytes() == b"a library"
    assert (folder / "LICENSE").read_text() == "a licence"
    assert len(list(folder.iterdir())) == 2


@needs_pip
def test_a_wheel_that_nobody_has_looked_at_is_not_used(source: Prebuilt, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="has the SHA-256 .* expected 00"):
        fetch(replace(source, sha256="00"), tmp_path / "tflite")
    assert not (tmp_path / "tflite").exists()


@needs_pip
def test_what_cannot_be_downloaded_is_one_line(source: Prebuilt, tmp_path: Path) -> None:
    with pytest.raises(BuildError) as caught:
        fetch(replace(source, version="2.0"), tmp_path)
    assert "pip cannot download carrier==2.0 for manylinux_2_35_aarch64: ERROR" in str(caught.value)
    assert "\n" not in str(caught.value)


@needs_pip
def test_a_folder_that_is_a_file_is_one_clear_error(source: Prebuilt, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BuildError, match="cannot write to"):
        fetch(source, tmp_path / "file")


@needs_pip
def test_a_download_has_a_deadline(source: Prebuilt, tmp_path: Path) -> None:
    with pytest.raises(DeadlineError, match="pip took longer than 0.001 s"):
        fetch(source, tmp_path, timeout=0.001)


def test_wheels_are_known_for_linux_and_others_are_refused_with_what_to_do() -> None:
    for name, target in TARGETS.items():
        if not target.is_mac:
            assert len(prebuilt_for(target).sha256) == 64, name
    with pytest.raises(InvalidInputError, match="put it into tflite/mac-arm64"):
        prebuilt_for(TARGETS["mac-arm64"])
    refused = CliRunner().invoke(main, ["mac-arm64"])
    assert refused.exit_code == 1
    assert refused.output.startswith("Error: no wheel with TensorFlow Lite for mac-arm64 is known")


def test_the_help_says_where_the_library_goes() -> None:
    command = (sys.executable, "-m", "ei_runner_sdk_ffi.prebuilt", "--help")
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "EI_TFLITE_DIR" in shown
    assert "linux-armv7" in shown


# Missing


@pytest.mark.parametrize("target", TARGETS)
def test_a_missing_library_says_what_to_put_where(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    export = make_export(tmp_path / "export")
    plan = plan_case(f"target={target} network=linked", export)
    with pytest.raises(BuildError) as caught:
        refuse_missing(replace(plan, toolchain=replace(plan.toolchain, problem="")))
    said = str(caught.value)
    folder = export.root / "tflite" / TARGETS[target].tflite[0]
    assert said.startswith(f"{folder / 'libtensorflow-lite.a'} is missing")
    assert "EI_TFLITE_DIR" in said
    assert "libtensorflowlite_c" in said
    assert ("ei_runner_sdk_ffi.prebuilt" in said) is not target.startswith("mac-")


# Linked


STATIC = {  # what of each library the others use
    "tensorflow-lite": (
        "farmhash",
        "fft2d_fftsg",
        "fft2d_fftsg2d",
        "ruy",
        "XNNPACK",
        "pthreadpool",
    ),
    "fft2d_fftsg2d": ("fft2d_fftsg",),
    "ruy": ("cpuinfo",),
    "XNNPACK": ("cpuinfo", "pthreadpool"),
    "farmhash": (),
    "fft2d_fftsg": (),
    "cpuinfo": (),
    "pthreadpool": (),
    "flatbuffers": (),
}


def put_static_libraries(folder: Path) -> None:
    for name, uses in STATIC.items():
        own, used = name.replace("-", "_"), [use.replace("-", "_") for use in uses]
        text = "".join(f"int {use}(void);\n" for use in used)
        text += f"int {own}(void) {{ return 1{''.join(f' + {use}()' for use in used)}; }}\n"
        (folder / f"{name}.c").write_text(text)
        compile_c = ("gcc", "-fPIC", "-c", f"{name}.c", "-o", f"{name}.o")
        subprocess.run(compile_c, cwd=folder, check=True, timeout=60)
        archive = ("ar", "rc", f"lib{name}.a", f"{name}.o")
        subprocess.run(archive, cwd=folder, check=True, timeout=60)


@pytest.mark.requires("compiler")
@pytest.mark.skipif(platform.system() != "Linux", reason="the flags are those of Linux")
@pytest.mark.parametrize("target", ["linux-x86_64", "linux-armv7"])
def test_static_libraries_are_linked_in_an_order_that_works(target: str, tmp_path: Path) -> None:
    export = make_export(tmp_path / "export")
    folder = export.root / "tflite" / TARGETS[target].tflite[0]
    folder.mkdir(parents=True)
    put_static_libraries(folder)
    machine = this_machine().name  # the order of another target is linked for this machine
    toolchain = Toolchain("gcc", ("gcc",), ("gcc",), machine, static_runtime=False)
    plan = replace(plan_case(f"target={target} network=linked", export), toolchain=toolchain)
    (tmp_path / "model.c").write_text(
        "int tensorflow_lite(void);\nint ei_runner_model(void) { return tensorflow_lite(); }\n"
    )
    link = [word for word in plan.link if not word.startswith("-static-")]
    command = ("gcc", "-fPIC", "-o", tmp_path / "model.so", tmp_path / "model.c", *link)
    subprocess.run(command, cwd=export.root, check=True, timeout=60)
