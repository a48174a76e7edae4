"""Runs an ``.eim`` with the official client, in an environment where nothing else is installed.

It takes the question as JSON from standard input, and prints what the client gave and left.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any


def official_runner() -> Any:
    """The runner module alone: its package asks for audio and camera libraries."""
    package = importlib.util.find_spec("edge_impulse_linux")
    path = Path(package.submodule_search_locations[0], "runner.py")
    spec = importlib.util.spec_from_file_location("runner", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def answer(question: dict[str, Any]) -> dict[str, Any]:
    runner = official_runner().ImpulseRunner(question["eim"], allow_shm=question["shared_memory"])
    hello = runner.init()
    process, folder = runner._runner, Path(runner._tempdir)
    told = {"hello": hello, "maps_memory": runner._input_shm is not None}
    try:
        told["before"] = [runner.classify(window) for window in question["windows"]]
        told["thresholds"] = [runner.set_threshold(values) for values in question["thresholds"]]
        told["after"] = [runner.classify(window) for window in question["windows"]]
    finally:
        runner.stop()
        told["exit_code"] = process.wait(30)
    told["leaves_folder"] = folder.exists()
    told["leaves_memory"] = Path("/dev/shm" + hello["features_shm"]["name"]).exists()
    return told


if __name__ == "__main__":
    assert importlib.util.find_spec("ei_runner_core") is None, "ei-runner is installed here"
    print(json.dumps(answer(json.load(sys.stdin))))
