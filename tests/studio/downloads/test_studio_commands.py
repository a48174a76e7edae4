"""``ei-runner download``, ``models``, ``projects``, ``impulses`` and ``targets``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from inspect import signature
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from studio_downloads import RUNNER, files_in, program
from studio_exports import LIBRARY, PROGRAM

from ei_runner_core.cli import main
from ei_runner_core.studio import download
from ei_runner_core.testing.studio import LocalBuild, LocalImpulse, LocalProject, LocalStudio

# click before 8.2 mixes the two streams unless it is told not to; later ones cannot be told.
SEPARATE_STDERR = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}
COMMANDS = ["download", "models", "projects", "impulses", "targets"]
Invoke = Callable[..., Result]


class Program:
    """What click's runner needs to run the whole program, its handling of errors included."""

    name = "ei-runner"

    def main(self, args: list[str], prog_name: str) -> None:
        sys.exit(main(args))


@pytest.fixture
def invoke(project: LocalProject) -> Invoke:
    """Run the program in this process."""

    def run(*arguments: str | Path) -> Result:
        return CliRunner(**SEPARATE_STDERR).invoke(Program(), list(map(str, arguments)))  # type: ignore[arg-type]

    return run


def get(invoke: Invoke, *arguments: str | Path) -> Result:
    return invoke("download", "--form", "eim", "--target", RUNNER, *arguments)


def test_download_prints_where_the_model_is_and_how_to_run_it(invoke: Invoke) -> None:
    result = get(invoke)
    assert result.exit_code == 0
    path = result.stdout.rstrip("\n")
    assert Path(path).read_bytes() == PROGRAM
    assert f"run it with: ei-runner run -m {path} INPUT" in result.stderr
    assert "building runner-linux-x86_64" in result.stderr
    assert "  Building OK\n" in result.stderr


def test_download_as_json(invoke: Invoke, project: LocalProject) -> None:
    result = get(invoke, "--json")
    answer = json.loads(result.stdout)
    path = answer.pop("path")
    assert answer == {
        "project": project.id, "impulse": 1, "version": 1, "variant": "float32",
        "engine": "tflite", "target": RUNNER, "form": "eim", "cached": False,
        "run": f"ei-runner run -m {path} INPUT",
    }  # fmt: skip
    assert result.stderr == ""
    assert json.loads(get(invoke, "--json").stdout)["cached"] is True


def test_options_choose(invoke: Invoke, project: LocalProject, tmp_path: Path) -> None:
    project.impulses.append(LocalImpulse(id=4, name="the other"))
    key = tmp_path / "key"
    key.write_text(project.api_key)
    options = ["-p", str(project.id), "--impulse", "the other", "--variant", "int8"]
    first = json.loads(get(invoke, *options, "--api-key-file", key, "--json").stdout)
    assert (first["impulse"], first["variant"]) == (4, "int8")
    assert json.loads(get(invoke, *options, "--refresh", "--json").stdout)["version"] == 2
    pinned = get(invoke, "--version", "1", "--offline", "--json")
    assert json.loads(pinned.stdout)["version"] == 1


@pytest.mark.parametrize(
    ("form", "name"),
    [("eim", "project-10001-v1.eim"), ("library", "project-10001-v1"),
     ("bundle", "project-10001-v1-bundle")],
)  # fmt: skip
def test_a_copy_goes_where_it_is_wanted(
    invoke: Invoke, tmp_path: Path, form: str, name: str
) -> None:
    if form == "bundle":
        pytest.importorskip("tree_sitter_cpp")
    target = [] if form != "eim" else ["--target", RUNNER]
    for _ in range(2):  # the same model may take its own place
        result = invoke("download", "--form", form, *target, "-o", tmp_path / "new" / "models")
        assert result.stdout == f"{tmp_path}/new/models/{name}\n"
    assert [p.name for p in (tmp_path / "new" / "models").iterdir()] == [name]


def test_a_program_can_be_named(invoke: Invoke, tmp_path: Path) -> None:
    result = get(invoke, "-o", tmp_path / "mine.eim")
    assert result.stdout == f"{tmp_path}/mine.eim\n"
    assert os.access(tmp_path / "mine.eim", os.X_OK)


def test_nothing_else_is_ever_replaced(invoke: Invoke, tmp_path: Path) -> None:
    mine = tmp_path / "project-10001-v1"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    result = invoke("download", "--form", "library", "-o", tmp_path)
    assert result.exit_code == 2
    assert "is there already and is something else" in result.stderr
    assert (mine / "thesis.txt").read_text() == "years of work"
    (tmp_path / "file").write_text("")
    result = get(invoke, "-o", tmp_path / "file" / "below")
    assert (result.exit_code, result.stderr.count("\n")) == (2, result.stderr.count("\n"))
    assert "cannot write" in result.stderr


def test_a_failed_build_shows_its_log_and_one_error(invoke: Invoke, project: LocalProject) -> None:
    project.builds[RUNNER] = LocalBuild(log=["compiling", "out of memory"], fails=True)
    result = get(invoke)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "  out of memory\n" in result.stderr
    (error,) = [line for line in result.stderr.splitlines() if line.startswith("ei-runner: error")]
    assert "failed; the end of its log: compiling | out of memory" in error


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["-p", "my project"], 2, "expected the id of a project"),
        (["-p", "424242"], 1, "424242"),
        (["--version", "0"], 2, "--version"),
        (["--timeout", "0"], 2, "--timeout"),
        (["--engine", "quantum"], 2, "has no engine 'quantum'"),
        (["--offline"], 2, "offline"),
    ],
)
def test_mistakes_are_one_line(
    invoke: Invoke, arguments: list[str], code: int, message: str
) -> None:
    result = get(invoke, *arguments)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (code, "", 1)
    assert message in result.stderr


def test_models_lists_what_is_kept(invoke: Invoke, project: LocalProject) -> None:
    assert "no models are kept here" in invoke("models").stderr
    assert json.loads(invoke("models", "--json").stdout) == []
    download(form="library")
    program()
    listed = invoke("models").stdout.splitlines()
    assert [line.split()[0] for line in listed] == ["project", "10001", "10001"]
    assert RUNNER in listed[1]
    assert "205 kB" in listed[1]
    models = json.loads(invoke("models", "--json").stdout)
    assert [m["form"] for m in models] == ["eim", "library"]
    assert models[0]["bytes"] == len(PROGRAM)
    assert Path(models[0]["path"]).is_file()


def test_clean_removes_what_it_is_told_to(
    invoke: Invoke, studio: LocalStudio, project: LocalProject, cache: Path
) -> None:
    other = studio.add_project()
    other.builds["zip"] = LIBRARY
    first = program()
    program(refresh=True)
    download(other.id, api_key=other.api_key, form="library")
    old = first.path.parent / "manifest.json"
    os.utime(old, (0, 0))
    assert invoke("models", "clean").exit_code == 2
    removed = json.loads(invoke("models", "clean", "--older-than", "30", "--json").stdout)
    assert [m["version"] for m in removed["removed"]] == [1]
    assert "removed 1 models" in invoke("models", "clean", "-p", str(other.id)).stdout
    assert "removed 1 models, 205 kB" in invoke("models", "clean", "--all").stdout
    assert not files_in(cache)
    assert sorted(p.name for p in cache.iterdir()) == [".locks", ".work"]


def test_clean_removes_one_version(invoke: Invoke, project: LocalProject) -> None:
    first, second = program(), program(refresh=True)
    assert "removed 1 models" in invoke("models", "clean", "--version", "1").stdout
    assert not first.path.exists()
    assert second.path.exists()


def test_clean_keeps_the_newest_of_each_kind(invoke: Invoke, project: LocalProject) -> None:
    library = download(form="library")
    old, new = program(), program(refresh=True)
    removed = invoke("models", "clean", "--keep-newest", "--all").stdout
    assert "removed 1 models" in removed
    assert not old.path.exists()
    assert new.path.exists()
    assert library.path.exists()
    assert "removed 0 models" in invoke("models", "clean", "--keep-newest").stdout


def test_a_model_is_one_short_line(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch, project: LocalProject
) -> None:
    program()
    monkeypatch.setenv("COLUMNS", "80")
    lines = invoke("models").stdout.splitlines()
    assert len(lines) == 2
    assert lines[1].endswith("today")


def test_using_a_model_keeps_it_from_being_old(invoke: Invoke, project: LocalProject) -> None:
    first = program()
    os.utime(first.path.parent / "manifest.json", (0, 0))
    program()
    assert "removed 0 models" in invoke("models", "clean", "--older-than", "1").stdout


def test_clean_sweeps_what_broken_downloads_left(invoke: Invoke, cache: Path) -> None:
    left = cache / ".work" / "0123456789abcdef"
    left.mkdir(parents=True)
    (left / "download.part").write_bytes(b"x")
    program()
    assert left.exists()
    invoke("models", "clean", "--older-than", "0")
    assert left.exists()
    invoke("models", "clean", "--all")
    assert not left.exists()


def test_projects_and_impulses_are_listed(invoke: Invoke, project: LocalProject) -> None:
    assert invoke("projects").stdout.split() == [
        "id", "name", "owner", str(project.id), "demo", "local",
    ]  # fmt: skip
    assert json.loads(invoke("projects", "--json").stdout)[0]["id"] == project.id
    project.impulses.append(LocalImpulse(id=7, name="two words", variants=("int8",)))
    assert json.loads(invoke("impulses", "--json").stdout) == [
        {"id": 1, "name": "Impulse #1", "default": True, "variants": ["float32", "int8"]},
        {"id": 7, "name": "two words", "default": False, "variants": ["int8"]},
    ]
    assert "default" in invoke("impulses").stdout
    project.impulses.clear()
    assert "has no impulse" in invoke("impulses").stderr


def test_targets_are_listed_with_what_this_machine_runs(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ei_runner_core.studio import machine

    monkeypatch.setattr(machine, "current_platform", lambda: "linux-x86_64")
    rows = {row["target"]: row for row in json.loads(invoke("targets", "--json").stdout)}
    assert rows[RUNNER]["here"]
    assert rows["zip"]["engines"][0] == "tflite-eon"
    assert rows["zip"]["recommended"]
    lines = invoke("targets").stdout.splitlines()
    (here,) = [line for line in lines if line.startswith(f"{RUNNER} ")]
    assert here.endswith("this machine")
    assert invoke("targets", "--impulse", "99").exit_code == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_studio_commands_imports_nothing_heavy(command: str) -> None:
    code = (
        "import sys; from ei_runner_core.cli import main; main(sys.argv[1:]); "
        "print(sorted({'numpy', 'rich', 'msgspec', 'requests', 'PIL'} & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, command, "--help"],
        capture_output=True, text=True, check=True, timeout=60,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip
    assert answer.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_key_is_in_no_output(invoke: Invoke, project: LocalProject, command: str) -> None:
    results = [
        invoke(command),
        invoke(command, "--json"),
        get(invoke, "--api-key-file", "/nowhere"),
        get(invoke, "-p", "99"),
    ]
    for result in results:
        assert project.api_key not in result.stdout + result.stderr + repr(result.exception)
