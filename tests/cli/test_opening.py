from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import os, sys
from ei_runner_core.cli._opening import without_native_chatter

try:
    with without_native_chatter():
        os.write(2, b"INFO: Created a delegate\\n")
        os.write(2, b"WARNING: keep me\\n")
        print("from Python", file=sys.stderr)
        if sys.argv[1] == "fail":
            raise RuntimeError("opening failed")
except RuntimeError as error:
    print("caught", error, file=sys.stderr)
os.write(2, b"INFO: afterwards\\n")
"""


def run(*arguments: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return done.stderr.splitlines()


def test_the_chatter_of_engines_is_dropped_and_the_rest_is_passed_on():
    assert run("open") == ["WARNING: keep me", "from Python", "INFO: afterwards"]


def test_nothing_is_lost_when_opening_fails():
    expected = ["WARNING: keep me", "from Python", "caught opening failed", "INFO: afterwards"]
    assert run("fail") == expected
