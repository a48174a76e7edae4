"""The golden vectors under tests/golden as test cases."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

GOLDEN = Path(os.environ.get("EI_RUNNER_GOLDEN") or Path(__file__).parents[1] / "golden")


@dataclass(frozen=True)
class GoldenCase:
    """One file: its JSON members by name, and its arrays."""

    name: str
    texts: dict[str, Any]
    arrays: dict[str, npt.NDArray[Any]]

    @property
    def config(self) -> dict[str, Any]:
        return self.texts["config"]

    @property
    def expected(self) -> dict[str, Any]:
        return self.texts["expected"]

    @property
    def tensors(self) -> dict[int, npt.NDArray[Any]]:
        """The raw output tensors by block id."""
        outputs = {k: v for k, v in self.arrays.items() if k.startswith("out_")}
        return {int(name.removeprefix("out_")): array for name, array in outputs.items()}


def load_case(path: Path) -> GoldenCase:
    with np.load(path, allow_pickle=False) as file:
        members = {name: file[name] for name in file.files}
    texts = {name: json.loads(str(m)) for name, m in members.items() if m.dtype.kind == "U"}
    arrays = {name: m for name, m in members.items() if name not in texts}
    return GoldenCase(path.relative_to(GOLDEN).as_posix(), texts, arrays)


def golden(family: str) -> pytest.MarkDecorator:
    """Parametrise ``case`` with all cases of a family such as ``"dsp/flatten"``."""
    cases = [load_case(path) for path in sorted((GOLDEN / family).glob("*.npz"))]
    assert cases, f"there are no golden vectors of {family}"
    return pytest.mark.parametrize("case", [pytest.param(c, id=Path(c.name).stem) for c in cases])
