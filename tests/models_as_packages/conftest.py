from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dense_models import write_bundle
from fake_distributions import DENSE

from ei_runner_core import plugins

VARIABLES = ("EI_MODEL", "EI_BACKEND", "EI_RUNNER_DISABLE", "EI_RUNNER_PLUGINS")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path, with the backend dense as the only plugin; an empty folder to be in."""
    folder = tmp_path / "site"
    add_metadata(folder, "ei-runner-dense", "[ei_runner]\ndense = ei_runner_dense\n")
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EI_RUNNER_PLUGINS", "dense")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(DENSE), *sys.path]))
    monkeypatch.syspath_prepend(DENSE)
    monkeypatch.syspath_prepend(folder)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    plugins.refresh()
    yield folder
    plugins.refresh()
    sys.modules.pop("ei_runner_dense", None)


def add_metadata(site: Path, distribution: str, entries: str, version: str = "1.0") -> None:
    info = site / f"{distribution.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    head = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
    (info / "METADATA").write_text(head, encoding="utf-8")
    (info / "entry_points.txt").write_text(entries, encoding="utf-8")


AddModel = Callable[..., Path]


@pytest.fixture
def add_model(site: Path) -> AddModel:
    """Add a distribution that brings a model; gives the folder that its entry point names.

    The code of its package raises: whoever runs it is noticed.
    """

    def add(name: str, distribution: str = "", *, package: str = "", holds: bool = True) -> Path:
        distribution = distribution or f"{name}-model"
        package = package or distribution.replace("-", "_").lower()
        add_metadata(site, distribution, f"[ei_runner_models]\n{name} = {package}\n")
        folder = site.joinpath(*package.split("."))
        if holds:
            write_bundle(folder)
            (site / package.partition(".")[0] / "__init__.py").write_text("raise SystemExit(9)")
        return folder

    return add


Fresh = Callable[[str], str]


@pytest.fixture
def fresh(site: Path) -> Fresh:
    """Run code in a fresh interpreter; gives what it prints."""

    def run(code: str) -> str:
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.strip()

    return run


@pytest.fixture
def pip_install(site: Path) -> Callable[[Path], None]:
    """Install a wheel into the site folder, with pip and without an index."""

    def install(wheel: Path) -> None:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
        command += ["--target", str(site), str(wheel)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr

    return install


@pytest.fixture
def bundle(tmp_path: Path, site: Path) -> Path:
    """A bundle for the backend dense, as a folder."""
    return write_bundle(tmp_path / "bundle")
