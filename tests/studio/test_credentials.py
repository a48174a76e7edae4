from __future__ import annotations

import json
import os
import stat
from contextlib import ExitStack

import pytest
from scripted_http import ScriptedServer, reply, success

from ei_runner_core import credentials
from ei_runner_core._http import HttpClient, Secret
from ei_runner_core.credentials import (
    Login,
    find_credentials,
    find_hmac_key,
    forget_login,
    read_login,
    remember_login,
    store,
)
from ei_runner_core.errors import InvalidInputError, StudioError

KEY = "ei_" + "0123456789abcdef" * 4
OTHER = "ei_" + "f" * 64
CLOUD = "https://studio.edgeimpulse.com/v1"


@pytest.fixture(autouse=True)
def path(tmp_path, monkeypatch):
    """The file of logins, in a home of its own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return store.credentials_path()


def test_an_argument_comes_before_a_file_before_the_environment_before_the_login(tmp_path):
    file = tmp_path / "key"
    file.write_text(f"\ufeff{KEY}\r\n", encoding="utf-8")
    environment = {"EI_API_KEY": f" {OTHER}\n", "EI_PROJECT_ID": "7"}
    remember_login(CLOUD, Login(Secret("ei_login"), 1))
    cases = [
        (find_credentials("ei_a", file, 3, environment), "ei_a", 3, "api_key"),
        (find_credentials(Secret("ei_a"), None, "3", {}), "ei_a", 3, "api_key"),
        (find_credentials(None, file, None, environment), KEY, 7, f"the API key file {file}"),
        (find_credentials(environment=environment), OTHER, 7, "EI_API_KEY"),
        (find_credentials(environment={"EI_PROJECT_ID": "7"}), "ei_login", 7, "ei-runner login"),
        (find_credentials(environment={}), "ei_login", 1, "ei-runner login"),
        (find_credentials(environment={"EI_API_KEY": "  "}), "ei_login", 1, "ei-runner login"),
    ]
    for found, key, project, origin in cases:
        assert (found.api_key.reveal(), found.project_id, found.origin) == (key, project, origin)
        assert key not in repr(found)


def test_the_environment_of_the_process_is_the_default(monkeypatch):
    monkeypatch.setenv("EI_API_KEY", KEY)
    monkeypatch.setenv("EI_PROJECT_ID", "12")
    assert find_credentials() == credentials.Credentials(Secret(KEY), 12, "EI_API_KEY")


def test_without_a_key_the_message_says_what_to_do():
    with pytest.raises(InvalidInputError, match=r"EI_API_KEY.*--api-key-file.*ei-runner login"):
        find_credentials(environment={})


def test_a_login_is_for_one_studio():
    remember_login(CLOUD, Login(Secret(KEY), 1))
    with pytest.raises(InvalidInputError, match="no API key for https://studio.acme.com/v1"):
        find_credentials(environment={"EI_HOST": "acme.com"})


@pytest.mark.parametrize(
    "key",
    ["", " ", "xy_" + "0" * 64, "0" * 64, f"{KEY} {KEY}", f"{KEY}\nx", f"{KEY}ä", "EI_abc"],
)
def test_what_is_no_key_is_refused_and_not_shown(key, tmp_path):
    file = tmp_path / "key"
    file.write_text(key, encoding="utf-8")
    for arguments in ((key, None, None, {}), (None, file, None, {})):
        with pytest.raises(InvalidInputError, match='begins with "ei_"') as error:
            find_credentials(*arguments)
        assert "000" not in str(error.value)
        assert KEY not in str(error.value)
    if key.strip():
        with pytest.raises(InvalidInputError, match="EI_API_KEY is no API key"):
            find_credentials(environment={"EI_API_KEY": key})


@pytest.mark.parametrize(
    "make",
    [lambda f: None, lambda f: f.mkdir(), lambda f: f.write_bytes(b"ei_" + b"x" * 100_000)],
)
def test_a_key_file_that_cannot_be_used_is_named(make, tmp_path):
    file = tmp_path / "some-key"
    make(file)
    with pytest.raises(InvalidInputError, match="some-key") as error:
        find_credentials(api_key_file=file, environment={})
    assert error.value.__suppress_context__ or error.value.__context__ is None


@pytest.mark.parametrize("project", ["", "x", "0", 0, -1, True, "1.5", "٣", "1" * 30])
def test_what_is_no_project_is_refused(project):
    with pytest.raises(InvalidInputError, match="the id of a project"):
        find_credentials(KEY, None, project, {})
    if str(project).strip():
        with pytest.raises(InvalidInputError, match="EI_PROJECT_ID is"):
            find_credentials(KEY, None, None, {"EI_PROJECT_ID": str(project)})


# The file of logins.


def test_logins_come_back_and_go():
    assert read_login(CLOUD) is None
    assert forget_login(CLOUD) is False
    remember_login(CLOUD, Login(Secret(KEY), 5))
    remember_login("http://127.0.0.1/v1", Login(Secret(OTHER)))
    remember_login(CLOUD, Login(Secret(OTHER), 6))
    assert read_login(CLOUD) == Login(Secret(OTHER), 6)
    assert forget_login(CLOUD) is True
    assert read_login(CLOUD) is None
    assert read_login("http://127.0.0.1/v1") == Login(Secret(OTHER))
    assert forget_login("http://127.0.0.1/v1") is True
    assert not store.credentials_path().exists()


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
def test_only_the_owner_can_read_the_file(path):
    path.parent.mkdir(parents=True)
    path.parent.chmod(0o755)
    before = os.umask(0)
    try:
        remember_login(CLOUD, Login(Secret(KEY)))
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o610])
def test_a_file_that_others_can_use_is_refused(path, mode):
    remember_login(CLOUD, Login(Secret(KEY)))
    path.chmod(mode)
    for use in (read_login, forget_login, lambda host: remember_login(host, Login(Secret(KEY)))):
        with pytest.raises(InvalidInputError, match=f"chmod 600 {path}") as error:
            use(CLOUD)
        assert KEY not in str(error.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff\xfe", b'{"logins": []}', b"[" * 100_000,
     json.dumps({"logins": {CLOUD: []}}).encode(), json.dumps({"logins": {CLOUD: {}}}).encode(),
     json.dumps({"logins": {CLOUD: {"api_key": 1}}}).encode()],
)  # fmt: skip
def test_a_damaged_file_is_named(path, content):
    remember_login(CLOUD, Login(Secret(KEY)))
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match="credentials.json is damaged: delete it"):
        read_login(CLOUD)


def test_a_project_that_is_no_number_is_as_good_as_none(path):
    remember_login(CLOUD, Login(Secret(KEY), 5))
    document = json.loads(path.read_text())
    document["logins"][CLOUD]["project_id"] = "5"
    path.write_text(json.dumps(document))
    assert read_login(CLOUD) == Login(Secret(KEY), None)


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "config").write_text("a file where a folder should be")
    with pytest.raises(InvalidInputError, match="cannot be"):
        remember_login(CLOUD, Login(Secret(KEY)))


def test_a_write_that_fails_leaves_the_old_file(path, monkeypatch):
    remember_login(CLOUD, Login(Secret(KEY)))
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "disk full")))
    with pytest.raises(InvalidInputError, match="disk full"):
        remember_login(CLOUD, Login(Secret(OTHER)))
    assert read_login(CLOUD) == Login(Secret(KEY))
    assert list(path.parent.iterdir()) == [path]


# The HMAC key.


def test_the_hmac_key_of_the_environment_is_not_asked_for():
    assert find_hmac_key(environment={"EI_HMAC_KEY": " abc "}) == Secret("abc")
    assert find_hmac_key(environment={}) is None


@pytest.fixture
def studio():
    """Makes a client of a Studio that gives one answer."""
    with ExitStack() as stack:

        def start(answer):
            server = stack.enter_context(ScriptedServer([answer]))
            client = HttpClient(server.url, key=Secret(KEY), failure=StudioError)
            return server, stack.enter_context(client)

        yield start


@pytest.mark.parametrize(
    ("document", "expected"),
    [({"hmacKey": "abc"}, Secret("abc")), ({}, None), ({"hmacKey": ""}, None)],
)
def test_the_hmac_key_of_a_project_is_asked_for(studio, document, expected):
    server, client = studio(success(**document))
    assert find_hmac_key(client, 5, {}) == expected
    assert server.requests[0].target == "/api/5/devkeys/hmac"


def test_a_refused_hmac_key_is_a_failure_of_studio(studio):
    _, client = studio(reply(200, {"success": False, "error": "no access"}))
    with pytest.raises(StudioError, match="no access"):
        find_hmac_key(client, 5, {})
