"""What the tests of serving share: models that say what they are told to, and clients for them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ei_runner_core import EdgeImpulseError, EdgeImpulseModel, plugins
from ei_runner_core.demos import demo
from ei_runner_eim.shared_memory import Segment

DEADLINE = 30.0

# A backend that answers what stands in its file; some first values of a window make it misbehave.
TOLD_CODE = r"""
import hashlib, json, os

from ei_runner_core import (
    BackendSpec, BlockThresholds, ImpulseBackend, ImpulseSession, InferenceError, InferenceResult,
    InvalidInputError, ModelParameters, Support, hookimpl,
)

@hookimpl
def ei_runner_backends():
    return BackendSpec("told", "impulse", f"{__name__}:Told", opens=(".told",))

class Told(ImpulseBackend):
    def supports(self, source):
        return Support(True)

    def open(self, source, options):
        told = json.loads(source.path.read_text())
        if told["model_parameters"].get("model_type") == "stuck":
            stay_in_native_code()
        return ToldSession(told)

def stay_in_native_code():
    os.write(1, b"busy\n")
    hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)  # no signal interrupts it

class ToldSession(ImpulseSession):
    impulse = None

    def __init__(self, told):
        self.parameters = ModelParameters.from_dict(told)
        self._told, self._slices = told, 0
        self._thresholds = {t.id: t for t in self.parameters.thresholds}

    def classify(self, window, debug=False):
        self._misbehave(window[0])
        result = InferenceResult.from_dict(self._told["answer"], self.parameters.labels)
        if result.classification and "sum" in result.classification:
            result.classification["sum"] = float(window.sum())
        return result

    def _misbehave(self, first):
        if first == -1:
            raise InferenceError("the engine is broken")
        if first == -2:
            raise ZeroDivisionError("a bug")
        if first == -3:
            stay_in_native_code()
        if first == -4:
            os.write(1, b'{"native": "chatter"}')

    def classify_continuous(self, piece, debug=False):
        self._slices += 1
        return self.classify(piece) if self._slices > 3 else InferenceResult(ready=False)

    def reset(self):
        self._slices = 0

    def freeform(self, inputs):
        tensors = InferenceResult.from_dict(self._told["answer"]).freeform or ()
        return {f"tensor {i}": tensor for i, tensor in enumerate(tensors)}

    @property
    def thresholds(self):
        return tuple(self._thresholds.values())

    def set_threshold(self, block_id, **values):
        if min(values.values()) < 0:
            raise InvalidInputError("a threshold is 0 or more")
        old = self._thresholds[block_id]
        self._thresholds[block_id] = BlockThresholds(old.id, old.type, {**old.values, **values})

    def close(self):
        pass
"""
PARAMETERS = {
    "input_features_count": 4,
    "slice_size": 1,
    "axis_count": 2,
    "labels": ["zebra", "sum", "Äffchen"],
    "thresholds": [{"id": 7, "type": "object_detection", "min_score": 0.5}],
}
ANSWER = {"result": {"classification": {"zebra": 0.25, "sum": 0.0, "Äffchen": 0.5}}}

Teller = Callable[..., Path]
Server = Callable[..., "Served"]


def is_segment(name: str) -> bool:
    """Whether there is a segment of that name."""
    try:
        Segment.attach(name, 1).close()
    except OSError:
        return False
    return True


class Served:
    """A server in a process of its own, with a client that speaks to it."""

    def __init__(self, command: list[str], target: str, environment: dict[str, str]) -> None:
        self.path = Path(target)
        self.is_socket = target not in ("stdin", "--print-info")
        self.process = subprocess.Popen(
            [*command, target],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        self._socket: socket.socket | None = None
        self._buffer = b""
        self.segments: set[str] = set()
        self.printed = ""

    def wait_for(self, text: str) -> None:
        """Read what the process prints up to a line with this text."""
        while text not in self.printed.rpartition("\n")[2]:
            line = self.process.stdout.readline().decode()  # type: ignore[union-attr]
            assert line, self.process.stderr.read()  # type: ignore[union-attr]
            self.printed += f"\n{line.rstrip()}" if self.printed else line.rstrip()

    def connect(self) -> socket.socket:
        """Connect as soon as the socket is there."""
        self.wait_for("Waiting for connection")
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(DEADLINE)
        self._socket.connect(str(self.path))
        return self._socket

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        if self.is_socket:
            (self._socket or self.connect()).sendall(data)
        else:
            self.process.stdin.write(data)  # type: ignore[union-attr]
            self.process.stdin.flush()  # type: ignore[union-attr]

    def receive(self) -> Any:
        """The next answer; the segments that it tells of are remembered."""
        reply = json.loads(self._receive_line())
        for about in (reply.get("features_shm"), *reply.get("freeform_output_shm", ())):
            self.segments |= {about["name"]} if about else set()
        return reply

    def _receive_line(self) -> bytes:
        if not self.is_socket:
            return self.process.stdout.readline()  # type: ignore[union-attr]
        assert self._socket is not None
        while b"\n\0" not in self._buffer:
            received = self._socket.recv(1 << 20)
            assert received, "the server is gone"
            self._buffer += received
        line, _, self._buffer = self._buffer.partition(b"\n\0")
        return line

    def ask(self, **message: Any) -> Any:
        """Send a message and return the answer to it."""
        self.send(json.dumps({"id": 1, **message}).encode() + b"\n")
        return self.receive()

    def disconnect(self) -> None:
        """Let the client go."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self.process.stdin is not None:
            self.process.stdin.close()
            self.process.stdin = None

    def end(self) -> tuple[int, str, str]:
        """Wait for the process; returns its exit code and what it wrote to stdout and stderr."""
        out, errors = self.process.communicate(timeout=DEADLINE)
        printed = "\n".join(filter(None, (self.printed, out.decode())))
        return self.process.returncode, printed, errors.decode()

    @property
    def is_gone(self) -> bool:
        """Whether it left neither a socket nor a segment."""
        return not self.path.exists() and not any(map(is_segment, self.segments))

    def close(self) -> None:
        """End everything."""
        self.disconnect()
        self.process.terminate()
        try:
            self.process.communicate(timeout=DEADLINE)
        finally:
            self.process.kill()


@pytest.fixture(scope="session", autouse=True)
def usual_signals() -> Iterator[None]:
    """The signals of a terminal: what runs in the background ignores them, with its children."""
    usual = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGHUP: signal.SIG_DFL,
        signal.SIGQUIT: signal.SIG_DFL,
    }
    earlier = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in earlier.items():
        signal.signal(number, handler)


@pytest.fixture
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable tells which model or backend to take."""
    for name in (
        "EI_BACKEND",
        "EI_MODEL",
        "EI_RUNNER_DISABLE",
        "EI_RUNNER_PLUGINS",
        "EI_RUNNER_PYTHON",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain_environment: None
) -> Iterator[Teller]:
    """Makes a model that gives one answer, whatever it is asked."""
    name = "ei_runner_told"
    folder = tmp_path / "site"
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / f"{name}.py").write_text(TOLD_CODE)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[ei_runner]\ntold = {name}\n")
    monkeypatch.syspath_prepend(folder)
    plugins.refresh()

    def make(answer: Any = None, **parameters: Any) -> Path:
        path = tmp_path / "model.told"
        told = {"model_parameters": {**PARAMETERS, **parameters}, "answer": answer or ANSWER}
        path.write_text(json.dumps(told))
        return path

    yield make
    sys.modules.pop(name, None)
    monkeypatch.undo()
    plugins.refresh()


@pytest.fixture
def start(tmp_path: Path, plain_environment: None) -> Iterator[Server]:
    """Starts ``ei-runner eim serve``, or a packaged model, and ends it after the test."""
    started: list[Served] = []

    def starter(
        model: Path, *options: str, target: str = "", packaged: bool = False, **variables: str
    ) -> Served:
        command = [sys.executable, "-W", "error", "-m", "ei_runner_core", "eim", "serve"]
        command = [str(model)] if packaged else [*command, str(model), *options]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        path = str(tmp_path / f"{len(started)}.sock")
        started.append(Served(command, target or path, environment | variables))
        return started[-1]

    yield starter
    for server in started:
        server.close()


@pytest.fixture
def demo_path(plain_environment: None) -> Callable[[str], Path]:
    """The bundle of a demo; skips where no engine opens it."""

    def path(name: str) -> Path:
        bundle = demo(name).model()
        try:
            EdgeImpulseModel(bundle).close()
        except EdgeImpulseError as error:
            pytest.skip(f"needs an engine: {error}")
        return bundle

    return path
