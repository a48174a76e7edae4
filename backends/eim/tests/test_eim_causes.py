"""What a program said last, and how it ended, is turned into a hint."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from ei_runner_eim.process import EimProcess, PrivateFolder
from ei_runner_eim.process.causes import explain, said

LOADER = "error while loading shared libraries: {}: cannot open shared object file: No such file"


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        (LOADER.format("libgomp.so.1"), "libgomp.so.1 is missing: install the package libgomp1"),
        (LOADER.format("libnvinfer.so.8"), "libnvinfer.so.8 is missing: install TensorRT"),
        (LOADER.format("libQnnHtp.so"), "Qualcomm"),
        (LOADER.format("libweird.so.3"), "libweird.so.3 is missing: install what brings it, or"),
        (LOADER.format("libtensorflowlite_flex_2.6.5.so"), "operators of full TensorFlow"),
        (
            "Error loading shared library libstdc++.so.6: No such file or directory (needed by m)",
            "libstdc++6",
        ),
        ("dyld: Library not loaded: /usr/local/lib/libfoo.dylib", "libfoo.dylib is missing"),
        ("m: /lib/libc.so.6: version `GLIBC_2.99' not found (required by m)", "needs glibc 2.99"),
        ("m: libstdc++.so.6: version `GLIBCXX_3.4.99' not found", "GLIBCXX_3.4.99"),
        ("m: libstdc++.so.6: version `CXXABI_1.3.99' not found", "newer libstdc++"),
        ("libfoo.so: wrong ELF class: ELFCLASS32", "for another processor"),
        ("sh: 3: ./real: Exec format error", "for another processor"),
        ("ModuleNotFoundError: No module named 'ei_runner_core'", "install ei-runner and its"),
        ("ModuleNotFoundError: No module named 'numpy'", "lacks the module numpy"),
        ("/usr/bin/env: ‘python3’: No such file or directory", "it starts python3"),  # noqa: RUF001
        ("env: python3: No such file or directory", "it starts python3"),
        ("open /dev/dri/card0: Permission denied", "is this user in the group"),
        ("terminate called after throwing an instance of 'std::bad_alloc'", "not enough memory"),
        ("shm: No space left on device", "--shm-size"),
    ],
)
def test_well_known_last_words_bring_a_hint(line, hint):
    told = explain(("exited", 1), ["starting", line, "bye"])

    assert told.startswith("has ended with the exit code 1 (")
    assert hint in told.partition(";")[0] + told
    assert hint in told[: told.index("; its last output")]
    assert told.endswith(f"; its last output: starting | {line} | bye")


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (("exited", 0), "has ended with the exit code 0"),
        (("exited", 127), "exit code 127 (a shared library or a program that it needs was not"),
        (("exited", 126), "exit code 126 (it, or something that it starts, may not be executed"),
        (("exited", 143), "exit code 143 (as after SIGTERM: somebody stopped it)"),
        (("signal", signal.SIGILL), "SIGILL (this processor lacks an instruction"),
        (("signal", signal.SIGKILL), "SIGKILL (somebody killed it, perhaps the system because"),
        (("signal", signal.SIGSEGV), "SIGSEGV (it crashed)"),
        (("signal", signal.SIGABRT), "SIGABRT"),
        (("signal", signal.SIGBUS), "SIGBUS (it crashed; perhaps shared memory is full"),
        (("signal", 99), "was ended by the signal 99"),
        (None, "has closed the connection, but still runs"),
    ],
)
def test_the_exit_status_is_told_with_what_it_means(status, told):
    assert told in explain(status, [])


def test_last_words_are_one_line_of_bounded_length():
    lines = [f"{number} \x1b[31m\tred\r{'x' * 1000}" for number in range(20)]

    told = said(lines)
    assert told.isprintable()
    assert len(told) < 1000
    assert "19 [31m red xxx" in told
    assert said([]) == ""


def test_the_last_lines_are_kept_rather_than_the_first():
    told = said([f"line {number} {'x' * 100}" for number in range(20)])

    assert "line 19" in told
    assert "line 0 " not in told
    assert told.index("line 18") < told.index("line 19")


@pytest.mark.requires("compiler")
def test_a_real_missing_library_is_named(tmp_path):
    (tmp_path / "part.cpp").write_text('extern "C" int part() { return 0; }\n')
    (tmp_path / "main.cpp").write_text('extern "C" int part();\nint main() { return part(); }\n')
    compiler = os.environ.get("CXX", "c++")
    library = tmp_path / "libpart.so"
    built = [
        [compiler, "-shared", "-fPIC", "-o", library, tmp_path / "part.cpp"],
        [compiler, "-o", tmp_path / "model.eim", tmp_path / "main.cpp", library],
    ]
    for command in built:
        subprocess.run(command, check=True)
    library.unlink()

    process = started(tmp_path / "model.eim")
    assert process.wait(30)
    told = process.how_it_ended()
    process.close()
    assert "exit code 127 (the shared library" in told or "SIGABRT" in told
    assert "libpart.so" in told


def started(executable: Path) -> EimProcess:
    return EimProcess.start(executable, [], folder=PrivateFolder.choose(), stop_timeout=5)
