"""The table of engines says what the backends say."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
BACKENDS = sorted(path.parent.name for path in ROOT.glob("backends/*/pyproject.toml"))


@pytest.fixture(scope="module")
def engines() -> ModuleType:
    named = importlib.util.spec_from_file_location("engines", ROOT / "docs" / "engines.py")
    assert named is not None
    assert named.loader is not None
    module = importlib.util.module_from_spec(named)
    named.loader.exec_module(module)
    return module


def test_the_page_has_the_table_that_is_made_of_the_specs(engines: ModuleType) -> None:
    page = engines.PAGE.read_text(encoding="utf-8")
    assert page == engines.with_table(page), "write it anew with: nox -s generate"


def test_every_backend_has_a_row(engines: ModuleType) -> None:
    page = engines.PAGE.read_text(encoding="utf-8")
    for name in BACKENDS:
        assert f"| [{name}]({name}.md) |" in page


def test_every_backend_tells_what_it_takes_to_choose_it(engines: ModuleType) -> None:
    for spec in engines.specs():
        assert spec.platforms, spec.name
        assert spec.installed_megabytes > 0, spec.name
        assert spec.engine_license, spec.name
        assert spec.never_run, spec.name
