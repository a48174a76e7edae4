from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from inspect import signature
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from dense_models import impulse_document, write_bundle
from fake_distributions import DENSE, add_distribution, forget_modules, hide_backends

from ei_runner_core import plugins
from ei_runner_core.cli import main

VARIABLES = (
    "EI_MODEL",
    "EI_PROJECT_ID",
    "EI_HOST",
    "EI_ENGINE",
    "EI_BACKEND",
    "EI_RUNNER_CACHE",
    "EI_RUNNER_OFFLINE",
    "EI_RUNNER_DISABLE",
    "EI_RUNNER_PLUGINS",
    "EI_API_KEY",
)
# click before 8.2 mixes the two streams unless it is told not to; later ones cannot be told.
SEPARATE_STDERR = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}
DENSE_ENTRIES = """
[ei_runner]
dense = ei_runner_dense
[ei_runner_commands]
dense-hello = ei_runner_dense:hello
"""
MOODY = """
import os

import numpy as np
from ei_runner_core import (
    BackendSpec, InferenceError, Support, TensorBackend, TensorSession, TensorSpec, hookimpl
)

@hookimpl
def ei_runner_backends():
    return BackendSpec("moody", "tensor", "moody:Backend", opens=(".moody",))

class Backend(TensorBackend):
    def supports(self, network):
        return Support(True)

    def open(self, network, options):
        print("options", dict(options), file=__import__("sys").stderr, flush=True)
        return Session(options.get("close") or os.environ.get("MOODY_END"))

class Session(TensorSession):
    inputs = (TensorSpec("values", (1, 6), "float32"),)
    outputs = (TensorSpec("scores", (1, 3), "float32"),)

    def __init__(self, bad_end):
        self.bad_end = bad_end

    def run(self, inputs):
        mood = int(inputs[0].flat[0])
        if mood in ERRORS:
            raise ERRORS[mood]
        return (np.array([[0.5, np.nan if mood == 16 else 0.25, 0.25]], np.float32),)

    def close(self):
        if self.bad_end:
            raise OSError(5, self.bad_end)

ERRORS = {
    13: InferenceError("unlucky"),
    14: TypeError("oops"),
    15: KeyboardInterrupt(),
    17: OSError(5, "io"),
    18: BrokenPipeError(32, "pipe"),
}
"""


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the path that makes two backends look installed: dense and moody."""
    folder = tmp_path_factory.mktemp("site")
    info = folder / "ei_runner_dense-0.3.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ei-runner-dense\nVersion: 0.3.1\n")
    (info / "entry_points.txt").write_text(DENSE_ENTRIES)
    add_distribution(folder, "moody", MOODY)
    return folder


Invoke = Callable[..., Result]


class Program:
    """What click's runner needs to run the whole program, its handling of errors included."""

    name = "ei-runner"

    def main(self, args: list[str], prog_name: str) -> None:
        sys.exit(main(args))


@pytest.fixture
def invoke(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Invoke]:
    """Run the program in this process, with dense and moody as the only plugins."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EI_RUNNER_PLUGINS", "dense,moody,dense-hello")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.syspath_prepend(DENSE)
    monkeypatch.syspath_prepend(site)
    monkeypatch.chdir(tmp_path)
    plugins.refresh()

    def run(*arguments: str | Path, stdin: str | bytes | None = None) -> Result:
        return CliRunner(**SEPARATE_STDERR).invoke(
            Program(), list(map(str, arguments)), input=stdin
        )  # type: ignore[arg-type]

    yield run
    plugins.refresh()
    forget_modules(site)
    sys.modules.pop("ei_runner_dense", None)


@pytest.fixture
def no_own_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    """The backends of this repository look as if they were not installed."""
    hide_backends(monkeypatch)


@dataclass(frozen=True)
class Execute:
    """Runs the program as a process of its own."""

    environment: dict[str, str]
    folder: Path

    def __call__(
        self, *arguments: str | Path, stdin: bytes = b"", **variables: str
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "ei_runner_core", *map(str, arguments)],
            input=stdin,
            capture_output=True,
            cwd=self.folder,
            env=self.environment | variables,
            timeout=120,
            check=False,
        )


@pytest.fixture
def execute(site: Path, tmp_path: Path) -> Execute:
    """Run the program as a process of its own, with dense and moody as the only plugins."""
    environment = {k: v for k, v in os.environ.items() if k not in VARIABLES}
    environment["PYTHONPATH"] = os.pathsep.join([str(site), str(DENSE), *filter(None, sys.path)])
    environment["EI_RUNNER_PLUGINS"] = "dense,moody,dense-hello"
    return Execute(environment, tmp_path)


@pytest.fixture
def motion(tmp_path: Path) -> Path:
    """A model of two samples of three axes, for the backend dense."""
    return write_bundle(tmp_path / "motion")


@pytest.fixture
def moody(tmp_path: Path) -> Path:
    """A model that fails for some first values, answers NaN for 16 and closes badly on demand."""
    document = impulse_document()
    document["learn"][0]["files"] = ["network.moody"]
    bundle = write_bundle(tmp_path / "moody", document)
    (bundle / "network.moody").write_bytes(b"in what mood?")
    return bundle


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A model of grey pictures of 3x2 pixels, for the backend dense."""
    document = impulse_document(
        input={"type": "image", "width": 3, "height": 2, "channels": 1},
        dsp=[{"id": 2, "type": "image", "outputs": 6, "config": {"channels": "Grayscale"}}],
    )
    return write_bundle(tmp_path / "pictures", document)


@pytest.fixture
def network(motion: Path) -> Path:
    """A bare network for the backend dense: a freeform model."""
    return motion / "network.dense"


@pytest.fixture
def full_tflite(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the backend full-tflite in; skip where it is not installed."""
    pytest.importorskip("ai_edge_litert", reason="the engine of full-tflite is not installed")
    if not entry_points(group="ei_runner", name="full-tflite"):
        pytest.skip("the backend full-tflite is not installed")
    monkeypatch.setenv("EI_RUNNER_PLUGINS", "full-tflite")
