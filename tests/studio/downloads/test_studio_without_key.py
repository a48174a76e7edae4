"""A project is named, but there is no key for it; or there is a login, but no project."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from dense_models import write_bundle

from ei_runner_core import locate as locating
from ei_runner_core._http import Hosts, Secret
from ei_runner_core.credentials import Login, remember_login
from ei_runner_core.errors import ModelNotFoundError
from ei_runner_core.locate import locate
from ei_runner_core.testing.studio import LocalStudio


@pytest.fixture(autouse=True)
def in_an_empty_folder(
    studio: LocalStudio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    locating._warn_without_key.cache_clear()


def test_a_project_without_a_key_is_told_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EI_PROJECT_ID", "12345")
    with pytest.raises(ModelNotFoundError) as caught:
        locate()
    assert str(caught.value) == (
        "EI_PROJECT_ID is '12345', but there is no API key: set EI_API_KEY or run ei-runner login"
    )


def test_the_folder_model_in_its_place_is_a_warning_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write_bundle(Path("model"))
    monkeypatch.setenv("EI_PROJECT_ID", "12345")
    with caplog.at_level(logging.WARNING):
        assert [locate().path for _ in range(2)] == [Path("model")] * 2
    (message,) = caplog.messages
    assert message.startswith("EI_PROJECT_ID is '12345', but there is no API key: set EI_API_KEY")
    assert message.endswith("the model in ./model is used instead")


def test_without_a_project_the_folder_model_is_no_surprise(
    caplog: pytest.LogCaptureFixture,
) -> None:
    write_bundle(Path("model"))
    assert (locate().path, caplog.messages) == (Path("model"), [])


def test_who_is_logged_in_is_told_what_else_is_needed() -> None:
    with pytest.raises(ModelNotFoundError, match="set EI_PROJECT_ID and EI_API_KEY"):
        locate()
    remember_login(Hosts.find().studio, Login(Secret("ei_login"), 7))
    with pytest.raises(ModelNotFoundError) as caught:
        locate()
    assert "set EI_PROJECT_ID to use your login for Studio (or: ei-runner download)" in str(
        caught.value
    )
    assert "EI_API_KEY" not in str(caught.value)
