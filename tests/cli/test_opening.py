from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import ctypes, os, sys
from ei_runner_core.cli._opening import without_native_chatter

try:
    with without_native_chatter():
        os.write(2, b"INFO: Created a delegate\\n")
        os.write(2, b"WARNING: keep me\\n")
        os.write(2, b"[12:30:59] /src/tvm/runtime/vm.cc:77: Warning: chatter\\n")
        os.write(1, b" # LIBNATIVE: chatter\\n")
        os.write(1, b"not an answer\\n")
        if os.name == "posix":
            ctypes.CDLL(None).puts(b" # LIBNATIVE: kept in the buffer of C")
        print("from Python", file=sys.stderr)
        if sys.argv[1] == "fail":
            raise RuntimeError("opening failed")
except RuntimeError as error:
    print("caught", error, file=sys.stderr)
os.write(2, b"INFO: afterwards\\n")
print("the answer")
"""


def run(*arguments: str) -> tuple[list[str], list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return done.stdout.splitlines(), done.stderr.splitlines()


def test_the_chatter_of_engines_is_dropped_and_the_rest_is_passed_on():
    expected = ["WARNING: keep me", "not an answer", "from Python", "INFO: afterwards"]
    assert run("open") == (["the answer"], expected)


def test_nothing_is_lost_when_opening_fails():
    expected = ["WARNING: keep me", "not an answer", "from Python", "caught opening failed"]
    assert run("fail") == (["the answer"], [*expected, "INFO: afterwards"])
