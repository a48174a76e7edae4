"""Write anew what the repository keeps of the code's own output: run ``nox -s generate``.

* ``docs/reference/impulse.schema.json``: the JSON Schema of ``impulse.json``,
* ``docs/reference/engines.md``: the table of engines,
* ``docs/images/demo.svg``: what ``ei-runner demo`` prints, as a picture.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from engines import PAGE, with_table
from rich.console import Console
from rich.text import Text

from ei_runner_core.impulse import json_schema

DOCS = Path(__file__).parent
COLUMNS = 88  # five samples in a row
RUN = "import sys; from ei_runner_core.cli import main; sys.exit(main())"


def write_schema() -> None:
    """Write the schema as the code builds it; a test compares the two."""
    text = json.dumps(json_schema(), indent=2) + "\n"
    (DOCS / "reference" / "impulse.schema.json").write_text(text, encoding="utf-8")


def write_engines() -> None:
    """Write the table of engines into its page; a test compares the two."""
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def write_picture() -> None:
    """Draw the real output of a real run, coloured as in a terminal."""
    printed = Text.from_ansi(f"$ ei-runner demo\n{_run('demo')}".rstrip())
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print(printed)
    picture = console.export_svg(title="ei-runner")
    fonts = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)  # they would load from elsewhere
    (DOCS / "images" / "demo.svg").write_text(fonts.sub("", picture), encoding="utf-8")


def _run(*arguments: str) -> str:
    terminal = {"COLUMNS": str(COLUMNS), "FORCE_COLOR": "1", "PYTHONUTF8": "1"}
    colours = {"COLORTERM": "truecolor", "TERM": "xterm-256color"}
    environment = {**os.environ, **terminal, **colours}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-c", RUN, *arguments]
    run = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)  # noqa: S603
    return run.stdout.decode()


if __name__ == "__main__":
    write_schema()
    write_engines()
    write_picture()
