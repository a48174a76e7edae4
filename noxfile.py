"""The chores: what a person runs now and then. The tests are tox's, see ``tox.ini``.

``nox --list`` shows all of them, ``nox -s NAME`` runs one; what follows ``--`` is handed on.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import nox

ROOT = Path(__file__).parent
BACKENDS = tuple(
    f"./{path.parent.relative_to(ROOT)}" for path in sorted(ROOT.glob("backends/*/pyproject.toml"))
)
DISTRIBUTIONS = (".", *BACKENDS)

nox.options.sessions = ["demo"]
nox.options.reuse_existing_virtualenvs = True


@nox.session
def demo(session: nox.Session) -> None:
    """Classify the demo's samples on every backend that is in this repository."""
    session.install(*DISTRIBUTIONS)
    session.run("ei-runner", "demo", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure what the library adds to the engine; fails when a limit is broken."""
    session.install(*DISTRIBUTIONS)
    # the client to be compared with; without it those rows are skipped
    official = ("pip", "install", "--quiet", "--no-deps", "edge-impulse-linux==1.2.2")
    session.run("python", "-m", *official, success_codes=[0, 1])
    session.run("python", "tests/bench/run.py", *session.posargs)


@nox.session
def soak(session: nox.Session) -> None:
    """Ask .eim programs 100,000 times; fails when memory or open files grow."""
    session.install(*DISTRIBUTIONS, "psutil")
    session.run("python", "tests/bench/eim_soak.py", *session.posargs)


@nox.session
def wheels(session: nox.Session) -> None:
    """Build the sdist and the wheel of every distribution into dist/, list and check them."""
    groups = nox.project.load_toml("pyproject.toml")
    session.install(*nox.project.dependency_groups(groups, "wheels"))
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    for distribution in DISTRIBUTIONS:
        session.run("python", "-m", "build", "--outdir", "dist", distribution)
    for archive in sorted(ROOT.glob("dist/*")):
        tool = "zipfile" if archive.suffix == ".whl" else "tarfile"
        session.run("python", "-m", tool, "-l", str(archive))
    session.run("pytest", "tests/wheels/test_contents.py", env={"EI_RUNNER_DIST": "dist"})


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into docs/_build/html, to be read there."""
    groups = nox.project.load_toml("pyproject.toml")
    session.install(
        ".[tensor,testing]",
        "./backends/eim",
        "./backends/sdk-ffi",
        *nox.project.dependency_groups(groups, "docs"),
    )
    session.install("--no-deps", "./backends/onnx", "./backends/qnn")  # for the help of a command
    session.run("sphinx-build", "-W", "-n", "--keep-going", "docs", "docs/_build/html")
    session.log(f"open {ROOT / 'docs/_build/html/index.html'}")


@nox.session(name="new-backend")
def new_backend(session: nox.Session) -> None:
    """Write the skeleton of a plugin and run its tests: nox -s new-backend -- NAME [FOLDER]."""
    if not session.posargs:
        session.error("name the backend: nox -s new-backend -- my-engine [FOLDER]")
    name, *folder = session.posargs
    session.install(".[testing]")
    session.run("python", "docs/new_backend.py", *session.posargs)
    project = Path(*folder, f"ei-{name}")
    session.install("-e", str(project))
    session.run("pytest", "-q", str(project))


@nox.session
def generate(session: nox.Session) -> None:
    """Write anew what is made from the code: the JSON Schema, README's picture, sdk-ffi's ABI."""
    session.install(*DISTRIBUTIONS)
    session.run("python", "docs/generate.py")
    session.run("python", "backends/sdk-ffi/make_abi.py")


@nox.session(name="train-demos")
def train_demos(session: nox.Session) -> None:
    """Train demo models again, all or those that are named; their products are committed.

    Needs TensorFlow, and espeak-ng for the voices of the spoken words.
    """
    session.install(*DISTRIBUTIONS, "tensorflow==2.21.*", "tf2onnx==1.17.*", "scikit-learn")
    session.install("--no-deps", "aeon==1.6.0")  # only its data files are read
    for name in session.posargs or ("digits", "keywords", "motion", "scenes"):
        session.run("python", "-m", f"ei_runner_core.demos.{name}.train")
