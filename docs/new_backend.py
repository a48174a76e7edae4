"""Write the skeleton of a backend plugin: run ``nox -s new-backend -- NAME [FOLDER]``.

The skeleton is the package of the tutorial "Write a backend" under another name: it works and
passes its tests from the first moment, and its engine is there to be replaced.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from ei_runner_core.plugins import FIRST_PARTY_EXTRAS

TUTORIAL = Path(__file__).parent / "tutorials" / "write-a-backend.md"
FILE = re.compile(r"^<!-- file: (ei-dense/\S+) -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def skeleton(name: str) -> Iterator[tuple[Path, str]]:
    """The files of a plugin of that name, each with its path and its content."""
    yield Path(f"ei-{name}", f"ei_{name.replace('-', '_')}", "__init__.py"), ""
    for path, content in FILE.findall(TUTORIAL.read_text(encoding="utf-8")):
        yield Path(_renamed(path, name)), _renamed(content, name)


def write_skeleton(name: str, folder: Path) -> Path:
    """Write the files into ``folder/ei-NAME``, which must not exist; return that folder."""
    if not NAME.fullmatch(name):
        raise SystemExit(
            f"{name!r} is no name for a backend: expected small letters, digits and single "
            "hyphens, such as my-engine"
        )
    if name in FIRST_PARTY_EXTRAS:
        raise SystemExit(f"{name!r} is the name of a backend of ei-runner: choose another one")
    project = folder / f"ei-{name}"
    if project.exists():
        raise SystemExit(f"{project} is there already: choose another name or folder")
    for path, content in skeleton(name):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    return project


def _renamed(text: str, name: str) -> str:
    module, title = name.replace("-", "_"), name.title().replace("-", "")
    text = text.replace("ei-dense", f"ei-{name}").replace("ei_dense", f"ei_{module}")
    text = text.replace("test_dense", f"test_{module}").replace('"dense"', f'"{name}"')
    text = re.sub(r"\b(Test)?Dense(?=Backend|Session|\b)", rf"\1{title}", text)
    return re.sub(r"^dense(?= = )", name, text, flags=re.MULTILINE)


def main() -> None:
    """Write a skeleton and say what to do with it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="the name of the backend, such as my-engine")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), help="where to put it")
    arguments = parser.parse_args()
    project = write_skeleton(arguments.name, arguments.folder)
    sys.stdout.write(
        f"{project}: a backend that works and passes its tests. Replace the engine in backend.py.\n"
        f"install it beside ei-runner with: python -m pip install -e '{project}[test]'\n"
        f"test it with: python -m pytest {project}\n"
    )


if __name__ == "__main__":
    main()
