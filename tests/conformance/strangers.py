"""The tests of a stranger's plugins: of good ones, and of ones with a fault that a suite must find.

It is run as pytest in a process of its own, where the plugins look installed.
"""

import io
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from ei_runner_drawer import Drawer
from ei_runner_linear import LinearBackend, LinearSession
from ei_runner_louder import LouderBackend, LouderSession
from msgspec.structs import replace

from ei_runner_core import InferenceError, InferenceResult, Network, Receipt, Support, TensorSpec
from ei_runner_core.testing import (
    ImpulseBackendSuite,
    ImpulseCase,
    NetworkCase,
    PreprocessorCase,
    PreprocessorSuite,
    TensorBackendSuite,
    UploaderSuite,
)

WEIGHTS = np.arange(6, dtype=np.float32).reshape(3, 2)
LEAKED = []
ROWS = np.array([[1, 2, 3], [4, 5, 6]], np.float32)


def linear_file():
    buffer = io.BytesIO()
    np.savez(buffer, weights=WEIGHTS)
    return Network("layer", ".linear", content=buffer.getvalue())


class TestLinear(TensorBackendSuite):
    backend = "linear"

    def cases(self):
        return [NetworkCase("layer", linear_file(), (ROWS,), (ROWS @ WEIGHTS,), rows=True)]


class TestLouder(ImpulseBackendSuite):
    backend = "louder"

    def cases(self):
        def build(folder):
            path = folder / "model.louder"
            path.write_text("loud above 3")
            return path

        window = np.array([1, -5, 2, 0], np.float32)
        return [ImpulseCase("loud", build, window, {"classification": {"quiet": 0.0, "loud": 1.0}})]


class TestPeak(PreprocessorSuite):
    block = "peak"

    def cases(self):
        window = np.array([1, 10, 3, -5, 2, 7], np.float32)
        peaks = np.array([3, 10], np.float32)
        return [PreprocessorCase("two axes", window, peaks, settings={"axis_count": 2})]


class TestDrawer(UploaderSuite):
    uploader = "drawer"

    def settings(self, folder):
        return {"folder": str(folder)}

    def stored(self, settings, sample):
        path = Path(settings["folder"], sample.filename)
        return path.read_bytes() if path.is_file() else None


# Every fault below changes one thing of the good session or backend.


class KeepsNoLock(LinearSession):
    def run(self, inputs):
        self.x = super().run(inputs)
        time.sleep(0.001)
        return self.x


class ReusesItsBuffer(LinearSession):
    def __init__(self, weights):
        super().__init__(weights)
        self.buffers = {}

    def run(self, inputs):
        (answer,) = super().run(inputs)
        self.buffer = self.buffers.setdefault(answer.shape, answer)
        self.buffer[:] = answer
        return (self.buffer,)


class WritesToInputs(LinearSession):
    def run(self, inputs):
        answer = super().run(inputs)
        inputs[0] *= 1
        return answer


class ChecksNothing(LinearSession):
    def run(self, inputs):
        if self.weights is None:
            raise InferenceError("the session is closed")
        return (np.asarray(inputs[0]).astype(np.float32).reshape(-1, 3) @ self.weights,)


class RunsAfterClose(LinearSession):
    def close(self):
        pass


class ClosesOnce(LinearSession):
    def close(self):
        self.weights.shape  # noqa: B018 - fails the second time
        super().close()


class AnswersWrong(LinearSession):
    def run(self, inputs):
        return (super().run(inputs)[0] + 1e-3,)


class RemembersTheLastCall(LinearSession):
    last = 0.0

    def run(self, inputs):
        (answer,) = super().run(inputs)
        answer = answer + self.last
        self.last = float(answer.sum() != 0)
        return (answer,)


class LeaksAFile(LinearSession):
    def __init__(self, weights):
        super().__init__(weights)
        LEAKED.append(open(__file__))  # noqa: SIM115, PTH123


class KeepsWhatItAnswers(LinearSession):
    def run(self, inputs):
        LEAKED.append(np.ones(40_000))
        return super().run(inputs)


class IsNeverFreed(LinearSession):
    def __init__(self, weights):
        super().__init__(weights)
        LEAKED.append(self)


class DescribesAnotherDtype(LinearSession):
    def __init__(self, weights):
        super().__init__(weights)
        self.outputs = (TensorSpec("y", (-1, 2), "float64"),)


class RefusesOtherThreads(LinearSession):
    def run(self, inputs):
        answer = super().run(inputs)
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("another thread")
        return answer


class IgnoresOptions(LinearBackend):
    def open(self, network, options):
        return super().open(network, {})


class FailsAnyhow(LinearBackend):
    def open(self, network, options):
        options = dict(options)
        assert not options
        content = network.read()
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return LinearSession(arrays["weights"])


class SupportsEverything(LinearBackend):
    def supports(self, network):
        return Support(ok=True)


class ForgetsThresholds(LouderSession):
    def set_threshold(self, block_id, **values):
        pass


class NeverReady(LouderSession):
    def classify_continuous(self, piece, debug=False):
        return InferenceResult(ready=False)


def with_session(backend, session):
    """The backend, opening another session."""
    return type(f"Backend{session.__name__}", (backend,), {"session": lambda self, w: session(w)})


def spoil(suite, fault):
    """The tests of a suite for a backend with a fault, which takes the place of the good one."""

    class Spoilt(suite):
        @pytest.fixture
        def made(self):
            if issubclass(fault, LinearSession):
                return with_session(LinearBackend, fault)()
            if issubclass(fault, LouderSession):
                return type("Backend", (LouderBackend,), {"open": lambda s, x, o: fault(3.0)})()
            return fault()

    return Spoilt


for fault in (
    KeepsNoLock, ReusesItsBuffer, WritesToInputs, ChecksNothing, RunsAfterClose, ClosesOnce,
    AnswersWrong, RemembersTheLastCall, LeaksAFile, KeepsWhatItAnswers, IsNeverFreed,
    DescribesAnotherDtype, RefusesOtherThreads, IgnoresOptions, FailsAnyhow, SupportsEverything,
):  # fmt: skip
    globals()[f"Test{fault.__name__}"] = spoil(TestLinear, fault)
for fault in (ForgetsThresholds, NeverReady):
    globals()[f"Test{fault.__name__}"] = spoil(TestLouder, fault)


class DrawerWithAFault(UploaderSuite):
    uploader = "drawer"
    made: type

    @pytest.fixture
    def opened(self, tmp_path):
        folder = tmp_path / "place"
        folder.mkdir()
        return self.made({"folder": folder}), {"folder": folder}

    settings = TestDrawer.settings
    stored = TestDrawer.stored


class HasNoPlace(Drawer):
    place = property(lambda self: "", lambda self, place: None)


class ReadsNoFiles(Drawer):
    def upload(self, sample):
        (self.folder / sample.filename).write_bytes(sample.content or b"")
        return Receipt(sample.filename, ok=True)


class Overwrites(Drawer):
    def upload(self, sample):
        (self.folder / sample.filename).unlink(missing_ok=True)
        return super().upload(replace(sample, content=b"x"))


class LosesUnderLoad(Drawer):
    def upload(self, sample):
        self.sample = sample
        time.sleep(0.001)
        return super().upload(self.sample)


class CallsEqualOnesFailures(Drawer):
    def upload(self, sample):
        return replace(super().upload(sample), is_duplicate=False)


class TestHasNoPlace(DrawerWithAFault):
    made = HasNoPlace


class TestReadsNoFiles(DrawerWithAFault):
    made = ReadsNoFiles


class TestOverwrites(DrawerWithAFault):
    made = Overwrites


class TestLosesUnderLoad(DrawerWithAFault):
    made = LosesUnderLoad


class TestCallsEqualOnesFailures(DrawerWithAFault):
    made = CallsEqualOnesFailures
