"""Exports that are broken, caches that are damaged, builds that are disturbed."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ffi_exports import FAST, TASKS, Recipe, build_library, scores_of, write_export, zip_export
from processes import until

from ei_runner_core import (
    BuildError,
    EdgeImpulseError,
    EdgeImpulseModel,
    InvalidInputError,
    ModelFormatError,
)
from ei_runner_sdk_ffi.build import shortcut
from ei_runner_sdk_ffi.build.options import BuildOptions

pytestmark = pytest.mark.requires("compiler")

WINDOW = np.linspace(-1, 1, 12, dtype=np.float32)
EXPECTED = pytest.approx(scores_of(TASKS["motion"].labels, WINDOW), abs=1e-6)
VARIABLES = "model-parameters/model_variables.h"
METADATA = "model-parameters/model_metadata.h"
NETWORK = "tflite-model/tflite_learn_1_compiled.cpp"
SDK = "edge-impulse-sdk"

Writer = Callable[..., Path]


@pytest.fixture(scope="session")
def filled_cache(exported: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache in which the model of motion is built."""
    cache = tmp_path_factory.mktemp("filled_cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EI_RUNNER_CACHE", str(cache))
        build_library(exported("motion"))
    return cache


@pytest.fixture(autouse=True)
def own_cache(filled_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Such a cache, which the test may damage."""
    cache = Path(shutil.copytree(filled_cache, tmp_path / "cache"))
    monkeypatch.setenv("EI_RUNNER_CACHE", str(cache))
    return cache


@pytest.fixture
def empty_cache(own_cache: Path) -> Path:
    """A cache without anything."""
    shutil.rmtree(own_cache)
    return own_cache


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    """Writes an export with changed files."""

    def writer(changes: Mapping[str, str] | None = None, **fields: Any) -> Path:
        return write_export(tmp_path / "export", Recipe(**fields), changes)

    return writer


def text_of(folder: Path, name: str) -> str:
    return (folder / name).read_text()


def refusal(path: Path, kind: type[EdgeImpulseError] = BuildError, **options: Any) -> str:
    """What is said about an export that cannot be opened, in one line."""
    with pytest.raises(kind) as caught:
        EdgeImpulseModel(path, backend="sdk-ffi", options=FAST | options)
    message = str(caught.value)
    assert "\n" not in message
    return message


def name_another_block(folder: Path) -> None:
    """Let the headers name a block of signal processing that the SDK does not have."""
    of_the_sdk, declared = "&extract_raw_features", "ei_model_dsp_t ei_dsp_blocks"
    mine = f"int extract_mine(ei::signal_t *, ei::matrix_t *, void *, const float);\n{declared}"
    headers = text_of(folder, VARIABLES).replace(declared, mine)
    (folder / VARIABLES).write_text(headers.replace(of_the_sdk, "&extract_mine"))


def answers(path: Path) -> bool:
    with EdgeImpulseModel(path, backend="sdk-ffi", options=FAST) as model:
        return bool(model.infer(WINDOW).classification == EXPECTED)


def libraries(cache: Path) -> list[Path]:
    return sorted(cache.rglob("model.so"))


# -------------------------------------------------------------------------------- broken exports


def test_an_error_in_the_model_is_told_with_its_line(write: Writer) -> None:
    folder = write()
    (folder / NETWORK).write_text(f"{text_of(folder, NETWORK)}\nint last = ;\n")
    line = text_of(folder, NETWORK).splitlines().index("int last = ;") + 1
    said = refusal(folder)
    assert f"{NETWORK}:{line}" in said
    assert "does not compile" in said


def test_a_missing_header_is_told_by_its_name(write: Writer) -> None:
    said = refusal(write({f"{SDK}/dsp/kissfft/kiss_fft.h": ""}))
    assert f"{SDK}/dsp/kissfft/kiss_fft.h is missing" in said
    assert "incomplete" in said


def test_a_symbol_that_nothing_defines_is_told_by_its_name(write: Writer) -> None:
    unneeded = ("dsp/dct/fast-dct-fft.cpp", "tensorflow/lite/micro/kernels/conv.cc")
    changes = {f"{SDK}/{name}": "" for name in unneeded}
    said = refusal(write(changes | {f"{SDK}/tensorflow/lite/micro/kernels/softmax.cc": ""}))
    assert "tflite::softmax" in said
    assert "does not link" in said


def test_a_missing_source_of_the_network_is_told_by_its_name(write: Writer) -> None:
    said = refusal(write({NETWORK: ""}))
    assert f"{NETWORK} is missing, which belongs to {NETWORK.replace('.cpp', '.h')}" in said


def test_a_block_that_the_sdk_does_not_have_is_told_with_what_to_do(write: Writer) -> None:
    folder = write()
    name_another_block(folder)
    said = refusal(folder)
    assert "nothing defines extract_mine(" in said
    assert f"{VARIABLES} names it" in said
    assert "put a .cpp file that defines it into tflite-model" in said


def test_a_block_of_the_users_own_is_compiled_with_the_network(write: Writer) -> None:
    folder = write()
    name_another_block(folder)
    (folder / "tflite-model" / "mine.cpp").write_text(
        f'''#include "{SDK}/classifier/ei_run_dsp.h"
        int extract_mine(ei::signal_t *signal, ei::matrix_t *out, void *config, const float rate) {{
            return extract_raw_features(signal, out, config, rate);
        }}
        '''
    )
    assert answers(folder)


def test_a_missing_sdk_is_told_with_the_option(write: Writer) -> None:
    folder = write()
    shutil.rmtree(folder / SDK)
    said = refusal(folder)
    assert f"holds no {SDK}" in said
    assert "sdk=" in said


def test_the_sdk_may_come_from_elsewhere(write: Writer, tmp_path: Path) -> None:
    folder = write()
    sdk = tmp_path / "other place" / "inferencing-sdk"
    shutil.move(folder / SDK, sdk)
    options = FAST | {"sdk": str(sdk)}
    with EdgeImpulseModel(folder, backend="sdk-ffi", options=options) as model:
        assert model.infer(WINDOW).classification == EXPECTED


@pytest.mark.parametrize("given", ["another", f"another/{SDK}"])
def test_the_sdk_of_another_export_does_not_bring_its_model(
    write: Writer, tmp_path: Path, given: str
) -> None:
    folder = write()
    shutil.rmtree(folder / SDK)
    write_export(tmp_path / "another", Recipe("objects"))
    options = FAST | {"sdk": str(tmp_path / given)}
    with EdgeImpulseModel(folder, backend="sdk-ffi", options=options) as model:
        assert model.infer(WINDOW).classification == EXPECTED


def test_an_incomplete_sdk_is_told_with_what_it_lacks(write: Writer) -> None:
    said = refusal(write({f"{SDK}/classifier/ei_run_classifier.h": ""}))
    assert "is incomplete: there is no classifier/ei_run_classifier.h" in said


def test_an_export_of_another_generation_than_its_sdk_is_told_as_that(write: Writer) -> None:
    folder = write(generation=2024)
    metadata = text_of(folder, METADATA).replace("TEST_GENERATION 2024", "TEST_GENERATION 2025")
    (folder / METADATA).write_text(metadata)
    said = refusal(folder)
    assert "different versions" in said
    assert "Studio 1.57.2" in said


def test_a_missing_network_file_is_told_as_that(write: Writer) -> None:
    folder = write({"tflite-model/tflite_learn_1.tflite": ""}, task="dense", network="incbin")
    assert "the network is missing from the export" in refusal(folder, network="compiled")


def test_a_missing_header_of_the_network_is_told_by_its_name(write: Writer) -> None:
    folder = write({"tflite-model/tflite_learn_1.h": ""}, task="dense", network="array")
    assert "tflite-model/tflite_learn_1.h is missing" in refusal(folder, network="compiled")


def test_a_folder_without_headers_is_no_export(write: Writer) -> None:
    refusal(write({METADATA: ""}), EdgeImpulseError)


def test_a_damaged_zip_is_refused(write: Writer, tmp_path: Path, own_cache: Path) -> None:
    path = zip_export(write(), tmp_path / "export.zip")
    content = bytearray(path.read_bytes())
    content[len(content) // 3 : len(content) // 3 + 200] = bytes(200)
    path.write_bytes(content)
    refusal(path, ModelFormatError)
    assert not list(own_cache.rglob("model_metadata.h"))


def test_a_failed_build_keeps_its_output_and_builds_once_mended(write: Writer) -> None:
    folder = write()
    right = text_of(folder, NETWORK)
    (folder / NETWORK).write_text(f"{right}\nint last = ;\n")
    log = Path(refusal(folder).rpartition("all output is in ")[2])
    assert "int last = ;" in log.read_text()
    (folder / NETWORK).write_text(right)
    assert answers(folder)


def test_an_unknown_option_is_told_by_its_name(write: Writer) -> None:
    assert "'marchh'" in refusal(write(), InvalidInputError, marchh="native")


def test_a_compiler_that_is_not_there_is_told(write: Writer, tmp_path: Path) -> None:
    missing = str(tmp_path / "no-g++")
    assert "no-g++" in refusal(write(), compiler=missing)


def test_a_machine_without_compilers_is_told_what_to_install(
    write: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "ziglang", None)  # a compiler that is a wheel
    with pytest.raises(BuildError, match=r"no C\+\+ compiler .* install"):
        build_library(write())


def test_a_compiler_that_crashes_is_told(write: Writer, empty_cache: Path, tmp_path: Path) -> None:
    compiler = tmp_path / "g++"
    real = next(filter(None, map(shutil.which, ("g++", "clang++"))))
    compiler.write_text(
        f'#!/bin/sh\ncase "$*" in *ei_runner.cpp*) kill -9 $$;; esac\nexec {real} "$@"\n'
    )
    compiler.chmod(0o755)
    assert "killed" in refusal(write(), compiler=str(compiler))


# -------------------------------------------------------------------------------- damaged caches


@pytest.mark.parametrize("damage", ["cut", "emptied", "other bytes", "no record", "removed"])
def test_a_damaged_library_is_built_again(write: Writer, own_cache: Path, damage: str) -> None:
    folder = write()
    assert answers(folder)
    (library,) = libraries(own_cache)
    content = library.read_bytes()
    if damage == "cut":
        library.write_bytes(content[:-5000])
    elif damage == "emptied":
        library.write_bytes(b"")
    elif damage == "other bytes":
        library.write_bytes(content[:4000] + bytes(100) + content[4100:])
    elif damage == "no record":
        (library.parent / "build.json").write_text("{")
    else:
        shutil.rmtree(library.parent)
    assert answers(folder)
    (library,) = libraries(own_cache)
    assert len(library.read_bytes()) == len(content)


def test_an_unchanged_model_is_not_built_again(write: Writer, own_cache: Path) -> None:
    folder = write()
    assert answers(folder)
    (library,) = libraries(own_cache)
    before = library.stat()
    (folder / NETWORK).touch()
    assert answers(folder)
    assert libraries(own_cache) == [library]
    assert library.stat().st_ino == before.st_ino


def test_another_version_of_what_builds_looks_again(
    write: Writer, own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, options = write(), BuildOptions.read(FAST, {})
    until(lambda: answers(folder) and any((own_cache / "sdk-ffi" / "memos").glob("ready-*")))
    assert shortcut.is_ready(folder, options)
    shutil.copytree(Path(shortcut.__file__).parent, tmp_path / "another")
    monkeypatch.setattr(shortcut, "_BUILD", tmp_path / "another")
    assert not shortcut.is_ready(folder, options)
    assert answers(folder)


def test_an_unchanged_model_is_opened_without_what_only_builds_need(
    write: Writer, own_cache: Path
) -> None:
    folder = write()
    until(lambda: answers(folder) and any((own_cache / "sdk-ffi" / "memos").glob("ready-*")))
    heavy = {"hashlib", "importlib.metadata", "json", "logging", "shutil", "subprocess", "tempfile"}
    code = (
        "import sys; from ei_runner_core import EdgeImpulseModel; "
        f"EdgeImpulseModel({str(folder)!r}, backend='sdk-ffi', options={FAST!r}); "
        f"print(sorted({heavy!r} & set(sys.modules) - before))"
    )
    code = f"import numpy, sys; before = set(sys.modules); {code}"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=environment
    )
    assert (answer.stdout.strip(), answer.stderr) == ("[]", "")


def test_a_changed_model_is_built_again(write: Writer, own_cache: Path) -> None:
    folder = write()
    assert answers(folder)
    changed = text_of(folder, VARIABLES).replace('"idle"', '"rest"')
    (folder / VARIABLES).write_text(changed)
    with EdgeImpulseModel(folder, backend="sdk-ffi", options=FAST) as model:
        assert model.labels[0] == "rest"
    assert len(libraries(own_cache)) == 2


def test_an_export_that_is_changed_while_it_is_compiled_is_refused(
    write: Writer, tmp_path: Path
) -> None:
    path = write()
    header = path / "model-parameters" / "model_variables.h"
    before = header.read_bytes()
    editing = tmp_path / "editing-g++"
    editing.write_text(
        f'#!/bin/sh\ncase "$*" in *" -c "*) echo "// new" >> "{header}";; esac\n'
        f'exec {shutil.which("g++")} "$@"\n'
    )
    editing.chmod(0o755)
    assert "was changed while it was compiled" in refusal(path, compiler=str(editing))
    header.write_bytes(before)
    assert answers(path)


def test_another_model_compiles_only_its_own_files(
    write: Writer, empty_cache: Path, tmp_path: Path
) -> None:
    of_the_sdk = ("arm_mean_f32.c", "kiss_fft.cpp", "processing.cpp", "softmax.cc")
    first = build_library(write())
    second = build_library(write_export(tmp_path / "other", Recipe(project=99)))
    assert first.compiled == second.compiled + len(of_the_sdk)


def test_a_cache_that_cannot_be_written_is_told(
    write: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("EI_RUNNER_CACHE", str(tmp_path / "file"))
    said = refusal(write())
    assert "cannot write to the cache" in said
    assert "EI_RUNNER_CACHE" in said


# ------------------------------------------------------------------------------ disturbed builds

BUILD = """
import json, sys
from pathlib import Path
from ei_runner_sdk_ffi.build.exports import build_export
from ei_runner_sdk_ffi.build.options import BuildOptions
library = build_export(
    Path(sys.argv[1]), BuildOptions(cflags="-O0", compiler=sys.argv[2] or None)
).library
print(json.dumps([str(library.path), library.compiled, library.was_cached]))
"""


@contextlib.contextmanager
def building(path: Path, compiler: str = "") -> Iterator[subprocess.Popen[str]]:
    """A process that builds an export, ended afterwards with all that it has started."""
    process = subprocess.Popen(
        [sys.executable, "-c", BUILD, str(path), compiler],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def test_two_processes_build_the_same_export_once(write: Writer, empty_cache: Path) -> None:
    folder = write()
    with building(folder) as one, building(folder) as other:
        told = []
        for process in (one, other):
            output, problems = process.communicate(timeout=120)
            assert process.returncode == 0, problems
            told.append(json.loads(output))
    assert sorted(was_cached for _, _, was_cached in told) == [False, True]
    assert told[0][0] == told[1][0]
    assert answers(folder)


def test_a_build_that_was_killed_is_done_again(
    write: Writer, empty_cache: Path, tmp_path: Path
) -> None:
    folder = write()
    mark = tmp_path / "compiling"
    compiler = tmp_path / "g++"
    real = next(filter(None, map(shutil.which, ("g++", "clang++"))))
    compiler.write_text(
        f'#!/bin/sh\ncase "$*" in *ei_runner.cpp*) : > "{mark}"; while :; do sleep 1; done;; esac\n'
        f'exec {real} "$@"\n'
    )
    compiler.chmod(0o755)
    with building(folder, str(compiler)) as process:
        until(mark.exists)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)
    assert not libraries(empty_cache)
    assert answers(folder)
