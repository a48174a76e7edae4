"""The official generated client understands the local Studio, which shows that it is honest."""

from __future__ import annotations

from pathlib import Path

import pytest
from official_clients import ask_client

from ei_runner_core.testing.studio import LocalBuild, LocalImpulse, LocalStudio

SCRIPT = Path(__file__).with_name("official_studio_client.py")
CONTENT = bytes(range(256))


@pytest.fixture(scope="module")
def studio():
    with LocalStudio() as studio:
        yield studio


@pytest.fixture(scope="module")
def project(studio):
    project = studio.add_project(
        "motion", impulses=[LocalImpulse(1, "first"), LocalImpulse(2, "second")], is_public=True
    )
    project.builds["zip"] = LocalBuild(CONTENT, log=("one", "two", "three"), polls=1)
    return project


@pytest.fixture(scope="module")
def told(studio_client_python, studio, project):
    question = {
        "endpoint": studio.environment["EI_API_ENDPOINT"],
        "api_key": project.api_key,
        "project": project.id,
    }
    return ask_client(studio_client_python, SCRIPT, question)


def test_it_knows_the_project(told, project):
    assert told["projects"] == {
        "ids": [project.id],
        "of_key": project.id,
        "name": "motion",
        "default_impulse": 1,
        "hmac_keys": [project.hmac_key] * 2,
        "variants": ["float32", "int8"],
    }


def test_it_knows_the_impulses(told):
    assert told["impulses"] == {
        "names": ["first", "second"],
        "are_complete": [True, True],
        "thresholds": "not_regenerated",
    }


def test_it_knows_the_targets(told, project):
    assert told["targets"] == [[target.format for target in project.targets]] * 3


def test_it_builds_and_downloads(told):
    assert told["build"] == {
        "version": 1,
        "had": [False, True],
        "were_successful": [None, True],
        "log": ["three\n", "two\n"],
        "log_count": 3,
        "log_file": "one\ntwo\nthree\n",
        "content": CONTENT.hex(),
        "content_of_version": CONTENT.hex(),
        "history": [1],
        "format": "zip",
        "last": 1,
        "refusal": "Job is already finished",
        "canceled": False,
    }


def test_it_builds_a_public_project(told):
    assert told["public"] == {
        "version": 3,
        "were_successful": [None, True],
        "log": ["one\n", "two\n", "three\n"],
    }


def test_every_request_of_it_was_answered(told, studio):
    assert {request.status for request in studio.requests} == {200}
