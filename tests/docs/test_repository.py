"""The shape of the repository: what must agree between its files, and what must not be in them."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ei_runner_core import __version__

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomli")

ROOT = Path(__file__).parents[2]
BACKENDS = sorted(path.parent for path in ROOT.glob("backends/*/pyproject.toml"))
MAX_BYTES = 300_000
MAX_GOLDEN_BYTES = 4_000_000


def project_file(folder: Path) -> dict[str, Any]:
    with (folder / "pyproject.toml").open("rb") as file:
        return dict(tomllib.load(file))


def compatible_range() -> str:
    major, minor = map(int, __version__.split(".")[:2])
    return f">={major}.{minor},<{major}.{minor + 1}"


def git(*arguments: str) -> str:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is not a git checkout")
    command = ["git", "-c", "safe.directory=*", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout


def own_files() -> list[Path]:
    """What is committed or about to be."""
    listing = git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return [ROOT / name for name in listing.split("\0") if name and (ROOT / name).is_file()]


def name_of(folder: Path) -> str:
    return folder.name


def test_there_are_backends() -> None:
    assert [path.name for path in BACKENDS] == sorted(
        path.name for path in (ROOT / "backends").iterdir() if path.is_dir()
    )


@pytest.mark.parametrize("folder", BACKENDS, ids=name_of)
def test_a_backend_has_the_version_of_the_core(folder: Path) -> None:
    project = project_file(folder)
    assert project["project"]["dynamic"] == ["version"]
    version_file = folder / project["tool"]["hatch"]["version"]["path"]
    assert version_file.resolve() == ROOT / "ei_runner_core" / "_version.py"


@pytest.mark.parametrize("folder", BACKENDS, ids=name_of)
def test_a_backend_requires_the_matching_core(folder: Path) -> None:
    core = [
        requirement
        for requirement in project_file(folder)["project"]["dependencies"]
        if re.match(r"ei-runner(\[|[<>=])", requirement)
    ]
    assert len(core) == 1
    assert core[0].endswith(compatible_range())


@pytest.mark.parametrize("folder", BACKENDS, ids=name_of)
def test_an_extra_of_the_core_brings_the_backend(folder: Path) -> None:
    extras = project_file(ROOT)["project"]["optional-dependencies"]
    name = folder.name
    (brought,) = extras[name]
    assert re.sub(r"\[.*\]", "", brought) == f"ei-runner-{name}{compatible_range()}"
    assert re.search(rf"[\[,]{re.escape(name)}[\],]", extras["all"][0])


@pytest.mark.parametrize("folder", BACKENDS, ids=name_of)
def test_a_backend_has_the_common_skeleton(folder: Path) -> None:
    project = project_file(folder)["project"]
    package = folder / f"ei_runner_{folder.name.replace('-', '_')}"
    assert project["name"] == f"ei-runner-{folder.name}"
    assert project["license"] == "BSD-3-Clause"
    assert project["requires-python"] == project_file(ROOT)["project"]["requires-python"]
    assert list(project["entry-points"]["ei_runner"]) == [folder.name]
    assert (package / "py.typed").is_file()
    assert (folder / "README.md").is_file()
    assert (folder / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert list(folder.glob("tests/test_*.py"))


@pytest.mark.parametrize("folder", BACKENDS, ids=name_of)
def test_tox_has_an_environment_for_the_backend(folder: Path) -> None:
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    assert folder.name in re.split(r"[{},\s]+", tox["tox"]["env_list"])
    assert f"./backends/{folder.name}" in tox["testenv"]["commands_pre"]
    assert f"backends/{folder.name}/ei_runner" in tox["testenv:types"]["commands"]


def test_the_core_is_typed() -> None:
    assert (ROOT / "ei_runner_core" / "py.typed").is_file()


def test_the_changelog_begins_with_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## \[([^\]]+)\]", text, re.MULTILINE)
    assert newest is not None
    assert newest[1] == __version__


def test_the_hooks_before_a_commit_use_the_ruff_of_the_checks() -> None:
    pins = [pin for pin in project_file(ROOT)["dependency-groups"]["lint"] if "ruff" in pin]
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"ruff==[\d.]+", text)) == set(pins)


@pytest.mark.parametrize("folder", ["model", "tflite"])
def test_what_users_drop_is_ignored(folder: str) -> None:
    names = [f"{folder}/trained.tflite", f"{folder}/deep/down/impulse.json"]
    assert git("check-ignore", *names).split() == names
    assert git("check-ignore", f"{folder}/README.md") == ""


def test_files_are_small() -> None:
    large = {str(path): path.stat().st_size for path in own_files()}
    assert {name: size for name, size in large.items() if size >= MAX_BYTES} == {}


def test_the_golden_vectors_stay_within_their_budget() -> None:
    vectors = (ROOT / "tests" / "golden").rglob("*.npz")
    assert sum(path.stat().st_size for path in vectors) <= MAX_GOLDEN_BYTES


def test_no_file_speaks_of_the_machine_that_it_was_made_on() -> None:
    homes = "|".join(f"/{name}/" for name in ("root", "home", "Users", "tmp", "work"))
    words = "|".join(("issue" + r"s? \d", "sub" + "agent", "shared" + "/(golden|reference)"))
    pattern = re.compile(rf"(?<![\w.*:~$}}-])({homes})|site-packages/|({words})", re.IGNORECASE)
    found = []
    for path in own_files():
        if path != Path(__file__) and b"\0" not in (content := path.read_bytes()):
            for number, line in enumerate(content.decode().splitlines(), 1):
                if pattern.search(line):
                    found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert not found, "\n".join(found)


def test_links_between_files_lead_somewhere() -> None:
    link = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in [*ROOT.glob("*.md"), *ROOT.glob("backends/*/README.md")]
        for target in link.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert not broken


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize("name", ["run", "test"])
def test_the_commands_of_the_readme_can_be_taken_from_it(name: str) -> None:
    script = ROOT / ".ci" / "readme-command"
    printed = subprocess.run(["bash", script, name], capture_output=True, text=True, check=True)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"<!-- quickstart:{name} -->\n```bash\n{printed.stdout}```\n" in readme
    subprocess.run(["bash", "-n", "-c", printed.stdout], check=True)


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_a_command_that_the_readme_lacks_is_an_error() -> None:
    script = ROOT / ".ci" / "readme-command"
    run = subprocess.run(["bash", script, "dance"], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "quickstart:dance" in run.stderr


def test_the_workflow_has_a_job_for_every_environment(tmp_path: Path) -> None:
    import importlib.util

    spec = importlib.util.spec_from_file_location("matrix", ROOT / ".github" / "matrix.py")
    assert spec is not None
    assert spec.loader is not None
    matrix = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(matrix)
    jobs = json.loads(json.dumps(matrix.jobs(["lint", "py310-core", "py314-full-tflite"])))
    assert jobs == [
        {"env": "lint", "python": matrix.DEFAULT_PYTHON},
        {"env": "py310-core", "python": "3.10"},
        {"env": "py314-full-tflite", "python": "3.14"},
    ]
