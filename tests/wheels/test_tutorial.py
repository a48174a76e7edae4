"""The plugin of the tutorial, typed from the page, passes its tests in a fresh environment."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from built_distributions import ROOT
from empty_environments import make_environment

PAGE = ROOT / "docs" / "tutorials" / "write-a-backend.md"
FILE = re.compile(r"^<!-- file: (\S+) -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LONGEST_BACKEND = 40


def type_from_the_page(folder: Path) -> Path:
    """Write the files that the page shows; the empty one is not shown."""
    for name, content in FILE.findall(PAGE.read_text(encoding="utf-8")):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    (folder / "ei-dense" / "ei_dense" / "__init__.py").touch()
    return folder / "ei-dense"


def test_the_tutorials_plugin_passes_its_tests(dist: Path, index: None, tmp_path: Path) -> None:
    environment = make_environment(Path(sys.executable), tmp_path)
    project = type_from_the_page(environment.work)
    environment.pip("install", "--quiet", "--find-links", dist, "-e", f"{project}[test]")
    environment.pip("check")
    report = environment.program("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", project)
    assert " failed" not in report
    assert int(report.rpartition(" passed")[0].split()[-1]) > 30
    plugins = json.loads(environment.program("ei-runner", "backends", "--json"))
    assert "dense" in json.dumps(plugins)


def test_the_tutorials_backend_is_of_about_forty_lines(tmp_path: Path) -> None:
    code = (type_from_the_page(tmp_path) / "ei_dense" / "backend.py").read_text(encoding="utf-8")
    lines = [line for line in code.splitlines() if line.strip()]
    assert len(lines) <= LONGEST_BACKEND
