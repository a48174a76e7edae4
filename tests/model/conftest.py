from __future__ import annotations

import sys

import pytest
from dense_models import write_bundle
from fake_distributions import DENSE, forget_modules

from ei_runner_core import plugins


@pytest.fixture
def dense(tmp_path, monkeypatch):
    """The backend of a stranger, seen as installed and the only one. Returns the site folder."""
    site = tmp_path / "site"
    info = site / "ei_runner_dense-0.3.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ei-runner-dense\nVersion: 0.3.1\n")
    (info / "entry_points.txt").write_text("[ei_runner]\ndense = ei_runner_dense\n")
    monkeypatch.syspath_prepend(DENSE)
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("EI_RUNNER_PLUGINS", "dense")
    for name in ("EI_MODEL", "EI_BACKEND", "EI_RUNNER_DISABLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    plugins.refresh()
    yield site
    plugins.refresh()
    forget_modules(site)
    sys.modules.pop("ei_runner_dense", None)


@pytest.fixture
def bundle(tmp_path):
    """A bundle for the dense backend, as a folder."""
    return write_bundle(tmp_path / "bundle")
