"""The official Python client runs our models unchanged, and gets the same answers as we do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from official_clients import ask_client

from ei_runner_core import EdgeImpulseModel
from ei_runner_core.demos import demo
from ei_runner_core.images import load_image, pack
from ei_runner_eim.serving.archive import package_model

SCRIPT = Path(__file__).with_name("official_client.py")


@pytest.fixture(params=[False, True], ids=["text", "shared memory"])
def shared_memory(request):
    return request.param


@pytest.fixture
def ask(client_python, demo_path, tmp_path, shared_memory):
    """Lets the official client run the packaged model of a demo."""

    def run(name, windows, thresholds=()):
        question = {
            "eim": str(package_model(demo_path(name), tmp_path / f"{name}.eim")),
            "shared_memory": shared_memory,
            "windows": [window.tolist() for window in windows],
            "thresholds": thresholds,
        }
        return ask_client(client_python, SCRIPT, question)

    return run


@pytest.fixture
def here(demo_path):
    """Opens the same model without a program in between."""
    opened = []

    def open_model(name):
        opened.append(EdgeImpulseModel(demo_path(name)))
        return opened[-1]

    yield open_model
    for model in opened:
        model.close()


def answers(results):
    return [result.to_dict()["result"] for result in results]


def told(replies):
    return [reply["result"] for reply in replies]


def noise(parameters, count=4):
    """Whole numbers: without shared memory the client sends no more than a socket takes at once."""
    random, size = np.random.default_rng(0), parameters.input_features_count
    low, high = (0, 1 << 24) if parameters.is_image else (-999, 999)
    for _ in range(count):
        yield random.integers(low, high, size).astype(np.float32)


def test_the_samples_of_the_digits_get_the_same_answers(ask, here):
    windows = [pack(load_image(sample.path)) for sample in demo("digits").samples()]
    assert told(ask("digits", windows)["before"]) == answers(map(here("digits").infer, windows))


@pytest.mark.parametrize("name", ["keywords", "motion", "scenes"])
def test_other_models_get_the_same_answers(ask, here, name):
    model = here(name)
    windows = list(noise(model.parameters))
    assert told(ask(name, windows)["before"]) == answers(map(model.infer, windows))


def test_hello_tells_all_about_the_model(ask, here, shared_memory):
    model, reply = here("digits"), ask("digits", [])
    mine = model.parameters.to_dict()
    assert reply["hello"]["model_parameters"] == mine["model_parameters"]
    assert reply["hello"]["project"] == mine["project"]
    assert reply["maps_memory"] == shared_memory


def test_thresholds_are_set(ask, here):
    model = here("scenes")
    (block,) = model.thresholds
    windows = [pack(load_image(sample.path)) for sample in demo("scenes").samples()[:3]]
    reply = ask("scenes", windows, [{"id": block.id, "min_score": 0.01}])
    assert told(reply["before"]) == answers(map(model.infer, windows))
    model.set_threshold(block.id, min_score=0.01)
    assert told(reply["after"]) == answers(map(model.infer, windows))
    assert reply["before"] != reply["after"]


def test_stop_leaves_nothing(ask):
    reply = ask("digits", [np.zeros(64, np.float32)])
    assert reply["exit_code"] in (0, 130)  # it hangs up and interrupts at once
    assert not reply["leaves_folder"]
    assert not reply["leaves_memory"]
