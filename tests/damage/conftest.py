"""What the tests of damaged models share.

They look at some hundred mutants, always the same ones. For a long search, with other mutants each
time, set ``EI_RUNNER_DAMAGE_EXAMPLES`` to the number of mutants for each test::

    EI_RUNNER_DAMAGE_EXAMPLES=20000 pytest tests/damage

A mutant that ends the process, hangs it or lets an exception escape is kept in pytest's cache, in
``.pytest_cache/d/damage``; the message of the failure names the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from damage_child import Child
from kept_files import kept_folder

Judge = Callable[[bytes, Path, str], None]


@pytest.fixture(scope="session")
def judge(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Judge]:
    """Opens a model with a damaged file: an answer or a leaf that blames the model, or it fails.

    It takes the content of the file, its path, and the backend. An ``impulse.json`` opens the
    bundle around it.
    """
    child = Child(tmp_path_factory.mktemp("child") / "log")
    kept = kept_folder(pytestconfig, tmp_path_factory, "damage")

    def judge_mutant(content: bytes, path: Path, backend: str) -> None:
        path.write_bytes(content)
        outcome = child.open(path, backend)
        if not outcome.is_fine:
            copy = kept / f"{backend}-{outcome.kind}-{path.name}"
            copy.write_bytes(content)
            pytest.fail(f"{outcome.kind} (kept in {copy}): {outcome.message}", pytrace=False)

    yield judge_mutant
    child.close()
