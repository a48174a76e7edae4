"""A program that uploads a folder, is killed, and goes on: FOLDER JOURNAL. It prints the sum."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ei_runner_core import Sample
from ei_runner_core.ingestion import Client, Retries, upload_all


def main(folder: Path, journal: Path) -> None:
    samples = (Sample(path.name, path=path, label="up") for path in sorted(folder.iterdir()))
    with Client(retries=Retries(base=0.01)) as client:
        report = upload_all(client, samples, journal=journal)
    names = ("uploaded", "duplicates", "skipped", "failed")
    print(json.dumps({name: getattr(report, name) for name in names}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
