"""What is in the sdists and wheels: all that is needed, and nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from pathlib import Path, PurePosixPath

import pytest
from built_distributions import (
    BACKENDS,
    CORE,
    PROJECTS,
    ROOT,
    Project,
    python,
    sdist_files,
    wheel_files,
    wheel_metadata,
)

# What a package holds beside its modules: demos and golden models with what belongs to them, and
# what is compiled with every export.
DATA = {
    "ei-runner": {".csv", ".json", ".md", ".npz", ".onnx", ".png", ".tflite", ".wav"},
    "ei-runner-sdk-ffi": {".cpp", ".h", ".hpp", ".json", ".map", ".txt"},
}
WITHOUT_NETWORKS = ("ei-runner-eim", "ei-runner-sdk-ffi")
# Chores that lie beside what they make; they stay in the repository.
CHORES = (
    "ei_runner_core/demos/*/train/*",
    "ei_runner_core/demos/_training/*",
    "ei_runner_core/testing/golden/make_*.py",
)
STRAY = re.compile(
    r"(^|/)(tests?|__pycache__|\..+|conftest\.py|test_.+\.py|.+\.(pyc|log|tmp))($|/)"
)
MAX_WHEEL_BYTES = 2_000_000

each_project = pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.name)
each_backend = pytest.mark.parametrize("project", BACKENDS, ids=lambda project: project.name)


def is_chore(name: str) -> bool:
    return any(PurePosixPath(name).match(pattern) for pattern in CHORES)


def test_there_is_one_sdist_and_one_wheel_of_each_distribution(dist: Path) -> None:
    expected = {path.name for p in PROJECTS for path in (p.wheel(dist), p.sdist(dist))}
    built = {path.name for path in dist.iterdir() if path.name.endswith((".whl", ".tar.gz"))}
    assert built == expected


@each_project
def test_a_wheel_holds_only_what_is_allowed(dist: Path, project: Project) -> None:
    wheel = project.wheel(dist)
    info = f"{'-'.join(wheel.name.split('-')[:2])}.dist-info"
    files = set(wheel_files(wheel))
    own = {f"{info}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt")}
    assert own | {f"{info}/licenses/LICENSE", f"{project.package}/py.typed"} <= files
    others = files - own - {f"{info}/licenses/LICENSE", f"{project.package}/py.typed"}
    wrong = [
        name
        for name in sorted(others)
        if not name.startswith(f"{project.package}/")
        or PurePosixPath(name).suffix not in {".py", *DATA.get(project.name, ())}
        or is_chore(name)
        or STRAY.search(name)
    ]
    assert not wrong


@each_project
def test_a_wheel_holds_the_whole_package_as_it_is_in_the_repository(
    dist: Path, project: Project
) -> None:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is not a git checkout")
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others",
               "--exclude-standard", project.package]  # fmt: skip
    listing = subprocess.run(command, cwd=project.folder, capture_output=True, check=True).stdout
    names = set(listing.decode().split("\0")) - {""}
    present = {name for name in names if (project.folder / name).is_file() and not is_chore(name)}
    packed = {name for name in wheel_files(project.wheel(dist)) if ".dist-info/" not in name}
    assert packed == present


@each_project
def test_a_wheel_runs_on_every_platform_and_is_small(dist: Path, project: Project) -> None:
    wheel = project.wheel(dist)
    assert wheel.name.endswith("-py3-none-any.whl")
    assert wheel.stat().st_size < MAX_WHEEL_BYTES


@each_project
def test_an_sdist_holds_the_package_and_what_builds_it(dist: Path, project: Project) -> None:
    files = sdist_files(project.sdist(dist))
    beside = {"PKG-INFO", "LICENSE", "README.md", "pyproject.toml", ".gitignore"}
    beside |= {"CHANGELOG.md"} if project is CORE else set()
    assert {name for name in files if not name.startswith(f"{project.package}/")} == beside
    assert not [name for name in files - beside if STRAY.search(name)]


@each_project
def test_the_licence_is_that_of_the_repository(dist: Path, project: Project) -> None:
    with zipfile.ZipFile(project.wheel(dist)) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/licenses/LICENSE"))
        assert archive.read(name) == (ROOT / "LICENSE").read_bytes()
    metadata = wheel_metadata(project.wheel(dist))
    assert metadata["License-Expression"] == "BSD-3-Clause"
    assert metadata.get_all("License-File") == ["LICENSE"]


def test_all_distributions_have_one_version_and_one_range_of_pythons(dist: Path) -> None:
    told = [wheel_metadata(project.wheel(dist)) for project in PROJECTS]
    assert [metadata["Name"] for metadata in told] == [project.name for project in PROJECTS]
    assert len({metadata["Version"] for metadata in told}) == 1
    assert len({metadata["Requires-Python"] for metadata in told}) == 1


def matching(version: str) -> str:
    major, minor = map(int, version.split(".")[:2])
    return f"<{major}.{minor + 1},>={major}.{minor}"


@each_backend
def test_a_backend_requires_the_matching_core(dist: Path, project: Project) -> None:
    metadata = wheel_metadata(project.wheel(dist))
    required = metadata.get_all("Requires-Dist", [])
    extra = "images" if project.name in WITHOUT_NETWORKS else "tensor"
    assert f"ei-runner[{extra}]{matching(metadata['Version'])}" in required


@each_backend
def test_an_extra_of_the_core_installs_the_backend(dist: Path, project: Project) -> None:
    metadata = wheel_metadata(CORE.wheel(dist))
    extra = project.name.removeprefix("ei-runner-")
    assert extra in metadata.get_all("Provides-Extra", [])
    wanted = f"{project.name}{matching(metadata['Version'])}; extra == '{extra}'"
    required = metadata.get_all("Requires-Dist", [])
    assert wanted in [re.sub(r"\[.*?\]", "", requirement) for requirement in required]


def test_twine_finds_nothing_to_complain_about(dist: Path) -> None:
    files = [path for project in PROJECTS for path in (project.wheel(dist), project.sdist(dist))]
    python("twine", "check", "--strict", *files, cwd=dist)


@each_project
def test_an_sdist_alone_builds_the_same_wheel(
    dist: Path, index: None, project: Project, tmp_path: Path
) -> None:
    sdist = project.sdist(dist)
    python("pip", "wheel", "--quiet", "--no-deps", "--no-cache-dir", "--wheel-dir", tmp_path, sdist,
           cwd=tmp_path)  # fmt: skip
    direct = tmp_path / "direct"
    python("build", "--no-isolation", "--wheel", "--outdir", direct, project.folder, cwd=tmp_path)
    assert comparable(project.wheel(tmp_path)) == comparable(project.wheel(direct))
    assert comparable(project.wheel(dist)) == comparable(project.wheel(direct))


def comparable(wheel: Path) -> dict[str, str]:
    """What must be the same however a wheel was built: not the name of the tool that built it."""
    files = wheel_files(wheel)
    return {name: files[name] for name in files if not name.endswith(("/WHEEL", "/RECORD"))}
