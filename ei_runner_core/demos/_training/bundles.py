"""The files of a demo: bundles, samples and the table of scores in the model card."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ei_runner_core.impulse import Impulse, dump_impulse

__all__ = ["clear_samples", "write_bundle", "write_labels", "write_table"]

_SCORES = re.compile(r"(?<=<!-- scores:begin -->\n).*(?=<!-- scores:end -->)", re.DOTALL)


def write_bundle(bundle: Path, impulse: Impulse, networks: Mapping[str, bytes]) -> None:
    """Write the impulse and its networks, which are the same one in several formats."""
    bundle.mkdir(parents=True, exist_ok=True)
    bundle.joinpath("impulse.json").write_text(dump_impulse(impulse), encoding="utf-8")
    for name, content in networks.items():
        bundle.joinpath(name).write_bytes(content)


def clear_samples(folder: Path) -> Path:
    """The folder of the samples, without those of an earlier run."""
    samples = folder / "samples"
    samples.mkdir(exist_ok=True)
    for old in samples.iterdir():
        old.unlink()
    return samples


def write_labels(folder: Path, labels: Mapping[str, Any]) -> None:
    """Write the right answer of each sample, by the name of its file."""
    lines = (f"{json.dumps(name)}: {json.dumps(label)}" for name, label in labels.items())
    text = "{\n  " + ",\n  ".join(lines) + "\n}\n"
    (folder / "labels.json").write_text(text, encoding="utf-8")


def write_table(folder: Path, rows: Iterable[str]) -> str:
    """Put a table between the two marks of the model card.

    Returns:
        The table.
    """
    table = "\n".join(rows)
    card = folder / "MODEL_CARD.md"
    text, count = _SCORES.subn(f"\n{table}\n\n", card.read_text(encoding="utf-8"))
    if count != 1:
        raise SystemExit(f"{card} needs the marks 'scores:begin' and 'scores:end', once each")
    card.write_text(text, encoding="utf-8")
    return table
