"""Settings and helpers of the backend's tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ffi_exports import FAST, Recipe, write_export

from ei_runner_core import EdgeImpulseModel

DEADLINE = 120.0
Exporter = Callable[..., Path]
Opener = Callable[..., EdgeImpulseModel]


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache for the tests alone; what the user has set for builds counts for nothing."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("EI_MODEL", "USE_FULL_TFLITE", "CC", "CXX", "CFLAGS", "CXXFLAGS", "NUM_JOBS"):
            patch.delenv(name, raising=False)
        patch.setenv("EI_RUNNER_CACHE", str(tmp_path_factory.mktemp("ffi_cache")))
        yield


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exporter:
    """Writes an export once, by the fields of its :class:`Recipe`; it is only read."""
    folders: dict[Recipe, Path] = {}

    def exporter(task: str = "motion", **fields: Any) -> Path:
        recipe = replace(Recipe(task), **fields)
        if recipe not in folders:
            folder = tmp_path_factory.mktemp(f"{task}_{recipe.generation}_")
            folders[recipe] = write_export(folder, recipe)
        return folders[recipe]

    return exporter


@pytest.fixture
def opened(exported: Exporter) -> Iterator[Opener]:
    """Opens a model by its task, or a path, and closes it after the test."""
    models: list[EdgeImpulseModel] = []

    def opener(
        source: str | Path = "motion",
        *,
        debug: bool = False,
        generation: int = 2026,
        **options: Any,
    ) -> EdgeImpulseModel:
        path = exported(source, generation=generation) if isinstance(source, str) else source
        models.append(
            EdgeImpulseModel(path, backend="sdk-ffi", options=FAST | options, debug=debug)
        )
        return models[-1]

    yield opener
    for model in models:
        model.close()


@pytest.fixture
def run_script(tmp_path: Path) -> Callable[..., str]:
    """Runs Python code in a process of its own, which has to end well without a complaint."""

    def runner(code: str, *arguments: object, **environment: str) -> str:
        finished = subprocess.run(
            [sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))} | environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        assert (finished.returncode, finished.stderr) == (0, ""), finished.stderr[-3000:]
        return finished.stdout

    return runner
