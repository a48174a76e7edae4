"""A backend that runs whole impulses: what the model class hands on to it and takes from it."""

from __future__ import annotations

import pytest
from fake_distributions import add_distribution

from ei_runner_core import (
    BoundingBox,
    EdgeImpulseModel,
    InferenceError,
    InvalidInputError,
    UnsupportedModelError,
    plugins,
)

# The session of a small visual anomaly detector: each pixel of the window is a cell of the grid.
CODE = """
import threading
from ei_runner_core import (
    BackendSpec, BlockThresholds, BoundingBox, ImpulseBackend, ImpulseSession, InferenceError,
    InferenceResult, InvalidInputError, ModelParameters, Support, VisualAnomaly, hookimpl,
)

@hookimpl
def ei_runner_backends():
    return BackendSpec("whole", "impulse", "ei_runner_whole:WholeBackend", opens=(".whole",))

class WholeBackend(ImpulseBackend):
    def supports(self, source):
        if source.path.read_text() == "two frames":
            return Support(False, "it looks at one frame at a time")
        return Support(True)

    def open(self, source, options):
        return WholeSession(options.get("limit", 10.0))

class WholeSession(ImpulseSession):
    impulse = None
    parameters = ModelParameters(
        input_features_count=4, image_input_width=2, image_input_height=2, image_channel_count=1,
        image_resize_mode="squash", slice_size=2, model_type="object_detection",
    )

    def __init__(self, limit):
        self._limit, self._seen, self._open = limit, [], True
        self._lock = threading.Lock()

    def classify(self, window, debug=False):
        with self._lock:
            if not self._open:
                raise InferenceError("the session is closed")
            scores = [float(value) for value in window]
        cells = tuple(
            BoundingBox("anomaly", score, i % 2, i // 2, 1, 1)
            for i, score in enumerate(scores) if score >= self._limit
        )
        visual = VisualAnomaly(cells, max(scores), sum(scores) / 4)
        return InferenceResult(visual_anomaly=visual, info="debug" if debug else None)

    def classify_continuous(self, piece, debug=False):
        self._seen = [*self._seen, *piece][-4:]
        if len(self._seen) < 4:
            return InferenceResult(ready=False)
        return self.classify(self._seen, debug)

    def reset(self):
        self._seen = []

    def freeform(self, inputs):
        return {"echo": inputs}

    @property
    def thresholds(self):
        return (BlockThresholds(9, "anomaly_gmm", {"min_anomaly_score": self._limit}),)

    def set_threshold(self, block_id, **values):
        if block_id != 9 or set(values) != {"min_anomaly_score"}:
            raise InvalidInputError(f"block {block_id} has no {sorted(values)}")
        self._limit = values["min_anomaly_score"]

    def close(self):
        with self._lock:
            self._open = False
"""


@pytest.fixture
def path(dense, tmp_path, monkeypatch):
    add_distribution(dense, "ei-runner-whole", CODE, entry="whole")
    monkeypatch.setenv("EI_RUNNER_PLUGINS", "whole,dense")
    plugins.refresh()
    path = tmp_path / "model.whole"
    path.write_text("one frame")
    return path


@pytest.fixture
def model(path):
    with EdgeImpulseModel(path) as model:
        yield model


def test_the_window_reaches_the_session_and_its_result_comes_back(model):
    visual = model.infer([1, 20, 3, 40]).visual_anomaly
    assert (visual.max, visual.mean) == (40, 16)
    assert [(cell.x, cell.y) for cell in visual.grid] == [(1, 0), (1, 1)]
    assert model.backend_name == "whole"
    assert model.impulse is None


def test_windows_are_checked_before_they_reach_the_session(model):
    with pytest.raises(InvalidInputError, match="got 3 features, the model expects 4"):
        model.infer([1, 2, 3])
    with pytest.raises(InvalidInputError, match=r"features\[1\] is nan"):
        model.infer([1, float("nan"), 3, 4])


def test_images_are_packed_for_the_session(model):
    pytest.importorskip("PIL", reason="needs the extra images")
    assert model.infer_image(bytes_of_white()).visual_anomaly.max == 0xFFFFFF


def bytes_of_white() -> bytes:
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (7, 5), "white").save(buffer, "PNG")
    return buffer.getvalue()


def test_thresholds_are_read_back_after_they_were_set(model):
    model.set_threshold(9, min_anomaly_score=2.5)
    [threshold] = model.thresholds
    assert threshold.to_dict() == {"id": 9, "type": "anomaly_gmm", "min_anomaly_score": 2.5}
    assert model.parameters.thresholds == model.thresholds
    with pytest.raises(InvalidInputError, match=r"block 9 has no \['min_score'\]"):
        model.set_threshold(9, min_score=1)


def test_a_visual_anomaly_is_scaled_by_the_threshold_as_it_is_now(model):
    grid = (BoundingBox("anomaly", 5.0, 0, 0, 1, 1), BoundingBox("anomaly", 30.0, 1, 0, 1, 1))
    anomaly, largest, mean, cells = model.normalize_visual_anomaly(-1.0, 30.0, 5.0, grid)
    assert (anomaly, largest, mean) == (0.0, 1.0, 0.5)
    assert [cell.value for cell in cells] == [0.5, 1.0]
    model.set_threshold(9, min_anomaly_score=60.0)
    assert model.normalize_visual_anomaly(0.0, 30.0, 6.0)[1:3] == (0.5, 0.1)
    assert model.normalize_visual_anomaly(None, 30.0, 6.0)[0] == 0.0


def test_streams_options_debug_and_freeform_are_handed_on(path):
    with EdgeImpulseModel(path, options={"limit": 1.0}, debug=True) as model:
        assert not model.infer_continuous([1, 2]).ready
        assert model.infer_continuous([3, 4]).visual_anomaly.max == 4
        model.reset()
        assert not model.infer_continuous([5, 6]).ready
        assert model.infer([0, 0, 0, 0]).info == "debug"
        assert model.thresholds[0].values == {"min_anomaly_score": 1.0}
        assert model.infer_freeform({"x": 1}) == {"echo": {"x": 1}}


def test_the_session_is_closed_with_the_model(path):
    with EdgeImpulseModel(path) as model:
        session = model._session
    with pytest.raises(InferenceError, match="the session is closed"):
        session.classify([0, 0, 0, 0])


def test_a_backend_can_refuse_what_its_suffix_promises(path):
    path.write_text("two frames")
    with pytest.raises(UnsupportedModelError, match="it looks at one frame at a time"):
        EdgeImpulseModel(path, backend="whole")
