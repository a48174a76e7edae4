"""What is built installs into empty environments, on every Python here, and runs the demo there."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from built_distributions import BACKENDS, CORE, wheel_metadata
from empty_environments import Environment, make_environment
from pythons import find_python

VERSIONS = ("3.10", "3.11", "3.12", "3.13")
NAMES = tuple(project.folder.name for project in BACKENDS)
ENGINES = {"full-tflite", "onnx", "qnn", "tvm"}
ENGINES_OF_OTHERS = {"qnn": "onnx"}  # the backends that one brings along
WITHOUT_ENGINE = {("3.10", "qnn")}  # for which there is no wheel of the engine
NEEDS_COMPILER = {"tvm"}
AT_ONCE = 2
SUPPORT = Path(__file__).parents[1] / "support"


@dataclass(frozen=True)
class Case:
    """A Python and the extras to install there."""

    version: str
    extras: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.version}-{'+'.join(self.extras)}"


def choices(version: str) -> list[tuple[str, ...]]:
    """Each backend alone, and all of them."""
    names = tuple(name for name in NAMES if (version, name) not in WITHOUT_ENGINE)
    return [*((name,) for name in names), names]


CASES = [Case(version, extras) for version in VERSIONS for extras in choices(version)]


def install(case: Case, dist: Path, folder: Path) -> Environment:
    """Make an environment and install the core with some extras from the folder of wheels."""
    interpreter = find_python(case.version)
    if interpreter is None:
        pytest.skip(f"there is no Python {case.version} on this machine")
    environment = make_environment(interpreter, folder)
    version = wheel_metadata(CORE.wheel(dist))["Version"]
    wanted = f"ei-runner[{','.join(case.extras)}]=={version}"
    environment.pip("install", "--quiet", "--only-binary", ":all:", "--find-links", dist, wanted)
    return environment


@pytest.fixture(scope="session")
def installs(
    request: pytest.FixtureRequest,
    dist: Path,
    index: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[Case, Future[Environment]]]:
    """All environments that the chosen tests need, a few of them made at once."""
    chosen = [
        item.callspec.params["case"] for item in request.session.items if hasattr(item, "callspec")
        and "case" in item.callspec.params
    ]  # fmt: skip
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {
            case: pool.submit(install, case, dist, tmp_path_factory.mktemp("install"))
            for case in dict.fromkeys(chosen)
        }
        pool.shutdown(cancel_futures=True)


@pytest.fixture
def environment(installs: dict[Case, Future[Environment]], case: Case) -> Iterator[Environment]:
    """The environment of a case, which is removed after its test: engines are large."""
    environment = installs[case].result()
    yield environment
    shutil.rmtree(environment.folder)


def make_an_eim(environment: Environment) -> None:
    """Let the demo's model be an .eim, and run that."""
    demo, packaged = environment.work / "demo", environment.work / "demo.eim"
    environment.program("ei-runner", "demo", "--save", demo)
    environment.program("ei-runner", "eim", "package", demo / "model", "-o", packaged)
    sample = demo / "samples" / "7_009.png"
    answer = json.loads(environment.program("ei-runner", "run", "-m", packaged, "--json", sample))
    assert answer["backend"] == "eim"


def compile_an_export(environment: Environment) -> None:
    """Let the compiler of this machine make a model of an export, and run that."""
    export = environment.work / "export"
    code = "import sys; sys.path.append(sys.argv[1]); import ffi_exports, pathlib; "
    write = "ffi_exports.write_export(pathlib.Path(sys.argv[2]))"
    environment.program("python", "-c", code + write, SUPPORT, export)
    built = json.loads(environment.program("ei-runner", "build", export, "--json"))
    assert built["network"] == "compiled"
    count = built["parameters"]["model_parameters"]["input_features_count"]
    window = ",".join(["1.0"] * count)
    answer = environment.program("ei-runner", "run", "-m", export, "--json", "--features", window)
    assert json.loads(answer)["backend"] == "sdk-ffi"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_demo_runs_in_an_empty_environment(environment: Environment, case: Case) -> None:
    environment.pip("check")
    engines = set(case.extras) & ENGINES
    for backend in engines if shutil.which("g++") else engines - NEEDS_COMPILER:
        report = json.loads(
            environment.program("ei-runner", "demo", "--json", "--backend", backend)
        )
        assert report["backend"] == backend
        assert Path(report["model"]).is_relative_to(environment.folder)
        assert report["right"] == report["count"] == len(report["samples"])
    if "eim" in case.extras:
        assert "package" in environment.program("ei-runner", "eim", "--help")
    if "eim" in case.extras and ENGINES & set(case.extras):
        make_an_eim(environment)
    if "sdk-ffi" in case.extras and shutil.which("g++"):
        compile_an_export(environment)
    listing = json.loads(environment.program("ei-runner", "doctor", "--json"))
    assert listing["ok"], listing
    installed = {row["name"] for row in json.loads(environment.pip("list", "--format", "json"))}
    ours = {name for name in installed if name.startswith("ei-runner")}
    brought = {ENGINES_OF_OTHERS.get(extra, extra) for extra in case.extras}
    assert ours == {"ei-runner", *(f"ei-runner-{name}" for name in brought | set(case.extras))}


def test_this_python_is_found() -> None:
    assert find_python("{}.{}".format(*sys.version_info)) == Path(sys.executable)


def test_a_python_that_is_not_here_is_not_found() -> None:
    assert find_python("3.0") is None
