"""``ei-runner login`` and ``logout``, as a process of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack

import pytest
from scripted_http import ScriptedServer, reply, success

from ei_runner_core.testing.studio import LocalStudio

KEY = "ei_" + "0123456789abcdef" * 4


@pytest.fixture
def serve():
    with ExitStack() as stack:
        yield lambda *answers: stack.enter_context(ScriptedServer(list(answers)))


@pytest.fixture
def home(tmp_path):
    """Makes the environment of a user without keys, whose Studio is at a URL."""

    def make(url):
        others = {k: v for k, v in os.environ.items() if not k.startswith("EI_")}
        folders = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
        path = os.pathsep.join(filter(None, sys.path))
        return {**others, **folders, "EI_HOST": url, "NO_PROXY": "*", "PYTHONPATH": path}

    make.folder = tmp_path
    return make


@pytest.fixture
def ei_runner(home):
    """Runs the program, and makes sure that it shows no key."""

    def run(url, *arguments, stdin=""):
        done = subprocess.run(
            [sys.executable, "-m", "ei_runner_core", *arguments],
            input=stdin, capture_output=True, text=True, timeout=60, env=home(url), cwd=home.folder,
        )  # fmt: skip
        assert KEY not in done.stdout + done.stderr
        return done

    return run


def projects(*names):
    return success(projects=[{"id": 10 + i, "name": name} for i, name in enumerate(names)])


def stored(tmp_path):
    return json.loads((tmp_path / "config/ei-runner/credentials.json").read_text())["logins"]


def test_a_key_from_stdin_is_checked_and_kept(serve, ei_runner, tmp_path):
    server = serve(projects("demo\x1b[31m"))
    done = ei_runner(server.url, "login", stdin=f"{KEY}\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == (
        f"logged in to {server.url}/v1, project 10 (demo\\x1b[31m)"
    )
    assert stored(tmp_path) == {f"{server.url}/v1": {"api_key": KEY, "project_id": 10}}
    (request,) = server.requests
    assert (request.target, request.headers["x-api-key"]) == ("/v1/api/projects", KEY)
    file = tmp_path / "config/ei-runner/credentials.json"
    assert file.stat().st_mode & 0o077 == 0 or os.name != "posix"


def test_a_key_from_a_file_and_json(serve, ei_runner, tmp_path):
    (tmp_path / "key").write_text(KEY)
    server = serve(projects("one", "two"))
    done = ei_runner(server.url, "login", "--api-key-file", "key", "-p", "11", "--json")
    assert json.loads(done.stdout) == {
        "studio": f"{server.url}/v1",
        "project": {"id": 11, "name": "two"},
        "file": str(tmp_path / "config/ei-runner/credentials.json"),
    }
    assert done.returncode == 0
    assert stored(tmp_path)[f"{server.url}/v1"]["project_id"] == 11


def test_the_doctor_tells_that_there_is_a_login(serve, ei_runner, tmp_path):
    server = serve(projects("demo"))
    rows = json.loads(ei_runner(server.url, "doctor", "--json").stdout)["checks"]
    assert not any(row["what"] == "login" for row in rows)
    assert ei_runner(server.url, "login", stdin=KEY).returncode == 0
    done = ei_runner(server.url, "doctor", "--json")
    (row,) = (r for r in json.loads(done.stdout)["checks"] if r["what"] == "login")
    assert (row["status"], row["detail"]) == ("ok", f"{server.url}/v1, project 10")
    (tmp_path / "config/ei-runner/credentials.json").write_text("nonsense")
    done = ei_runner(server.url, "doctor", "--json")
    (row,) = (r for r in json.loads(done.stdout)["checks"] if r["what"] == "login")
    assert row["status"] == "broken"


def test_the_help_of_login_says_that_it_takes_no_key_of_the_environment(ei_runner):
    text = " ".join(ei_runner("http://127.0.0.1:9", "login", "--help").stdout.split())
    assert "EI_API_KEY is not looked at" in text


def test_logout_forgets_it(serve, ei_runner, tmp_path):
    server = serve(projects("demo"))
    assert ei_runner(server.url, "login", stdin=KEY).returncode == 0
    done = ei_runner(server.url, "logout")
    assert (done.returncode, done.stdout) == (0, f"logged out of {server.url}/v1\n")
    assert not (tmp_path / "config/ei-runner/credentials.json").exists()
    done = ei_runner(server.url, "logout")
    assert (done.returncode, done.stdout) == (0, f"there is no login for {server.url}/v1\n")
    done = ei_runner(server.url, "logout", "--json")
    assert json.loads(done.stdout) == {"studio": f"{server.url}/v1", "was_logged_in": False}


@pytest.mark.parametrize(
    ("answer", "arguments", "code", "message"),
    [
        (
            projects("one", "two"),
            [],
            2,
            "2 projects, say which with --project (-p): 10 (one), 11 (two)",
        ),
        (projects("one"), ["--project", "5"], 2, "does not open project 5, but 10 (one)"),
        (projects("one"), ["--project", "x"], 2, "--project is 'x', expected the id of a project"),
        (projects(), [], 1, "opens no project"),
        (success(), [], 1, "lists no projects: is that Studio?"),
        (reply(200, {"success": False, "error": "Invalid API key"}), [], 1, "Invalid API key"),
        (reply(401, {"success": False, "error": "Invalid"}), [], 1, "401 Status: Invalid; check"),
        (reply(200, b"<html>"), [], 1, "no JSON"),
    ],
)
def test_what_is_wrong_is_one_line_and_nothing_is_kept(
    serve, ei_runner, tmp_path, answer, arguments, code, message
):
    done = ei_runner(serve(answer).url, "login", *arguments, stdin=KEY)
    assert done.returncode == code
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert not (tmp_path / "config").exists()


@pytest.mark.parametrize("key", ["", "\n", "nonsense", "0123456789abcdef" * 4])
def test_what_is_no_key_is_not_sent(serve, ei_runner, key):
    server = serve(projects("demo"))
    done = ei_runner(server.url, "login", stdin=key)
    assert done.returncode == 2
    assert "stdin is " in done.stderr
    assert "nonsense" not in done.stderr
    assert server.requests == []


@pytest.mark.skipif(os.name != "posix", reason="a pseudo terminal is of POSIX")
def test_a_key_that_is_typed_is_not_shown(serve, home):
    import pty

    server = serve(projects("one", "two"))
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "ei_runner_core", "login"],
        stdin=theirs, stdout=theirs, stderr=theirs, env=home(server.url), start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    with process, os.fdopen(ours, "r+b", buffering=0) as terminal:
        shown = b""
        for question, typed in ((b"Keys)", KEY), (b"Project id", "11"), (b"credentials.json", "")):
            while question not in shown:
                shown += terminal.read(1000)
            terminal.write(f"{typed}\n".encode())
        assert process.wait(60) == 0
    assert KEY.encode() not in shown
    assert b"  11 (two)" in shown
    assert stored(home.folder)[f"{server.url}/v1"]["project_id"] == 11


def test_the_local_studio_knows_its_keys(ei_runner, home):
    with LocalStudio() as studio:
        project = studio.add_project(name="demo", api_key=KEY)
        done = ei_runner(studio.url, "login", "--json", stdin=KEY)
        assert json.loads(done.stdout)["project"] == {"id": project.id, "name": "demo"}
        refused = ei_runner(studio.url, "login", stdin=f"ei_{'0' * 64}")
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert stored(home.folder)[f"{studio.url}/v1"]["api_key"] == KEY
