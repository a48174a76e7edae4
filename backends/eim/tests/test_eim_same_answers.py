"""A model behind the EIM protocol answers as it does without it, whatever carries the messages."""

from __future__ import annotations

import numpy as np
import pytest

from ei_runner_core import EdgeImpulseModel
from ei_runner_core.demos import demo
from ei_runner_eim.serving.archive import package_model

WAYS = {
    "socket": {},
    "socket-text": {"shared_memory": "never"},
    "socket-memory": {"shared_memory": "always"},
    "stdin": {"transport": "stdin"},
    "stdin-text": {"transport": "stdin", "shared_memory": "never"},
}
DEMOS = ("digits", "keywords", "motion", "scenes")


@pytest.fixture(params=WAYS)
def way(request):
    return WAYS[request.param]


@pytest.fixture
def eim(demo_path, tmp_path):
    """Packages the model of a demo; gives its path and that of the bundle."""

    def make(name):
        bundle = demo_path(name)
        package_model(bundle, tmp_path / f"{name}.eim")
        return tmp_path / f"{name}.eim", bundle

    return make


def windows(parameters, count=4, seed=0):
    """Noise that the model takes for data of its sensor."""
    rng = np.random.default_rng(seed)
    size = parameters.input_features_count
    for _ in range(count):
        values = rng.integers(0, 1 << 24, size) if parameters.is_image else rng.normal(0, 300, size)
        yield values.astype(np.float32)


def answers(results):
    return [result.to_dict()["result"] if result.ready else None for result in results]


@pytest.mark.parametrize("name", DEMOS)
def test_windows_are_answered_alike(eim, way, name):
    path, bundle = eim(name)
    with (
        EdgeImpulseModel(path, backend="eim", options=way) as there,
        EdgeImpulseModel(bundle) as here,
    ):
        several = list(windows(here.parameters))
        assert answers(map(there.infer, several)) == answers(map(here.infer, several))
        told = here.parameters.to_dict()["model_parameters"]
        assert there.parameters.to_dict()["model_parameters"] == told
        assert there.infer(several[0]).timing.round_trip_us > 0


@pytest.mark.parametrize("name", ["digits", "scenes"])
def test_samples_are_answered_alike(eim, way, name):
    path, bundle = eim(name)
    with (
        EdgeImpulseModel(path, backend="eim", options=way) as there,
        EdgeImpulseModel(bundle) as here,
    ):
        for sample in demo(name).samples()[:4]:
            one, other = there.infer_image(sample.path), here.infer_image(sample.path)
            assert answers([one, one.on_image]) == answers([other, other.on_image])


@pytest.mark.parametrize("name", ["keywords", "motion"])
def test_streams_are_answered_alike(eim, way, name):
    """Sound is worked on slice by slice, motion as a window that slides; both begin anew."""
    path, bundle = eim(name)
    with (
        EdgeImpulseModel(path, backend="eim", options=way) as there,
        EdgeImpulseModel(bundle) as here,
    ):
        size = here.parameters.slice_size * here.parameters.axis_count
        pieces = [window[:size] for window in windows(here.parameters, 8)]
        first = answers(map(there.infer_continuous, pieces))
        assert first == answers(map(here.infer_continuous, pieces))
        assert first[0] is None
        assert first[-1] is not None
        there.reset()
        assert answers(map(there.infer_continuous, pieces)) == first


def test_thresholds_are_set_alike_and_can_be_read_back(eim, way):
    path, bundle = eim("scenes")
    with (
        EdgeImpulseModel(path, backend="eim", options=way) as there,
        EdgeImpulseModel(bundle) as here,
    ):
        assert there.thresholds == here.thresholds
        [block] = here.thresholds
        [sample] = [sample for sample in demo("scenes").samples() if len(sample.objects) > 1][:1]
        found = []
        for value in (0.05, 0.5, 0.999):
            for model in (here, there):
                model.set_threshold(block.id, min_score=value)
            assert there.thresholds == here.thresholds
            one, other = there.infer_image(sample.path), here.infer_image(sample.path)
            assert one.bounding_boxes == other.bounding_boxes
            found.append(len(one.bounding_boxes))
        assert found[0] > found[-1]


def test_tensors_come_back_by_name_and_shape(demo_path, tmp_path, way):
    network = demo_path("digits") / "network.tflite"
    with EdgeImpulseModel(network) as here:
        package_model(network, tmp_path / "network.eim")
        values = np.random.default_rng(0).random(here.inputs[0].shape, np.float32)
        expected = here.infer_freeform(values)
        with EdgeImpulseModel(tmp_path / "network.eim", options=way) as there:
            assert there.parameters.model_type == "freeform"
            for form in (values, values.ravel(), values.ravel().tolist(), [values]):
                found = there.infer_freeform(form)
                assert found.keys() == expected.keys()
                for name, tensor in expected.items():
                    np.testing.assert_array_equal(found[name], tensor, strict=True)
            [flat] = there.infer(values.ravel()).freeform
            np.testing.assert_array_equal(flat, next(iter(expected.values())).ravel())


def test_a_running_server_is_attached_to_by_its_socket(demo_path, start):
    bundle = demo_path("motion")
    server = start(bundle, "--keep")
    server.connect()
    server.disconnect()
    for options in ({}, {"shared_memory": "never"}):
        with (
            EdgeImpulseModel(server.path, options=options) as there,
            EdgeImpulseModel(bundle) as here,
        ):
            several = list(windows(here.parameters))
            assert answers(map(there.infer, several)) == answers(map(here.infer, several))
    assert server.process.poll() is None, "who attaches does not end what he attached to"
